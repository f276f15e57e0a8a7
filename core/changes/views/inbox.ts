/**
 * Whom a change-set awaits, found without reading those that await others: a role's change-sets stand in groups that have the
 * same people out of it, so a group is passed over with one read. An empty inbox costs a read for each role and such group.
 */
import type { ItemStore } from '../../ledger/index.ts';
import { orBlank } from '../../values/index.ts';
import { awaitsCodec, inboxPlace } from '../store/change-index.ts';
import type { Mandate } from '../decisions/delegation.ts';

/** Follows every id of a group: `$` stands behind `#`. */
const PAST_GROUP = '$';

/** Ids of change-sets that may await one of these votes, ascending, after `after`; the record has the last word. */
export async function awaitingIds(
  ledger: string,
  items: Pick<ItemStore, 'list'>,
  { mandates, after, limit }: InboxQuery,
): Promise<readonly string[]> {
  const roles = [...new Set(mandates.flatMap((mandate) => mandate.roles))];
  const found = await Promise.all(
    roles.map(async (role) => {
      const holders = mandates.filter((mandate) => mandate.roles.includes(role)).map(decidersOf);
      const { pk } = inboxPlace(ledger, role);
      const groups = await groupsFor(items, pk, holders);
      return Promise.all(
        groups.map((group) => items.list(pk, { prefix: `${group}#`, after: `${group}#${orBlank(after)}`, limit })),
      );
    }),
  );
  const ids = found.flat(2).map(({ sk }) => sk.slice(sk.indexOf('#') + 1));
  return [...new Set(ids)].sort().slice(0, limit);
}

export interface InboxQuery {
  readonly mandates: readonly Pick<Mandate, 'personId' | 'roles' | 'delegate'>[];
  readonly after?: string | undefined;
  readonly limit: number;
}

/** Groups of a role in which one of them still has a say. */
async function groupsFor(
  items: Pick<ItemStore, 'list'>,
  pk: string,
  holders: readonly (readonly string[])[],
): Promise<string[]> {
  const groups: string[] = [];
  for (let after = ''; ;) {
    const [first] = await items.list(pk, { limit: 1, ...(after === '' ? {} : { after }) });
    if (first === undefined) return groups;
    const group = first.sk.slice(0, first.sk.indexOf('#'));
    const { out } = awaitsCodec.decode(first);
    if (holders.some((people) => !people.some((person) => out.includes(person)))) groups.push(group);
    after = `${group}${PAST_GROUP}`;
  }
}

/** Whose vote it is, and who casts it. */
function decidersOf({ personId, delegate }: Pick<Mandate, 'personId' | 'delegate'>): readonly string[] {
  return [personId, ...(delegate === undefined ? [] : [delegate.personId])];
}
