/** V1–V3: whoever has a session key and the root key can sign what nobody is entitled to, but not without its being named. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LeafHash } from '../../core/brands/index.ts';
import { createSequencer } from '../../adapters/aws/dynamo/sequencer.ts';
import { verifyTable } from '../../adapters/aws/verify/verify-table.ts';
import { exportDataDir, verifyDataDir, verifyExport } from '../../adapters/embedded/index.ts';
import { openRootKey } from '../../adapters/embedded/keys/root-key.ts';
import { openForWriting } from '../../adapters/embedded/store/sqlite-schema.ts';
import { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import { memoryRootSigner, MemoryStore } from '../../adapters/memory/index.ts';
import { formatVerifierKey, type VerificationReport } from '../../core/ledger/index.ts';
import { fakeStore } from '../adapters/aws/fake-store.ts';
import { replayed } from '../support/replayed.ts';
import { FORGERIES } from './forgeries.ts';
import { AuthorityFixture, honestHistory, LEDGER, ORIGIN, type Ledger, type Place } from './fixture.ts';
import { checked } from '../support/checked.ts';

const dirs: string[] = [];
const newDir = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'nervous-authority-'));
  dirs.push(dir);
  return dir;
};
afterAll(() => dirs.forEach((dir) => rmSync(dir, { recursive: true, force: true })));

const NAMED = FORGERIES.map((one) => ({ id: 'V3', ...one }));

const named = (place: Place | undefined): object => ({
  verdict: 'UNAUTHORIZED_DECISION',
  firstBad: { verdict: 'UNAUTHORIZED_DECISION', entity: place?.entity, seq: place?.seq },
});

/** Opens the folder's store with its root key, as the engine or a thief does, and closes it. */
async function onFolder<T>(dir: string, work: (ledger: Ledger) => Promise<T>): Promise<T> {
  const store = new SqliteStore(openForWriting(dir, { ledger: LEDGER, origin: ORIGIN }));
  try {
    return await work({ store, rootSigner: openRootKey(dir, ORIGIN) });
  } finally {
    store.close();
  }
}

async function exported(dir: string): Promise<VerificationReport> {
  const out = join(newDir(), 'export');
  await exportDataDir({ dataDir: dir, out });
  return verifyExport(out, { verifierKeys: [formatVerifierKey(ORIGIN, openRootKey(dir, ORIGIN).publicKey)] });
}

describe('in a data folder and its export', () => {
  const honest = newDir();
  let end = 0;
  beforeAll(async () => {
    end = await onFolder(honest, async (ledger) => (await honestHistory(ledger)).clock.now());
  });

  it('V3: what people were entitled to is OK', async () => {
    for (const mode of ['full', 'state'] as const)
      expect(await verifyDataDir(honest, { scope: { mode } })).toMatchObject({ verdict: 'OK' });
    const dir = newDir();
    cpSync(honest, dir, { recursive: true });
    expect(await exported(dir)).toMatchObject({ verdict: 'OK' });
  });

  it.each(NAMED)('$id: names $name', async ({ forge }) => {
    const dir = newDir();
    cpSync(honest, dir, { recursive: true });
    const place = await onFolder(dir, async (ledger) => forge(new AuthorityFixture(ledger, end)));
    for (const mode of ['full', 'state'] as const)
      expect(await verifyDataDir(dir, { scope: { mode } })).toMatchObject(named(place));
    expect(await exported(dir)).toMatchObject(named(place));
  });
});

describe('in the tables of AWS', () => {
  async function fixture(): Promise<{ fixture: AuthorityFixture; verify: () => Promise<VerificationReport> }> {
    const { store } = fakeStore();
    const root = memoryRootSigner(ORIGIN);
    const made = await honestHistory({ store, rootSigner: root });
    const verify = async (): Promise<VerificationReport> => {
      await createSequencer({ store }).catchUp();
      return verifyTable({ store, ledger: LEDGER, origin: ORIGIN, root, clock: made.clock });
    };
    return { fixture: made, verify };
  }

  it('V3: what people were entitled to is OK', async () => {
    const { verify } = await fixture();
    expect(await verify()).toMatchObject({ verdict: 'OK' });
  });

  it.each(NAMED)('$id: names $name', async ({ forge }) => {
    const { fixture: made, verify } = await fixture();
    const place = await forge(made);
    expect(await verify()).toMatchObject(named(place));
  });
});

describe('whatever the store', () => {
  /** The store's log behind as many rows that say nothing, of which somebody deleted one. */
  function withGap(store: MemoryStore): Pick<MemoryStore, 'read' | 'readLog' | 'size'> {
    const [before, gone] = [300, 5];
    return {
      read: (...place) => store.read(...place),
      size: async () => (await store.size()) + before,
      readLog: async (from, limit) => {
        const real = await store.readLog(0, await store.size());
        const nothing = {
          ...real[0],
          chain: 'account:0',
          seq: 0,
          note: Buffer.from('x'),
          hash: checked<LeafHash>(new Uint8Array(32)),
        };
        const rows = Array.from({ length: before }, (_, position) => ({ ...nothing, position }));
        const all = [...rows, ...real.map((one) => ({ ...one, position: one.position + before }))];
        return all.filter(({ position }) => position >= from && position !== gone).slice(0, limit);
      },
    };
  }

  it('V3: names it, too, where a row before it was deleted and entries are taken as they are', async () => {
    for (const { name, forge } of NAMED) {
      const store = new MemoryStore();
      const place = await forge(await honestHistory({ store, rootSigner: memoryRootSigner(ORIGIN) }));
      const { finding } = await replayed(withGap(store));
      expect(finding, name).toMatchObject({ verdict: 'UNAUTHORIZED_DECISION', entity: place?.entity, seq: place?.seq });
    }
  });

  it('V3: the order of commits is believed of a store with one writer, and of no other', async () => {
    const store = new MemoryStore();
    await honestHistory({ store, rootSigner: memoryRootSigner(ORIGIN) });
    for (const isCommitOrder of [true, false])
      expect((await replayed(store, { isCommitOrder })).finding).toBeUndefined();
  });
});
