/** The SDK's consumer against networks that lose, repeat and reorder: each event once, in the order of its entity. */
import { describe, expect, it } from 'vitest';
import type { MessageList } from '../../../api/index.ts';
import type { ConsumerMemory, EventKey } from '../../../clients/sdk/index.ts';
import { config } from '../../../nervous.config.ts';
import { startTestSystem, type TestSystem } from '../../../testing/index.ts';

type Lab = TestSystem<typeof config>;
type Messages = MessageList['messages'];

const credit = (entityId: string, eventId: string, amount = '5.00') =>
  ({ topic: 'transactions.new', eventId, entityId, payload: { amount, kind: 'credit' } }) as const;
const SETTINGS = { id: 's', topics: ['transactions.new'], ackTimeoutMs: 10_000 } as const;

/** A network that changes the messages of a `receive` on their way; `asked` counts requests by kind. */
function changing(change: (messages: Messages) => Messages, asked: Record<string, number> = {}) {
  return (send: typeof fetch): typeof fetch =>
    async (input, init) => {
      const { pathname } = new URL(input instanceof Request ? input.url : input);
      const kind = pathname.split('/').at(-1) ?? '';
      asked[kind] = (asked[kind] ?? 0) + 1;
      const response = await send(input, init);
      if (kind !== 'messages') return response;
      const { messages } = (await response.json()) as MessageList;
      return Response.json({ messages: change(messages) });
    };
}

async function publish(lab: Lab, ...ids: string[]): Promise<void> {
  for (const id of ids) await lab.as('bank-feed').publish(credit('account:1', id));
  await lab.settled();
}

/** @returns the ids handled so far */
async function consume(
  lab: Lab,
  change: (messages: Messages) => Messages,
  { asked = {}, settings = SETTINGS, run = {}, onEvent = () => undefined }: Partial<ConsumeOptions> = {},
): Promise<string[]> {
  const handled: string[] = [];
  await lab.as('budget-engine', changing(change, asked)).subscribe(
    settings,
    (event, { attempt }) => {
      onEvent(event);
      handled.push(attempt === 0 ? `${event.eventId}*` : event.eventId);
    },
    run,
  );
  await lab.settled();
  return handled;
}

interface ConsumeOptions {
  asked: Record<string, number>;
  settings: Parameters<ReturnType<Lab['as']>['subscribe']>[0] & typeof SETTINGS;
  run: { memory?: ConsumerMemory; gaps?: 'refetch' | 'ignore' };
  onEvent: (event: EventKey) => unknown;
}

/** Keeps an event back the first time it comes, as a lost answer does. */
function losingOnce(eventId: string): (messages: Messages) => Messages {
  let isLost = false;
  return (messages) =>
    messages.filter(({ event }) => {
      const lose = event.eventId === eventId && !isLost;
      isLost ||= lose;
      return !lose;
    });
}

describe('gaps', () => {
  it('are filled from the chain before what comes after them, and the late message is a duplicate', async () => {
    const lab = await startTestSystem({ config });
    const handled = await consume(lab, losingOnce('e-2'));
    await publish(lab, 'e-1', 'e-2', 'e-3');
    await lab.clock.advance('1s'); // an empty answer makes the consumer pause
    expect(handled).toEqual(['e-1', 'e-2*', 'e-3']);
    await lab.clock.advance('1m');
    expect(handled).toEqual(['e-1', 'e-2*', 'e-3']);
    expect((await lab.as('budget-engine').state()).subscriptions).toMatchObject([{ delivered: 3, inFlight: 0 }]);
  });

  it('are left alone when asked to', async () => {
    const lab = await startTestSystem({ config });
    const handled = await consume(lab, losingOnce('e-2'), { run: { gaps: 'ignore' } });
    await publish(lab, 'e-1', 'e-2', 'e-3');
    await lab.clock.advance('1s'); // an empty answer makes the consumer pause
    expect(handled).toEqual(['e-1', 'e-3']);
    await lab.clock.advance('1m');
    expect(handled).toEqual(['e-1', 'e-3', 'e-2']);
  });

  it('are none where entries are no events, other topics, filtered out, or settled', async () => {
    const lab = await startTestSystem({ config });
    const asked: Record<string, number> = {};
    const filter = { detail: { payload: { amount: [{ 'anything-but': '0.00' }] } } };
    const settings = { ...SETTINGS, filter } as typeof SETTINGS;
    const handled = await consume(lab, (messages) => messages, { asked, settings });
    await publish(lab, 'e-1');
    await lab.as('ana').propose({
      ...{ entityId: 'account:1', title: 'Open', rationale: 'asked' },
      operations: [{ type: 'state.put', payload: { limit: '1.00' } }],
    });
    await lab.as('bank-feed').publish(credit('account:1', 'none', '0.00'));
    await lab.as('budget-engine').publish({
      topic: 'transactions.categorized',
      entityId: 'account:1',
      payload: { transactionId: 'e-1', category: 'x' },
    });
    await publish(lab, 'e-2');
    expect(handled).toEqual(['e-1', 'e-2']);
    expect(asked).toMatchObject({ entries: 1 });
    expect(Object.keys(asked)).not.toContain('none');
  });

  it('do not bring back what failed here: the service tries that again in its own time', async () => {
    const lab = await startTestSystem({ config });
    let isBroken = true;
    const settings = { ...SETTINGS, retry: { maxAttempts: 5, baseMs: 60_000, maxMs: 60_000 } } as typeof SETTINGS;
    const onEvent = ({ eventId }: EventKey): void => {
      if (eventId === 'e-2' && isBroken) throw new Error('not now');
    };
    const handled = await consume(lab, (messages) => messages, { settings, onEvent });
    await publish(lab, 'e-1', 'e-2', 'e-3');
    expect(handled).toEqual(['e-1', 'e-3']);
    isBroken = false;
    await lab.clock.advance('1m');
    expect(handled).toEqual(['e-1', 'e-3', 'e-2']);
  });

  it('that cannot be filled hold back what comes after them', async () => {
    const lab = await startTestSystem({ config });
    let isBroken = true;
    const onEvent = ({ eventId }: EventKey): void => {
      if (eventId === 'e-2' && isBroken) throw new Error('not now');
    };
    const handled = await consume(lab, losingOnce('e-2'), { onEvent });
    await publish(lab, 'e-1', 'e-2', 'e-3');
    await lab.clock.advance('1s'); // an empty answer makes the consumer pause
    expect(handled).toEqual(['e-1']);
    isBroken = false;
    await lab.clock.advance('1m');
    expect(handled.map((id) => id.replace('*', ''))).toEqual(['e-1', 'e-2', 'e-3']); // whichever way it came first
  });
});

