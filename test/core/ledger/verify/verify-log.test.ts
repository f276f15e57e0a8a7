/** A log cut anywhere and verified in parts gives the verdict of the whole. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  CountingIds,
  ImpatientClock,
  localSealer,
  memoryRootSigner,
  MemoryStore,
} from '../../../../adapters/memory/index.ts';
import {
  createAppender,
  EntryVerifier,
  joinSegments,
  verifySegment,
  type Finding,
  type LogPair,
} from '../../../../core/ledger/index.ts';

const origin = 'ledger.test/main';
const CHAINS = ['account:1', 'account:2', 'account:3'];

async function honestLog(order: readonly number[]): Promise<{ pairs: LogPair[]; verifier: () => EntryVerifier }> {
  const store = new MemoryStore();
  const root = memoryRootSigner(origin);
  const appender = createAppender({
    ...{ ledger: 'main', origin, store, sealer: localSealer, rootSigner: root },
    ...{ clock: new ImpatientClock(), ids: new CountingIds() },
  });
  for (const [i, chain] of order.entries()) {
    const draft = { type: 'event', actor: { kind: 'module' as const, id: 'm' }, idem: `e${i}`, data: { i } };
    await appender.append({ entries: [{ chain: CHAINS[chain] ?? '', draft }] });
  }
  const certificate = async (name: string) => store.log.find(({ chain, seq }) => chain === name && seq === 0);
  const pairs = store.log.map((entry) => ({ position: entry.position, place: entry, entry }));
  return {
    pairs,
    verifier: () => new EntryVerifier({ ledger: 'main', root, signatures: true, rootSigned: () => false, certificate }),
  };
}

/** Verifies the log cut at these positions. */
async function verifyCut(
  pairs: readonly LogPair[],
  cuts: readonly number[],
  verifier: () => EntryVerifier,
): Promise<Finding | undefined> {
  const bounds = [0, ...cuts.map((cut) => cut % (pairs.length + 1)).sort((a, b) => a - b), pairs.length];
  const segments = [];
  for (let i = 1; i < bounds.length; i++) {
    const part = pairs.slice(bounds[i - 1], bounds[i]);
    segments.push(
      await verifySegment(
        (async function* () {
          yield part;
        })(),
        verifier(),
      ),
    );
  }
  return joinSegments(origin, segments).finding;
}

const histories = fc.array(fc.nat({ max: CHAINS.length - 1 }), { minLength: 2, maxLength: 25 });
const cuts = fc.array(fc.nat(), { maxLength: 4 });

it('finds an honest log sound, wherever it is cut', async () => {
  await fc.assert(
    fc.asyncProperty(histories, cuts, async (order, at) => {
      const { pairs, verifier } = await honestLog(order);
      expect(await verifyCut(pairs, at, verifier)).toBeUndefined();
    }),
    { numRuns: 60 },
  );
});

it('names the entry that is gone, wherever the log is cut', async () => {
  await fc.assert(
    fc.asyncProperty(histories, cuts, fc.nat(), async (order, at, which) => {
      const { pairs, verifier } = await honestLog(order);
      const lost = 1 + (which % (pairs.length - 1)); // not the key's certificate, without which nothing can be checked
      const place = pairs[lost]?.place;
      const gone = pairs.map((pair, i) => (i === lost ? { ...pair, entry: undefined } : pair));
      expect(await verifyCut(gone, at, verifier)).toMatchObject({
        verdict: 'MISSING_ENTRY',
        entity: place?.chain,
        seq: place?.seq,
      });
    }),
    { numRuns: 60 },
  );
});

it('finds the gap when two entries stand in each other’s place and the record was made to fit', async () => {
  const { pairs, verifier } = await honestLog([0, 0, 0]);
  const [certificate, first, second, third] = pairs;
  const swapped = [certificate, first, third, second].map((pair, position) => ({
    position,
    place: pair?.place === undefined ? undefined : { ...pair.place, position },
    entry: pair?.entry === undefined ? undefined : { ...pair.entry, position },
  }));
  for (const cut of [[], [2], [3]]) {
    expect(await verifyCut(swapped, cut, verifier)).toMatchObject({
      verdict: 'MISSING_ENTRY',
      entity: 'account:1',
      seq: 1,
    });
  }
});
