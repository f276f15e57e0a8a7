/** Who is signed in, which roles they hold, what those allow, and whose votes they may cast. */
import type { JSX } from 'preact';
import type { Delegation, PolicyView } from '../../../core/changes/index.ts';
import { Json, Line, Quote, Show, Time } from '../parts/parts.tsx';
import type { Session } from '../session/session.ts';
import { useLoaded } from '../session/use-loaded.ts';

export function Me({ session }: { readonly session: Session }): JSX.Element {
  const { client, who, root } = session;
  const isPerson = who.kind === 'person';
  const [policy] = useLoaded(async () => (isPerson ? client.policy() : undefined), [session]);
  const [delegations] = useLoaded(async () => (isPerson ? client.delegations() : undefined), [session]);
  return (
    <>
      <h1>
        {who.kind} <Line text={who.id} />
      </h1>
      <p>
        {root === undefined
          ? 'This page was given no root key, so it verifies no history.'
          : `This page verifies with the root key of ${root.name}.`}
      </p>
      <Show loaded={policy}>
        {(found) => (found === undefined ? null : <Roles person={who.personId ?? who.id} policy={found} />)}
      </Show>
      <Show loaded={delegations}>
        {(found) =>
          found === undefined ? null : (
            <section>
              <h2>Delegated votes</h2>
              <Delegations title="You may cast the vote of" list={found.received} other="from" />
              <Delegations title="Your vote may be cast by" list={found.given} other="to" />
            </section>
          )
        }
      </Show>
    </>
  );
}

function Roles({ person, policy }: { readonly person: string; readonly policy: PolicyView }): JSX.Element {
  const { roster } = policy.document;
  const found = roster.people.find(({ personId }) => personId === person);
  return (
    <section>
      <h2>Roles</h2>
      <p class="quiet">
        {policy.source === 'ledger'
          ? `By version ${policy.version} of the policy in the ledger.`
          : 'By the configuration; the ledger has recorded none yet.'}
      </p>
      {found === undefined ? <p>You are in no roster.</p> : null}
      <ul>
        {found?.roles.map((role) => (
          <li key={role}>
            <strong>{role}</strong> <Json value={roster.roles[role] as Parameters<typeof Json>[0]['value']} />
          </li>
        ))}
      </ul>
    </section>
  );
}

interface DelegationsProps {
  readonly title: string;
  readonly list: readonly Delegation[];
  readonly other: 'from' | 'to';
}

function Delegations({ title, list, other }: DelegationsProps): JSX.Element {
  const standing = list.filter(({ revokedAt, until }) => revokedAt === undefined && Date.parse(until) > Date.now());
  return (
    <>
      <h3>{title}</h3>
      {standing.length === 0 ? <p class="quiet">Nobody.</p> : null}
      <ul>
        {standing.map((one) => (
          <li key={one.id}>
            <strong>{one[other]}</strong> until <Time at={one.until} />
            <Line text={one.roles === undefined ? '' : ` as ${one.roles.join(', ')}`} />{' '}
            <Quote by={one.from} text={one.reason} />
          </li>
        ))}
      </ul>
    </>
  );
}