describe('memory', () => {
  it('keeps what a process before this one had done from being done again', async () => {
    const lab = await startTestSystem({ config });
    const done = new Set<string>();
    const memory: ConsumerMemory = {
      recall: async ({ eventId }) => done.has(eventId),
      remember: async ({ eventId }) => void done.add(eventId),
    };
    const first = await consume(lab, losingAcks, { run: { memory } });
    await publish(lab, 'e-1', 'e-2');
    expect(first).toEqual(['e-1', 'e-2']);
    const second = await consume(lab, (messages) => messages, { run: { memory } });
    await lab.clock.advance('1m');
    expect(second).toEqual([]);
    expect(done).toEqual(new Set(['e-1', 'e-2']));
  });

  it('that cannot be asked fails the delivery, not the consumer', async () => {
    const lab = await startTestSystem({ config });
    let isDown = true;
    const memory: ConsumerMemory = {
      recall: () => {
        if (isDown) throw new Error('the database is away');
        return false;
      },
      remember: () => undefined,
    };
    const handled = await consume(lab, (messages) => messages, { run: { memory } });
    await publish(lab, 'e-1');
    expect(handled).toEqual([]);
    const { deliveries } = await lab.as('budget-engine').trace('e-1');
    expect(deliveries).toMatchObject([{ state: 'retrying', reason: 'Error: the database is away' }]);
    isDown = false;
    await lab.clock.advance('2m');
    expect(handled).toEqual(['e-1']);
  });
});

/** The process dies before anything is acknowledged: it gets events, and the service never hears of them again. */
function losingAcks(messages: Messages): Messages {
  return messages.map((message) => ({ ...message, receipt: 'torn' }));
}

describe('order', () => {
  it('holds back events in hand that come after one that failed, where order was asked for', async () => {
    const lab = await startTestSystem({ config });
    await publish(lab, 'e-1', 'e-2', 'e-3');
    const settings = { ...SETTINGS, startAt: 'earliest' } as typeof SETTINGS;
    const ordered = (send: typeof fetch): typeof fetch => asIfOrdered(send);
    let failures = 1;
    const handled: string[] = [];
    await lab.as('budget-engine', ordered).subscribe(settings, ({ eventId }) => {
      if (eventId === 'e-1' && failures-- > 0) throw new Error('not now');
      handled.push(eventId);
    });
    await lab.clock.advance('2m');
    expect(handled).toEqual(['e-1', 'e-2', 'e-3']);
  });
});

/** A service that hands over several events of an entity at once although the subscription is ordered, as FIFO queues do. */
function asIfOrdered(send: typeof fetch): typeof fetch {
  return async (input, init) => {
    const response = await send(input, init);
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    if (pathname !== '/v1/subscriptions') return response;
    return Response.json({ ...((await response.json()) as object), order: 'entity' }, { status: response.status });
  };
}

describe('W11: where waiting is billed', () => {
  /** A server that says so. */
  const billed =
    (asked: string[]) =>
    (send: typeof fetch): typeof fetch => {
      return async (input, init) => {
        const { pathname, searchParams } = new URL(input instanceof Request ? input.url : input);
        const response = await send(input, init);
        if (!pathname.endsWith('/messages')) return response;
        asked.push(searchParams.get('wait') ?? '');
        const { messages } = (await response.json()) as MessageList;
        return Response.json({ messages, ...(messages.length === 0 ? { idleSeconds: 90 } : {}) });
      };
    };
  const idle = async (options: { idleSeconds?: number }) => {
    const lab = await startTestSystem({ config });
    const asked: string[] = [];
    const handled: string[] = [];
    const handler = ({ eventId }: { eventId: string }) => void handled.push(eventId);
    await lab.as('budget-engine', billed(asked)).subscribe(SETTINGS, handler, options);
    await lab.clock.advance('5m');
    const until = asked.length;
    await lab.clock.advance('1h');
    return { lab, handled, asked: asked.slice(until) };
  };

  it('W11: an idle subscriber looks every 90 s without waiting, and is awake again with the first event', async () => {
    const { lab, handled, asked } = await idle({});
    expect(asked.length).toBeGreaterThan(30);
    expect(asked.length).toBeLessThanOrEqual(41);
    expect(new Set(asked)).toEqual(new Set(['0']));
    await publish(lab, 'late');
    let waited = 0;
    for (; handled.length === 0 && waited < 90; waited += 5) await lab.clock.advance('5s');
    expect(handled).toEqual(['late']);
    await publish(lab, 'next');
    await lab.clock.advance('1s'); // it waits at the server again
    expect(handled).toEqual(['late', 'next']);
  });

  it('W11: who wants every event at once keeps waiting, and pays for it', async () => {
    expect(new Set((await idle({ idleSeconds: 0 })).asked)).toEqual(new Set(['20']));
  });
});
