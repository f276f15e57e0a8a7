/** Why a change-set is as risky as it is: the rules that matched, what they ask for, and the facts that they saw. */
import type { JSX } from 'preact';
import type { ChangeView } from '../../../../core/changes/index.ts';
import { Json, Level, Line } from '../../parts/parts.tsx';

export function Risk({ change }: { readonly change: ChangeView }): JSX.Element {
  const { risk, blocked } = change;
  return (
    <section>
      <h2>Risk</h2>
      {blocked === undefined ? null : <p class="problem">Nobody can decide: {blocked.message}</p>}
      {risk === undefined ? (
        <p>It is not assessed.</p>
      ) : (
        <>
          <p>
            <Level level={risk.level} /> It needs {risk.approvals} {risk.approvals === 1 ? 'approval' : 'approvals'}
            <Line text={risk.roles.length === 0 ? '' : ` of ${risk.roles.join(', ')}`} />
            {risk.timelockMinutes > 0 ? `, then waits ${risk.timelockMinutes} minutes` : ''};{' '}
            {risk.enforcement === 'soft' ? 'soft: may be overridden in an emergency' : 'hard'}.
          </p>
          <Rules risk={risk} />
          <details>
            <summary>All facts that were looked at</summary>
            <Json value={risk.facts} />
          </details>
        </>
      )}
    </section>
  );
}

function Rules({ risk }: { readonly risk: NonNullable<ChangeView['risk']> }): JSX.Element {
  if (risk.matched.length === 0) return <p>No rule matched, so it is taken for large.</p>;
  if (risk.rules === undefined) return <p>Rules of an earlier table matched: {risk.matched.join(', ')}.</p>;
  return (
    <ul>
      {risk.rules.map(({ name, level, because }) => (
        <li key={name}>
          <Level level={level} /> <Line text={name} /> because <Json value={because} />
        </li>
      ))}
    </ul>
  );
}
