/** The history of an entity, entry by entry, as this browser verified it; what it could not verify it says. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Client } from '../../../clients/sdk/client.ts';
import type { EntryView } from '../../../core/system/index.ts';
import { Json, Line, Show, Time, Wide } from '../parts/parts.tsx';
import { addressOf } from '../session/route.ts';
import type { Session } from '../session/session.ts';
import { useLoaded } from '../session/use-loaded.ts';
import { verifyChain, type ChainVerdict } from '../verify/chain.ts';

/** Entries of one chain that are read and verified in one go. */
const MAX_ENTRIES = 5_000;
const PAGE = 200;

interface Verified {
  readonly entries: readonly EntryView[];
  readonly verdict: ChainVerdict;
}

export function EntityPage({ session, id }: { readonly session: Session; readonly id: string }): JSX.Element {
  const [loaded] = useLoaded(() => loadEntity(session, id), [session, id]);
  return (
    <>
      <h1>
        <Line text={id} />
      </h1>
      <Show loaded={loaded}>
        {({ entries, verdict }) => (
          <>
            <Verdict verdict={verdict} />
            <Entries entries={entries} verdict={verdict} />
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

async function loadEntity({ client, root, seen }: Session, entity: string): Promise<Verified> {
  const entries = await entriesOf(client, entity);
  const { head } = await client.entity(entity);
  const told = { ...head, where: 'the server, where it was asked for the newest' };
  const verdict = await verifyChain({
    ...{ entity, root, entries, readChain: (chain) => entriesOf(client, chain) },
    seen: [...seen.of(entity), ...(head.seq < entries.length || entries.length < MAX_ENTRIES ? [told] : [])],
  });
  if (verdict.kind === 'verified' && verdict.head !== undefined)
    seen.add(entity, { ...verdict.head, where: 'what this page verified before' });
  return { entries, verdict };
}

async function entriesOf(client: Client, entity: string): Promise<readonly EntryView[]> {
  const entries: EntryView[] = [];
  for (let from: number | undefined = 0; from !== undefined && entries.length < MAX_ENTRIES;) {
    const page: Awaited<ReturnType<Client['entries']>> = await client.entries(entity, { from, limit: PAGE });
    entries.push(...page.entries);
    from = page.next;
  }
  return entries;
}

function Verdict({ verdict }: { readonly verdict: ChainVerdict }): JSX.Element {
  const { kind, sound, seq, reason } = verdict;
  if (kind === 'verified')
    return (
      <div class="verdict good" data-verdict="verified">
        <strong>Verified by this browser:</strong> {sound} {sound === 1 ? 'entry' : 'entries'}, their bytes, canonical
        form, hashes, links from the first on, and signatures up to the root key that this page was given.
        <NotChecked />
      </div>
    );
  const isBad = kind === 'refused';
  return (
    <div class={`verdict ${isBad ? 'bad' : 'unknown'}`} role="alert" data-verdict={kind}>
      <strong>{isBad ? 'This history is not what was recorded.' : 'Not verified here.'}</strong>{' '}
      {seq === undefined ? null : `Entry #${seq}: `}
      {reason === undefined ? null : <Line text={reason} />}
      {sound > 0 ? <p>The {sound} before it hold.</p> : null}
    </div>
  );
}

function NotChecked(): JSX.Element {
  return (
    <p class="quiet">
      Not verified here: whether later entries were left out that this page never saw, the place in the log, its
      witnesses, and who was entitled to decide. <code>nervous verify</code> does that.
    </p>
  );
}

function Entries({ entries, verdict }: Verified): JSX.Element {
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
              <td>{i < verdict.sound ? <span class="becomes">verified</span> : 'not verified'}</td>
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
