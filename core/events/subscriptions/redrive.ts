/** Which dead letters are tried again: all, some by position, or those whose event matches a pattern. */
import { eventBridgeShape, type DeliveredEvent } from '../envelope/delivered-event.ts';
import { EventError } from '../catalog/errors.ts';
import { matchPattern, type JsonObject } from '../pattern/index.ts';
import { defined } from '../../values/index.ts';
import type { SubscriptionBus } from './ports.ts';
import { compileFilter } from './subscription-matcher.ts';

const PAGE = 100;

export interface RedriveChoice {
  /** as dead letters name them */
  readonly positions?: readonly number[] | undefined;
  /** an EventBridge event pattern over what filters look at */
  readonly pattern?: JsonObject | undefined;
}

/** @returns how many are due again. @throws EventError SUBSCRIPTION_INVALID: no pattern, or both are given */
export async function redrive(
  { bus, ledger }: { readonly bus: SubscriptionBus; readonly ledger: string },
  id: string,
  { positions, pattern: source }: RedriveChoice,
): Promise<number> {
  const pattern = compileFilter(source, 'pattern');
  if (pattern === undefined) return bus.redrive(id, positions);
  if (positions !== undefined) {
    const message = 'positions or a pattern choose what is redriven, not both: leave one out';
    throw new EventError({ code: 'SUBSCRIPTION_INVALID', message });
  }
  let redriven = 0;
  for await (const events of deadEvents(bus, id)) {
    const chosen = events.filter(({ event }) => matchPattern(pattern, eventBridgeShape(ledger, event)));
    if (chosen.length > 0)
      redriven += await bus.redrive(
        id,
        chosen.map(({ position }) => position),
      ); // an empty list may mean all
  }
  return redriven;
}

/** What was looked at is behind the page's end, so that what dies again meanwhile is not redriven for ever. */
async function* deadEvents(
  bus: SubscriptionBus,
  id: string,
): AsyncGenerator<readonly { readonly position: number; readonly event: DeliveredEvent }[]> {
  for (let after: number | undefined; ;) {
    const page = await bus.deadLetters(id, { limit: PAGE, ...defined({ after }) });
    yield page;
    after = page.at(-1)?.position;
    if (page.length < PAGE) return;
  }
}
