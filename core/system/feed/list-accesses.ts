/** Lists the access journal out of the log, oldest first, for auditors. It reads what entries say; whether they are genuine, verification says. */
import { toHex } from '../../canonical/index.ts';
import {
  ACCESS_RECORDED,
  isAccessChain,
  parseEntry,
  type Clock,
  type EntryStore,
  type LoggedEntry,
} from '../../ledger/index.ts';
import { PolicyError, type Policy } from '../../policy/index.ts';
import { timeOfMoment } from '../../values/index.ts';
import type { AccessFilter, Accesses, AccessView } from '../contract/accesses.ts';
import { formatCursor, parseCursor } from './feed-cursor.ts';
import { endBefore, firstAtOrAfter } from './log-times.ts';

/** Entries looked at for one page, and at a time. */
const MAX_SCAN = 4_096;
const PAGE = 256;
const MARK = Buffer.from(`"type":"${ACCESS_RECORDED}"`);

export interface AccessesDependencies {
  readonly entries: Pick<EntryStore, 'readLog' | 'size'>;
  readonly policy: Pick<Policy, 'isAuditor'>;
  readonly clock: Pick<Clock, 'now'>;
  /** sizes at which the log was begun anew after a loss */
  readonly incarnations?: readonly number[];
}

export function createAccesses({ entries, policy, clock, incarnations = [] }: AccessesDependencies): Accesses {
  const now = clock.now.bind(clock);
  const startOf = async ({ after, since }: AccessFilter): Promise<number> => {
    if (after !== undefined) return parseCursor(after, await entries.size(), incarnations);
    return since === undefined ? 0 : firstAtOrAfter(entries, timeOfMoment(since, now()));
  };
  return async (principal, filter) => {
    if (!policy.isAuditor(principal)) {
      const message = `"${principal.id}" is not an auditor: who read what is seen by auditors`;
      throw new PolicyError({ code: 'FORBIDDEN', message });
    }
    const { limit, until } = filter;
    const end = until === undefined ? await entries.size() : await endBefore(entries, timeOfMoment(until, now()));
    const accesses: AccessView[] = [];
    const start = await startOf(filter);
    let next = start;
    while (next < end && next - start < MAX_SCAN && accesses.length < limit) {
      const page = await entries.readLog(next, Math.min(PAGE, end - next));
      if (page.length === 0) break;
      for (const entry of page) {
        next = entry.position + 1;
        const access = accessIn(entry);
        if (access !== undefined && isWanted(access, filter)) accesses.push(access);
        if (accesses.length === limit) break;
      }
    }
    return { accesses, cursor: formatCursor(next, incarnations), isLast: next >= end };
  };
}

/** undefined: another entry, or one that cannot be read */
function accessIn({ chain, seq, position, note, hash }: LoggedEntry): AccessView | undefined {
  if (!isAccessChain(chain) || !Buffer.from(note.buffer, note.byteOffset, note.byteLength).includes(MARK))
    return undefined;
  const parsed = parseEntry(note);
  if (parsed.kind !== 'entry' || parsed.body.type !== ACCESS_RECORDED) return undefined;
  const { at, actor, data } = parsed.body;
  // The form is the writer's; what a stolen key signed is for verification to name, so it is shown as it is.
  return { at, actor, ...data, ledger: { entity: chain, seq, position, hash: toHex(hash) } } as unknown as AccessView;
}

function isWanted(access: AccessView, { person, entity, refused }: AccessFilter): boolean {
  const { actor, entities = [], more } = access;
  if (refused !== undefined && refused !== (access.outcome === 'refused')) return false;
  if (person !== undefined && actor.id !== person && access.person !== person) return false;
  // An entry that could not name all of them may be about any of the others.
  return entity === undefined || more === true || entities.includes(entity);
}
