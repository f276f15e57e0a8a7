/** Appends without pause, 32 publishers over 5 entities, and says on stdout what was acknowledged. Made to be killed. */
import { writeSync } from 'node:fs';
import { openForWriting } from '../../../../adapters/embedded/store/sqlite-schema.ts';
import { ThreadedStore } from '../../../../adapters/embedded/store/threaded-store.ts';
import { systemClock, systemIds } from '../../../../adapters/embedded/machine/system-clock.ts';
import { WorkerSealer } from '../../../../adapters/embedded/keys/worker-sealer.ts';
import { IDENTITY } from '../../../contract/stores.ts';
import { appenderOn, note } from '../../../core/ledger/ledger-fixture.ts';

const [folder = '', round = ''] = process.argv.slice(2);
const store = new ThreadedStore(openForWriting(folder, IDENTITY), { dataDir: folder });
const appender = appenderOn(store, { sealer: new WorkerSealer(IDENTITY.origin), clock: systemClock, ids: systemIds });

async function publish(publisher: number): Promise<void> {
  for (let i = 0; ; i++) {
    const result = await appender.append({
      entries: [note(`account:${(publisher + i) % 5}`, `${round}-${publisher}-${i}`)],
    });
    if (result.kind !== 'appended') throw new Error(result.kind);
    for (const { position, hash, draft } of result.entries) writeSync(1, `${draft.idem} ${position} ${hash}\n`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
setInterval(() => undefined, 1_000); // keeps the process alive while it waits for the signing thread
await Promise.all(Array.from({ length: 32 }, (_, i) => publish(i)));
