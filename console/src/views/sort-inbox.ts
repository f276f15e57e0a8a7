/** Which list of the inbox a change-set stands in. Each stands in one: what came back to the reader comes before all else. */
import type { ChangeView } from '../../../core/changes/index.ts';
import type { Client } from '../../../clients/sdk/client.ts';

export interface InboxLists {
  /** voted on by the reader before it was revised or returned, or proposed by them and sent back */
  readonly returned: readonly ChangeView[];
  readonly mine: readonly ChangeView[];
  readonly others: readonly ChangeView[];
}

interface Found {
  /** what the reader could vote on */
  readonly waiting: readonly ChangeView[];
  /** pending ones that the reader has a part in */
  readonly own: readonly ChangeView[];
  /** ids of those that the reader had voted on in an earlier form */
  readonly voted: ReadonlySet<string>;
}

export function sortInbox({ waiting, own, voted }: Found, person: string): InboxLists {
  const canVote = new Set(waiting.map(({ id }) => id));
  const rest = own.filter(({ id }) => !canVote.has(id));
  const sentBack = rest.filter((change) => isSentBack(change, person));
  return {
    returned: [...waiting.filter(({ id }) => voted.has(id)), ...sentBack],
    mine: waiting.filter(({ id }) => !voted.has(id)),
    others: rest.filter((change) => !sentBack.includes(change)),
  };
}

/** Votes fall when a change-set is revised or returned; who had cast them is in its entries alone. */
export async function votedBefore(
  client: Pick<Client, 'entries'>,
  waiting: readonly ChangeView[],
  person: string,
): Promise<ReadonlySet<string>> {
  const ids = await Promise.all(
    waiting.map(async ({ id, entityId, entries }) => {
      const isAnew = entries.some(({ type }) => type === 'change.revised' || type === 'change.returned');
      const votes = isAnew ? entries.filter(({ type }) => type === 'change.voted') : [];
      const pages = await Promise.all(
        votes.map(({ seq }) => client.entries(entityId, { from: seq, limit: 1 }).catch(() => undefined)),
      );
      return pages.some((page) => page?.entries[0]?.body.data['personId'] === person) ? [id] : [];
    }),
  );
  return new Set(ids.flat());
}

/** Somebody asked its proposer for changes. */
function isSentBack({ proposer, votes }: ChangeView, person: string): boolean {
  return proposer.id === person && votes.some(({ decision }) => decision === 'request-changes');
}
