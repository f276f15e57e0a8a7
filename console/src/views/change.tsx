/** One change-set: what would change, verified by this browser, why it is as risky as it is, who has decided, and the decision. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ChangeView, DecideResult } from '../../../core/changes/index.ts';
import { Countdown } from '../parts/countdown.tsx';
import { Level, Line, Quote, Show, Time } from '../parts/parts.tsx';
import { addressOf } from '../session/route.ts';
import type { Session } from '../session/session.ts';
import { useLoaded } from '../session/use-loaded.ts';
import { verifyShown, type ShownVerdict } from '../verify/shown.ts';
import { Decide } from './change/decide.tsx';
import { Receipt } from './change/receipt.tsx';
import { Risk } from './change/risk.tsx';
import { Votes } from './change/votes.tsx';
import { WhatChanges } from './change/what-changes.tsx';

interface Shown {
  readonly change: ChangeView;
  readonly verdict: ShownVerdict;
}

export function ChangePage({ session, id }: { readonly session: Session; readonly id: string }): JSX.Element {
  const [decided, setDecided] = useState<DecideResult | undefined>();
  const [loaded, reload] = useLoaded(() => loadChange(session, id), [session, id]);
  useEffect(() => setDecided(undefined), [id]);
  const onDecided = (result: DecideResult): void => {
    const { change, vote } = result;
    session.seen.add(change.entityId, { seq: vote.seq, hash: vote.hash, where: 'the receipt of your vote' });
    setDecided(result);
    reload();
  };
  return (
    <Show loaded={loaded}>
      {(shown) => (
        <>
          <Heading change={shown.change} />
          {decided === undefined ? null : <Receipt session={session} decided={decided} />}
          <WhatChanges change={shown.change} verdict={shown.verdict} />
          <Why change={shown.change} />
          <Risk change={shown.change} />
          <Votes session={session} change={shown.change} />
          <Decide session={session} {...shown} onDecided={onDecided} onStale={reload} />
          <Steps change={shown.change} />
        </>
      )}
    </Show>
  );
}

async function loadChange({ client }: Session, id: string): Promise<Shown> {
  const change = await client.changeSet(id);
  if (change.id !== id)
    throw new Error(`The server answered with another change-set (${change.id}): trust nothing here.`);
  return { change, verdict: await verifyShown(change) };
}

function Heading({ change }: { readonly change: ChangeView }): JSX.Element {
  const { title, entityId, proposer, risk, state, revision, deadline } = change;
  return (
    <>
      <h1>
        <Level level={risk?.level} /> <Line text={title} />
      </h1>
      <dl class="facts">
        <dt>Entity</dt>
        <dd>
          <Line text={entityId} />
        </dd>
        <dt>Proposed by</dt>
        <dd>
          {proposer.kind} <Line text={proposer.id} />
        </dd>
        <dt>State</dt>
        <dd>
          {state}, revision {revision}
        </dd>
        {state === 'pending' ? (
          <>
            <dt>Expires</dt>
            <dd>
              <Countdown to={deadline} over="now" />
            </dd>
          </>
        ) : null}
        {risk?.timelockUntil === undefined ? null : (
          <>
            <dt>Time lock ends</dt>
            <dd>
              <Countdown to={risk.timelockUntil} over="it is over" />
            </dd>
          </>
        )}
      </dl>
    </>
  );
}

function Why({ change }: { readonly change: ChangeView }): JSX.Element {
  const { rationale, proposer, evidence } = change;
  return (
    <section>
      <h2>Why</h2>
      <Quote by={proposer.id} text={rationale} />
      {evidence.length === 0 ? null : (
        <ul>
          {evidence.map(({ url, hash, title }) => (
            <li key={hash}>
              <Line text={title ?? url} /> <code class="quiet">{url}</code>
              <div class="quiet">
                named by the proposer; SHA-256 <code>{hash}</code>
              </div>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Steps({ change }: { readonly change: ChangeView }): JSX.Element {
  return (
    <details>
      <summary>Steps ({change.entries.length})</summary>
      <ol class="steps">
        {change.entries.map(({ type, seq, at }) => (
          <li key={seq}>
            <a href={addressOf('entities', change.entityId)}>#{seq}</a> {type.replace(/^change\./, '')} ·{' '}
            <Time at={at} />
          </li>
        ))}
      </ol>
    </details>
  );
}
