/** The history of an entity, entry by entry, as this browser verified it; what it could not verify it says. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Json, Line, Show, Time, Wide } from '../parts/parts.tsx';
import { addressOf } from '../session/route.ts';
import type { Session } from '../session/session.ts';
import { useLoaded } from '../session/use-loaded.ts';
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
            <Entries {...history} />
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

function Entries({ entries, verdict, placed }: VerifiedHistory): JSX.Element {
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
          {entries.map(({ seq, body, hash }, i) => (
            <tr key={i}>
              <th scope="row">{seq}</th>
              <td>
                <Time at={body.at} />
              </td>
              <td>
                <Line text={body.type} />
              </td>
              <td>
                {body.actor.kind} <Line text={body.actor.id} />
              </td>
              <td>{i < sound ? <span class="becomes">verified</span> : 'not verified'}</td>
              <td>
                <details>
                  <summary>Data</summary>
                  <Json value={body.data} />
                  <code class="hash">{hash}</code>
                </details>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}
