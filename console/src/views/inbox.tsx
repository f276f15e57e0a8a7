/** What waits: for the reader's decision, for others', and what came back to the reader after they had acted on it. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { ChangeView } from '../../../core/changes/index.ts';
import { Level, Line, Show, span } from '../parts/parts.tsx';
import { addressOf } from '../session/route.ts';
import type { Session } from '../session/session.ts';
import { useLoaded } from '../session/use-loaded.ts';
import { useNow } from '../session/use-now.ts';
import { sortInbox, votedBefore, type InboxLists } from './sort-inbox.ts';

const PAGE = 100;
const REFRESH_MS = 5_000;

export function Inbox({ session }: { readonly session: Session }): JSX.Element {
  const [loaded, reload] = useLoaded(() => loadInbox(session), [session]);
  useEffect(() => {
    const timer = setInterval(reload, REFRESH_MS);
    return () => clearInterval(timer);
  }, [reload]);
  return (
    <>
      <h1>Inbox</h1>
      <Show loaded={loaded}>
        {({ mine, returned, others, isCut }) => (
          <>
            <List title="My turn" empty="Nothing waits for your decision." changes={mine} />
            <List title="Returned to me" empty="Nothing came back to you." changes={returned} />
            <List title="Waiting for others" empty="Nothing of yours waits for others." changes={others} />
            {isCut ? <p class="quiet">There is more: these are the oldest {PAGE} of each.</p> : null}
          </>
        )}
      </Show>
    </>
  );
}

async function loadInbox({ client, who }: Session): Promise<InboxLists & { readonly isCut: boolean }> {
  const person = who.personId ?? who.id;
  const [waiting, own] = await Promise.all([
    who.kind === 'person' ? client.changeSets({ for: 'me', limit: PAGE }) : { changes: [] },
    client.changeSets({ status: 'pending', person, limit: PAGE }),
  ]);
  const isCut = [waiting, own].some((page) => 'next' in page);
  const voted = await votedBefore(client, waiting.changes, person);
  return { ...sortInbox({ waiting: waiting.changes, own: own.changes, voted }, person), isCut };
}

interface ListProps {
  readonly title: string;
  readonly empty: string;
  readonly changes: readonly ChangeView[];
}

function List({ title, empty, changes }: ListProps): JSX.Element {
  const now = useNow(30_000);
  return (
    <section>
      <h2>
        {title} <span class="count">{changes.length}</span>
      </h2>
      {changes.length === 0 ? <p class="quiet">{empty}</p> : null}
      <ul class="cards">
        {changes.map((change) => (
          <li key={change.id}>
            <a href={addressOf('changes', change.id)}>
              <Level level={change.risk?.level} /> <Line text={change.title} />
            </a>
            <div class="quiet">
              <Line text={change.entityId} /> · by <Line text={change.proposer.id} /> · waits for{' '}
              {span(now - Date.parse(change.createdAt))} · expires in {span(Date.parse(change.deadline) - now)}
              {change.stillNeeded === undefined ? null : (
                <>
                  {' '}
                  · <Line text={change.stillNeeded.text} />
                </>
              )}
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
