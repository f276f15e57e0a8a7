/** Who has decided, what is still missing, and which people could give it. */
import type { JSX } from 'preact';
import type { ChangeView, PolicyView } from '../../../../core/changes/index.ts';
import { Line, Quote, Time } from '../../parts/parts.tsx';
import type { Session } from '../../session/session.ts';
import { useLoaded } from '../../session/use-loaded.ts';

export function Votes({ session, change }: { readonly session: Session; readonly change: ChangeView }): JSX.Element {
  const { votes, stillNeeded } = change;
  return (
    <section>
      <h2>Decisions</h2>
      {votes.length === 0 ? <p class="quiet">Nobody has voted.</p> : null}
      <ul>
        {votes.map(({ personId, account, decision, reason, at, hash }) => (
          <li key={hash}>
            <strong>{personId}</strong> {WORDS[decision]} · <Time at={at} />
            {account === personId ? null : <span class="quiet"> as {account}</span>}
            {reason === undefined ? null : <Quote by={personId} text={reason} />}
          </li>
        ))}
      </ul>
      {stillNeeded === undefined ? null : (
        <p>
          Still needed: <Line text={stillNeeded.text} />. <StillMay session={session} change={change} />
        </p>
      )}
    </section>
  );
}

const WORDS: Readonly<Record<ChangeView['votes'][number]['decision'], string>> = {
  ...{ approve: 'approved', reject: 'rejected', 'request-changes': 'asked for changes' },
};

function StillMay({ session, change }: { readonly session: Session; readonly change: ChangeView }): JSX.Element | null {
  const [policy] = useLoaded(() => session.client.policy(), [session]);
  if (policy.kind !== 'ready') return null;
  const names = peopleWhoMay(change, policy.value);
  return <>Holding such a role: {names.length === 0 ? 'nobody who has not voted' : names.join(', ')}.</>;
}

/** People with a role that is asked for, who have not voted and did not propose it. Whether each vote counts is for the service to judge. */
function peopleWhoMay({ votes, proposer, risk }: ChangeView, { document }: PolicyView): readonly string[] {
  const roles = new Set([...(risk?.roles ?? []), ...Object.values(risk?.eligible ?? {}).flat()]);
  const out = new Set<string>([...votes.map(({ personId }) => personId), proposer.id]);
  return document.roster.people
    .filter(({ personId, accounts }) => !out.has(personId) && !accounts.some((account) => out.has(account)))
    .filter(({ roles: held }) => held.some((role) => roles.has(role)))
    .map(({ personId }) => personId);
}
