/**
 * Quarantine: what arrived and could not be taken, whole, with the reason. Nothing leaves it by itself; it is never put
 * back on the bus it came from.
 */
import * as z from 'zod';
import { isoOf, type IsoInstant } from '../../brands/index.ts';
import { canonicalize, taggedHash, type JsonValue } from '../../canonical/index.ts';
import type { Clock, ItemStore } from '../../ledger/index.ts';
import { codecOf, instant, json, stored } from '../../values/index.ts';

const ID_TAG = 'nervous-system.quarantine.v1';

export interface Quarantined {
  /** made from its content, so the same event is kept once */
  readonly id: string;
  readonly reason: string;
  /** ISO 8601 UTC */
  readonly arrivedAt: IsoInstant;
  /** as it arrived: JSON, or the text that is no JSON */
  readonly event: JsonValue;
}

export const quarantinedCodec = codecOf<Quarantined>(
  'quarantined event',
  stored<Quarantined>({ id: z.string(), reason: z.string(), arrivedAt: instant, event: json }),
);

export interface Quarantine {
  /** Durable on return. */
  keep(event: unknown, reason: string): Promise<{ status: 'quarantined'; id: string; reason: string }>;
  /** By id, ascending. */
  list(options: { readonly after?: string; readonly limit: number }): Promise<readonly Quarantined[]>;
}

export function createQuarantine(deps: { ledger: string; items: ItemStore; clock: Clock }): Quarantine {
  const pk = `${deps.ledger}#quarantine`;
  return {
    keep: async (event, reason) => {
      const kept = keepable(event);
      const id = taggedHash(ID_TAG, typeof kept === 'string' ? kept : canonicalize(kept));
      const value = quarantinedCodec.encode({ id, reason, arrivedAt: isoOf(deps.clock.now()), event: kept });
      await deps.items.write([{ kind: 'put', key: { pk, sk: id }, value, expect: 'absent' }]); // taken: kept before
      return { status: 'quarantined', id, reason };
    },
    list: async (options) => (await deps.items.list(pk, options)).map((item) => quarantinedCodec.decode(item)),
  };
}

/** What canonical JSON cannot hold (lone surrogates, depth) is kept as text. */
function keepable(event: unknown): JsonValue {
  try {
    canonicalize(event);
    return event as JsonValue;
  } catch {
    return event === undefined ? '' : JSON.stringify(event);
  }
}
