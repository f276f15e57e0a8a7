/**
 * Signing entries one by one and in trees, side by side in one process: sealed and verified a second on one thread, and bytes of a
 * note. Sealing is text, signature and hash; verifying is what a full verification does with an entry.
 */
import { randomBytes } from 'node:crypto';
import {
  createSessionKey,
  genesisHash,
  isSignedBy,
  noteVerifier,
  parseEntry,
  prepareEntry,
  sealInTrees,
  sealRun,
  SignedTrees,
  type RunToSeal,
  type SealedEntry,
} from '../../core/ledger/index.ts';
import { isoOf } from '../../core/brands/index.ts';
import { systemClock, systemIds } from '../../adapters/embedded/machine/system-clock.ts';
import { round } from '../support/measure.ts';

const ORIGIN = 'nervous.example/dev/main';
const ENTRIES = 8_000;
const TREES = [2, 4, 8, 16];

const key = createSessionKey(systemIds.keyPair(), systemClock.now());
const verifier = noteVerifier(key.name, key.publicKey);

export function benchBatchSignatures(scale: number): Record<string, number> {
  const figures: Record<string, number> = {};
  const measured = (name: string, chains: number, seal: (runs: readonly RunToSeal[]) => SealedEntry[][]): void => {
    const groups = Array.from({ length: Math.ceil((ENTRIES * scale) / chains) }, (_, i) => group(chains, i));
    groups.slice(0, 50).forEach(seal); // warm up
    const sealed: SealedEntry[][][] = [];
    figures[`${name}SealedPerSecond`] = perSecond(groups.length * chains, () => sealed.push(...groups.map(seal)));
    const notes = sealed.flat(2).map(({ note }) => note);
    figures[`${name}VerifiedPerSecond`] = perSecond(notes.length, () => assertSigned(notes));
    figures[`${name}NoteBytes`] = Math.round(notes.reduce((sum, { length }) => sum + length, 0) / notes.length);
  };
  measured('plain', 16, (runs) => runs.map((run) => sealRun(run, run.run, key)));
  for (const size of TREES)
    measured(`tree${size}`, size, (runs) => sealInTrees(runs, key, { origin: ORIGIN, random: randomBytes }));
  return figures;
}

function group(chains: number, i: number): RunToSeal[] {
  const payload = { amount: '1234.50', kind: 'credit', operation: 'VKLAD', date: '1993-01-01', balance: '5678.00' };
  return Array.from({ length: chains }, (_, chain) => ({
    ...{ prev: genesisHash(ORIGIN, `account:${chain}`), seq: i },
    run: [
      prepareEntry(
        { ledger: 'main', entity: `account:${chain}`, at: isoOf(systemClock.now()) },
        {
          type: 'event',
          actor: { kind: 'module', id: 'bank-feed' },
          idem: `bench-${i}-${chain}`,
          data: { topic: 'transactions.new', version: 1, source: 'bank-feed', payload },
        },
      ),
    ],
  }));
}

function assertSigned(notes: readonly Uint8Array[]): void {
  const trees = new SignedTrees(ORIGIN);
  for (const note of notes) {
    const parsed = parseEntry(note);
    if (parsed.kind === 'unreadable') throw new Error(parsed.reason);
    if (!isSignedBy(parsed.note, verifier) && !trees.isSignedBy(parsed.note, verifier))
      throw new Error('an honest signature was found wrong');
  }
}

function perSecond(entries: number, work: () => unknown): number {
  const start = performance.now();
  work();
  return round((entries * 1_000) / (performance.now() - start));
}
