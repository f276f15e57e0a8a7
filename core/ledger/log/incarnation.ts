/**
 * Incarnations: a log never shrinks, so a ledger restored after a loss goes on as another log, with an origin of its own. The
 * ledger, its chains and its root key stay what they were. docs/adr/0010-log-incarnations.md
 */
import { defined } from '../../values/index.ts';
import type { EntryDraft } from '../entries/entry.ts';
import type { Checkpoint } from '../notes/checkpoint.ts';
import type { RootSigner } from '../entries/ports.ts';
import { SYSTEM_ACTOR } from '../append/session-key.ts';

/** Chain of what happens to the log itself. */
export const LOG_CHAIN = 'system/log';

/**
 * Identity of the log. @param incarnations sizes at which it was begun anew; none: the log is named like the ledger
 */
export function logOrigin(origin: string, incarnations: readonly number[]): string {
  return incarnations.length === 0 ? origin : `${origin}/${incarnations.length + 1}`;
}

/** The root key under the name of a log: same key pair, but what it signs for one log counts for no other. */
export function logSigner(root: RootSigner, incarnations: readonly number[]): RootSigner {
  return {
    name: logOrigin(root.name, incarnations),
    // Asked each time: the root key may be rotated while the log is being published.
    get publicKey() {
      return root.publicKey;
    },
    sign: (text) => root.sign(text),
  };
}

/** The first entry of a new incarnation: what is known to have been there, and what is left of it. */
export function incarnationDraft(known: {
  readonly incarnation: number;
  /** entries that were kept */
  readonly kept: number;
  /** largest checkpoint ever seen of the log that ends here */
  readonly before: Pick<Checkpoint, 'origin' | 'size' | 'root'>;
  /** hex SHA-256 of that checkpoint's note, where it is at hand */
  readonly noteHash?: string;
}): EntryDraft {
  const { incarnation, kept, before, noteHash } = known;
  return {
    type: 'log.incarnated',
    actor: SYSTEM_ACTOR,
    idem: `incarnation-${incarnation}`,
    rootSigned: true,
    data: {
      incarnation,
      kept,
      lost: Math.max(0, before.size - kept),
      before: {
        origin: before.origin,
        size: before.size,
        root: Buffer.from(before.root).toString('base64'),
        ...defined({ noteHash }),
      },
    },
  };
}
