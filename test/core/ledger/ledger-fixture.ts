/** An appender over a store a test controls, and a hand-written check of what it left behind. */
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { CountingIds, ImpatientClock, memoryRootSigner } from '../../../adapters/memory/index.ts';
import {
  createAppender,
  sealInTrees,
  type Appender,
  type AppenderOptions,
  type AppendRequest,
  type EntryStore,
  type Sealer,
  type StoredEntry,
} from '../../../core/ledger/index.ts';

export const ORIGIN = 'ledger.test/main';
export const ROOT = memoryRootSigner(ORIGIN);

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const salts = new CountingIds();
/** As the embedded engine signs: what is committed together, in trees. */
export const treeSealer: Sealer = {
  seal: async (runs, signer) => sealInTrees(runs, signer, { origin: ORIGIN, random: (bytes) => salts.bytes(bytes) }),
};
/** Signing on another thread takes its time; what is committed meanwhile may fail. */
export const slowSealer: Sealer = {
  seal: async (runs, signer) => turn().then(() => treeSealer.seal(runs, signer, true)),
};

export function appenderOn(store: EntryStore, overrides: Partial<AppenderOptions> = {}): Appender {
  return createAppender({
    ledger: 'main',
    origin: ORIGIN,
    store,
    sealer: treeSealer,
    rootSigner: ROOT,
    clock: new ImpatientClock(),
    ids: new CountingIds(),
    ...overrides,
  });
}

export function note(chain: string, idem: string): AppendRequest['entries'][number] {
  const data = { topic: 'notes.new', version: 1, source: 'test', payload: { text: idem } };
  return { chain, idemKey: idem, draft: { type: 'event', actor: { kind: 'module', id: 'test' }, idem, data } };
}

/** Every entry of the log after checking, from the stored bytes alone, that positions and chains have no gap and no fork. */
export async function soundLog(store: EntryStore): Promise<readonly (StoredEntry & { readonly idem: string })[]> {
  const log = await store.readLog(0, 1_000_000);
  expect(log.map(({ position }) => position)).toEqual(log.map((_, i) => i));
  expect(await store.size()).toBe(log.length);
  const heads = new Map<string, { seq: number; hash: string }>();
  return log.map((entry) => {
    const text = Buffer.from(entry.note).toString('utf8');
    const body = JSON.parse(text.split('\n')[1] ?? '') as Record<string, unknown>;
    const genesis = createHash('sha256').update(`nervous-system.genesis.v1\n${ORIGIN}\n${entry.chain}\n`).digest('hex');
    const head = heads.get(entry.chain) ?? { seq: -1, hash: genesis };
    const hash = createHash('sha256').update(Buffer.of(0)).update(entry.note).digest('hex');
    expect([entry.chain, entry.seq, Buffer.from(entry.hash).toString('hex')]).toEqual([
      body['entity'],
      head.seq + 1,
      hash,
    ]);
    expect([body['seq'], body['prev']]).toEqual([head.seq + 1, head.hash]);
    heads.set(entry.chain, { seq: entry.seq, hash });
    return { ...entry, idem: String(body['idem']) };
  });
}

/** Ids of the recorded entries without session key certificates, in log order. */
export async function recordedIds(store: EntryStore): Promise<string[]> {
  return (await soundLog(store)).filter(({ chain }) => !chain.startsWith('keys/')).map(({ idem }) => idem);
}
