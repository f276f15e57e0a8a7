/** Events in entries as they are stored, made without signing: for logs too long to be published one by one. Their signatures are right for nobody. */
import type { ChainHash, LeafHash } from '../../core/brands/index.ts';
import { leafHash } from '../../core/canonical/index.ts';
import type { EntryToStore } from '../../core/ledger/index.ts';

export interface CraftedEvent {
  readonly eventId: string;
  readonly topic: string;
  readonly entityId: string;
  readonly seq: number;
}

const SIGNATURE = Buffer.alloc(68, 1).toString('base64');

export function craftedEntry({ eventId, topic, entityId, seq }: CraftedEvent): EntryToStore {
  const body = {
    actor: { id: 'ann', kind: 'module' },
    at: '2026-11-22T04:00:00.000Z',
    data: { payload: { amount: '12.50', kind: 'credit' }, source: 'ann', topic, version: 1 },
    entity: entityId,
    ...{ idem: eventId, ledger: 'main', prev: '0'.repeat(64), seq, type: 'event', v: 1 },
  };
  const note = Buffer.from(
    `nervous-system.entry.v1\n${JSON.stringify(body)}\n\n— keys/0123456789abcdef ${SIGNATURE}\n`,
  );
  const hash: ChainHash | LeafHash = leafHash(note);
  return { chain: entityId, seq, idemKey: undefined, note, hash: hash };
}

/** `count` events on `entities` entities, the last of which has one in `everyNth` only, as has the topic `rare.seen`. */
export function* craftedLog(
  count: number,
  { entities, everyNth }: { readonly entities: number; readonly everyNth: number },
): Generator<CraftedEvent> {
  const seqs = new Map<string, number>();
  for (let i = 0; i < count; i++) {
    const isRare = i % everyNth === everyNth - 1;
    const entityId = isRare ? 'account:rare' : `account:${i % entities}`;
    const seq = seqs.get(entityId) ?? 0;
    seqs.set(entityId, seq + 1);
    yield { eventId: `e-${i}`, topic: isRare ? 'rare.seen' : `common.t${i % 20}`, entityId, seq };
  }
}
