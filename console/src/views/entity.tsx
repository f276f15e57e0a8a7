/** The history of an entity, entry by entry, as this browser verified it; what it could not verify it says. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Json, Line, Show, Time, Wide } from '../parts/parts.tsx';
import { addressOf } from '../session/route.ts';
import type { Session } from '../session/session.ts';
import { useLoaded } from '../session/use-loaded.ts';
import { ProveIt } from './entity/prove-it.tsx';
import { isDoubted, Verdict } from './entity/verdict.tsx';
import { loadHistory, type VerifiedHistory } from './entity/verified-history.ts';

export function EntityPage({ session, id }: { readonly session: Session; readonly id: string }): JSX.Element {
  const [loaded] = useLoaded(() => loadHistory(session, id), [session, id]);
  return (
    <>
      <h1>
        <Line text={id} />
      </h1>
      <Show loaded={loaded}>
        {(history) => (
          <>
            <Verdict {...history} />
            <Entries {...history} session={session} entity={id} />
          </>
        )}
      </Show>
    </>
  );
}

export function EntitySearch(): JSX.Element {
  const [id, setId] = useState('');
  const submit = (event: Event): void => {
    event.preventDefault();
    location.hash = addressOf('entities', id.trim());
  };
  return (
    <>
      <h1>History</h1>
      <form onSubmit={submit}>
        <label>
          Entity
          <input
            required
            value={id}
            placeholder="account:1695"
            onInput={({ currentTarget }) => setId(currentTarget.value)}
          />
        </label>
        <button class="main">Show and verify</button>
      </form>
    </>
  );
}

interface EntriesProps extends VerifiedHistory {
  readonly session: Session;
  readonly entity: string;
}

function Entries({ entries, verdict, placed, session, entity }: EntriesProps): JSX.Element {
  const sound = isDoubted(placed) ? 0 : verdict.sound;
  return (
    <Wide label="Entries">
      <table>
        <thead>
          <tr>
            <th scope="col">#</th>
            <th scope="col">When</th>
            <th scope="col">What</th>
            <th scope="col">Who</th>
            <th scope="col">Here</th>
            <th scope="col">Says</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry, i) => (
            <tr key={i}>
              <th scope="row">{entry.seq}</th>
              <td>
                <Time at={entry.body.at} />
              </td>
              <td>
                <Line text={entry.body.type} />
              </td>
              <td>
                {entry.body.actor.kind} <Line text={entry.body.actor.id} />
              </td>
              <td>{i < sound ? <span class="becomes">verified</span> : 'not verified'}</td>
              <td>
                <details>
                  <summary>Data</summary>
                  <Json value={entry.body.data} />
                  <code class="hash">{entry.hash}</code>
                  {i < sound ? <ProveIt session={session} entity={entity} entry={entry} /> : null}
                </details>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}
