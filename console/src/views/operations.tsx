/** How the service is: what it finds in itself, its alarms and queues, and each subscription with what is behind and what was given up. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { DeadLetterPage } from '../../../api/index.ts';
import type { MonitorReport, ValidationReport } from '../../../core/system/index.ts';
import { Line, Problem, Show, span, Time, Wide } from '../parts/parts.tsx';
import { reasonOf, type Session } from '../session/session.ts';
import { useLoaded } from '../session/use-loaded.ts';

const REFRESH_MS = 5_000;

export function Operations({ session }: { readonly session: Session }): JSX.Element {
  const [loaded, reload] = useLoaded(
    async () => ({ state: await session.client.state(), found: await session.client.dependencies() }),
    [session],
  );
  useEffect(() => {
    const timer = setInterval(reload, REFRESH_MS);
    return () => clearInterval(timer);
  }, [reload]);
  return (
    <>
      <h1>Operations</h1>
      <Show loaded={loaded}>
        {({ state, found }) => (
          <>
            <Health found={found} state={state} />
            <Queues state={state} />
            <Subscriptions session={session} state={state} onChanged={reload} />
          </>
        )}
      </Show>
    </>
  );
}

type Alarm = MonitorReport['alarms'][keyof MonitorReport['alarms']];

function Health({ found, state }: { readonly found: ValidationReport; readonly state: MonitorReport }): JSX.Element {
  const { alarms, entries, responseTimeMs, systemThroughput } = state;
  return (
    <section>
      <h2>Health</h2>
      <p class={`verdict ${found.ok ? 'good' : 'bad'}`} data-health={found.ok ? 'ok' : 'failing'}>
        {found.ok
          ? 'The service says that everything it depends on works.'
          : 'The service says that something does not work.'}
      </p>
      <ul>
        {[...found.checks, { name: 'performance', ...found.performanceCheck }].map(({ name, ok, detail }) => (
          <li key={name}>
            <strong class={ok ? '' : 'unknown'}>{ok ? 'works' : 'does not work'}</strong> <Line text={name} />:{' '}
            <Line text={detail} />
          </li>
        ))}
        {(Object.entries(alarms) as [string, Alarm][]).map(([name, { raised, detail }]) =>
          raised ? (
            <li key={name}>
              <strong class="unknown">alarm</strong> <Line text={name} />: <Line text={detail} />
            </li>
          ) : null,
        )}
      </ul>
      <p>
        {entries} entries · {systemThroughput.eventsPerSecond} events and {systemThroughput.operationsPerSecond}{' '}
        operations a second · answers in {responseTimeMs.p50} ms, 95 % within {responseTimeMs.p95} ms
      </p>
    </section>
  );
}

function Queues({ state }: { readonly state: MonitorReport }): JSX.Element {
  const { approvalQueue, reviewQueue } = state;
  return (
    <section>
      <h2>Queues</h2>
      <Wide label="Approvals that wait, by level">
        <table>
          <thead>
            <tr>
              <th scope="col">Approvals</th>
              <th scope="col">Waiting</th>
              <th scope="col">Oldest</th>
            </tr>
          </thead>
          <tbody>
            {Object.entries({ all: approvalQueue, ...approvalQueue.byLevel }).map(
              ([level, { length, oldestAgeMs }]) => (
                <tr key={level}>
                  <th scope="row">{level}</th>
                  <td>{length}</td>
                  <td>{length === 0 ? '' : span(oldestAgeMs)}</td>
                </tr>
              ),
            )}
          </tbody>
        </table>
      </Wide>
      <p>
        {approvalQueue.escalated} escalated. Reviews that are due: {reviewQueue.length}, {reviewQueue.overdue} of them
        overdue.
      </p>
    </section>
  );
}

interface SubscriptionsProps {
  readonly session: Session;
  readonly state: MonitorReport;
  readonly onChanged: () => void;
}

function Subscriptions({ session, state, onChanged }: SubscriptionsProps): JSX.Element {
  const { subscriptions } = state;
  // Said here, because a subscription that has no dead letters left has no list that could say it.
  const [redriven, setRedriven] = useState<{ readonly id: string; readonly count: number } | undefined>();
  return (
    <section>
      <h2>
        Subscriptions <span class="count">{subscriptions.length}</span>
      </h2>
      {subscriptions.length === 0 ? <p class="quiet">There is none that you may see.</p> : null}
      <SubscriptionTable subscriptions={subscriptions} />
      {subscriptions
        .filter(({ deadLetters }) => deadLetters > 0)
        .map(({ subscription }) => (
          <DeadLetters
            key={subscription}
            session={session}
            id={subscription}
            onRedriven={(count) => {
              setRedriven({ id: subscription, count });
              onChanged();
            }}
          />
        ))}
      {redriven === undefined ? null : (
        <p role="status">
          Of <Line text={redriven.id} />, {redriven.count} are delivered again.
        </p>
      )}
    </section>
  );
}

function SubscriptionTable({ subscriptions }: Pick<MonitorReport, 'subscriptions'>): JSX.Element {
  return (
    <Wide label="Subscriptions">
      <table>
        <thead>
          <tr>
            {['Subscription', 'Of', 'Delivered', 'Behind', 'In flight', 'Retrying', 'Dead letters', 'Breaker'].map(
              (title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {subscriptions.map(
            ({ subscription, module, delivered, backlog, inFlight, retrying, deadLetters, breaker }) => (
              <tr key={`${module} ${subscription}`}>
                <th scope="row">
                  <Line text={subscription} />
                </th>
                <td>
                  <Line text={module} />
                </td>
                <td>{delivered}</td>
                <td>{backlog}</td>
                <td>{inFlight}</td>
                <td>{retrying}</td>
                <td>{deadLetters}</td>
                <td>{breaker ?? 'closed'}</td>
              </tr>
            ),
          )}
        </tbody>
      </table>
    </Wide>
  );
}

interface DeadLettersProps {
  readonly session: Session;
  readonly id: string;
  readonly onRedriven: (count: number) => void;
}

function DeadLetters({ session, id, onRedriven }: DeadLettersProps): JSX.Element {
  const [loaded, reload] = useLoaded<DeadLetterPage>(() => session.client.deadLetters(id), [session, id]);
  const [failure, setFailure] = useState<string | undefined>();
  const again = (): void => {
    session.client.redrive(id).then(
      (count) => {
        reload();
        onRedriven(count);
      },
      (error: unknown) => setFailure(reasonOf(error)),
    );
  };
  return (
    <details open>
      <summary>
        Dead letters of <Line text={id} />
      </summary>
      {failure === undefined ? null : <Problem reason={failure} />}
      <Show loaded={loaded}>
        {({ deadLetters, next }) => (
          <>
            <ul>
              {deadLetters.map(({ position, event, attempts, reason, diedAt }) => (
                <li key={position}>
                  <Line text={event.topic} /> of <Line text={event.entityId} />, given up after {attempts} attempts ·{' '}
                  <Time at={diedAt} />: <Line text={reason} />
                </li>
              ))}
            </ul>
            {next === undefined ? null : <p class="quiet">There are more.</p>}
            <button onClick={again}>
              Deliver all of <Line text={id} /> again
            </button>
          </>
        )}
      </Show>
    </details>
  );
}
