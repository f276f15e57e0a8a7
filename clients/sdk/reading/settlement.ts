/**
 * Settles messages in as few requests as the service's pace allows: while one request is on its way, the receipts of the
 * next gather. A settlement that fails for good is dropped, because its message comes again when its lease ends.
 */
import type { Settlement } from '../../../api/index.ts';
import type { Transport } from '../connection/transport.ts';

/** Receipts per request, the service's own limit. */
const MAX_RECEIPTS = 1_000;

export interface Settler {
  ack(receipt: string): void;
  nack(receipt: string, reason: string): void;
  /** Resolves when everything handed in so far has been sent. */
  flush(): Promise<void>;
}

export function createSettler(transport: Transport, subscription: string): Settler {
  const path = `/v1/subscriptions/${encodeURIComponent(subscription)}`;
  const acks: string[] = [];
  let sending: Promise<void> | undefined;
  const nacks = new Set<Promise<unknown>>();
  const post = (verb: string, body: object): Promise<unknown> =>
    transport<Settlement>({ method: 'POST', path: `${path}/${verb}`, body, idempotent: true }).catch(() => undefined);
  const sendAcks = async (): Promise<void> => {
    await Promise.resolve(); // handlers that finish in the same turn share a request
    while (acks.length > 0) {
      const receipts = acks.splice(0, MAX_RECEIPTS);
      await post('ack', { receipts });
    }
    sending = undefined;
  };
  return {
    ack: (receipt) => {
      acks.push(receipt);
      sending ??= sendAcks();
    },
    nack: (receipt, reason) => {
      const sent = post('nack', { receipts: [receipt], reason }).finally(() => nacks.delete(sent));
      nacks.add(sent);
    },
    flush: async () => {
      await Promise.all([sending, ...nacks]);
    },
  };
}
