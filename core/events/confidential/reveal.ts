/**
 * Revealing what confidential fields hold, to whom the configuration gives the right. Journaled before it is answered: who
 * saw what is as much a part of the entity's history as the event itself.
 */
import { parseEntry, type Appender, type EntryStore, type Ids } from '../../ledger/index.ts';
import { actorOf, type Policy, type Principal } from '../../policy/index.ts';
import { must } from '../../errors/index.ts';
import { EventError } from '../catalog/errors.ts';
import type { OpenedField, Vault } from './vault.ts';

export interface Revealed {
  readonly entityId: string;
  readonly seq: number;
  /** the chain's entry that journals this */
  readonly journaledAt: number;
  readonly fields: readonly ({ readonly path: string } & OpenedField)[];
}

/** @throws PolicyError FORBIDDEN; EventError EVENT_NOT_FOUND: no such entry, or nothing confidential in it; FIELD_DAMAGED */
export type Reveal = (principal: Principal, entityId: string, seq: number) => Promise<Revealed>;

export interface RevealDependencies {
  readonly appender: Appender;
  readonly entries: Pick<EntryStore, 'read'>;
  readonly policy: Policy;
  readonly ids: Ids;
  readonly vault: Vault | undefined;
}

export function createReveal({ appender, entries, policy, ids, vault }: RevealDependencies): Reveal {
  return async (principal, entityId, seq) => {
    policy.require(principal, 'reveals', entityId);
    const [entry] = await entries.read(entityId, seq, 1);
    const parsed = entry?.seq === seq ? parseEntry(entry.note) : undefined;
    const commits = parsed?.kind === 'entry' ? (parsed.body.commits ?? []) : [];
    if (commits.length === 0 || vault === undefined)
      throw new EventError({
        code: 'EVENT_NOT_FOUND',
        message: `"${entityId.slice(0, 128)}" has no entry #${seq} with confidential fields`,
      });
    const draft = {
      type: 'revealed',
      actor: actorOf(principal),
      idem: ids.next(),
      data: { seq, fields: commits.map(({ path }) => path) },
    };
    const journaled = await appender.append({ entries: [{ chain: entityId, draft }] });
    if (journaled.kind !== 'appended') throw new Error('an entry without key and items cannot be refused');
    const fields = await Promise.all(
      commits.map(async (commit) => ({ path: commit.path, ...(await vault.open(entityId, seq, commit)) })),
    );
    return { entityId, seq, journaledAt: must(journaled.entries[0]?.seq, 'the entry of the reveal'), fields };
  };
}
