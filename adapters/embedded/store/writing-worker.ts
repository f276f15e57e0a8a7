/**
 * The thread that writes: a connection of its own, on which each job is a transaction. What is asked of a group is looked up in the
 * open transaction; the answer leaves when it is durable.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { Finding } from '../../../core/ledger/index.ts';
import { openBesideWriter } from './sqlite-schema.ts';
import { SqliteStore } from './sqlite-store.ts';
import { packOutcomes, plainError, unpackGroups } from './write-messages.ts';
import type { WriteMessage, WriteReply, WriteResult, WriteWork } from './write-messages.ts';

let findings: Finding[] = [];
const store = new SqliteStore(openBesideWriter((workerData as { readonly dataDir: string }).dataDir), {
  isShared: true,
  onTamper: (finding) => void findings.push(finding),
});

parentPort?.on('message', ({ job, end, work }: WriteMessage) => {
  store.advanceTo(end);
  void done(work).then((result) => {
    parentPort?.postMessage({ job, end: store.end, findings, result } satisfies WriteReply);
    findings = [];
    if (work.kind === 'close') parentPort?.close();
  });
});

async function done(work: WriteWork): Promise<WriteResult> {
  try {
    switch (work.kind) {
      case 'commit':
        return { kind: 'commit', outcomes: packOutcomes(await store.commit(unpackGroups(work.groups))) };
      case 'write': {
        const written = await store.write(work.writes);
        return { kind: 'write', failed: written.kind === 'precondition' ? written.failed : undefined };
      }
      case 'close':
        store.close();
        return { kind: 'close' };
    }
  } catch (error) {
    return { kind: 'error', error: plainError(error) };
  }
}
