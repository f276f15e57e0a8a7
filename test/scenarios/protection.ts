/** Item 6: how much is too much, the same on every engine: rates, budgets and storms refuse what is over, and lose nothing of the rest. */
import { hash, randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { EntryPage, ProblemDetails } from '../../api/index.ts';
import type { PublishInput } from '../../clients/sdk/index.ts';
import type { config } from '../../nervous.config.ts';
import { METER } from '../support/executor-config.ts';
import { credit } from './publishing.ts';
import { freshAccount, until, type Scenario, type Fixture } from './fixture.ts';

/** Requests at once: on AWS each may meet another process. */
const AT_ONCE = 8;
/** Events in a batch of which the rate lets only the first pass. */
const TOO_MANY = 20;
const MS_PER_MINUTE = 60_000;
/** What is refused is refused by name, with the seconds to wait in the header that RFC 9110 has for them. */
const WHOLE_SECONDS = /^[1-9]\d*$/;

/** Storms: the limit that everybody has without asking for it (docs/protection.md). */
const STORMY = 'error.occurred';
const CALM_PER_SECOND = 100;
/** Calm by itself; twice in a second it is not. */
const BATCH = 90;

type Event = PublishInput<typeof config> & { readonly eventId: string };

function failure(entityId: string): Event {
  const payload = { module: 'scenario', code: 'TEST', message: 'one of many' };
  return { eventId: randomUUID(), topic: STORMY, entityId, payload };
}

/** Published once, without the patience of our client. */
async function publish(fixture: Fixture, principal: string, event: Event): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return fixture.request(principal, '/v1/events', { headers, body: JSON.stringify(event) });
}

async function problemOf(response: Response): Promise<ProblemDetails> {
  return (await response.json()) as ProblemDetails;
}

/** Events at the same time, each with its outcome: the code of its problem, or that it was taken. */
function publishAtOnce(
  fixture: Fixture,
  principal: string,
  events: readonly Event[],
): Promise<readonly { readonly eventId: string; readonly outcome: string }[]> {
  return Promise.all(
    events.map(async (event) => {
      const response = await publish(fixture, principal, event);
      const outcome = response.ok ? 'accepted' : (await problemOf(response)).code;
      return { eventId: event.eventId, outcome };
    }),
  );
}

/** Ids of the events on a chain, however many pages it takes. */
async function recordedOn(fixture: Fixture, entity: string): Promise<string[]> {
  const ids: string[] = [];
  for (let from = 0; ;) {
    const { entries } = await fixture.as('eva').entries(entity, { from, limit: 100 }).catch(emptyWhenUnknown);
    if (entries.length === 0) return ids.sort();
    ids.push(...entries.map(({ body }) => body.idem));
    from += entries.length;
  }
}

/** Of an entity nothing was ever recorded for. */
function emptyWhenUnknown(error: unknown): EntryPage {
  expect(error).toMatchObject({ code: 'ENTITY_NOT_FOUND' });
  return { entries: [] };
}

/** An importer that is stuck sends the same again and again: duplicates, but a storm all the same. Until it is told so. */
async function raiseStorm(fixture: Fixture, principal: string, batch: readonly Event[]): Promise<void> {
  let isStopped = false;
  const importer = (): Promise<true> =>
    until('more than 100 events should come in one second', async () => {
      if (isStopped) return true;
      const results = await fixture.as(principal).publishBatch(batch);
      const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.problem.code] : []));
      expect(new Set(['TOPIC_STOPPED', ...refused])).toEqual(new Set(['TOPIC_STOPPED']));
      isStopped ||= refused.length > 0;
      return undefined;
    });
  await Promise.all([importer(), importer()]);
}

export const protection: readonly Scenario[] = [
  {
    name: 'item 6: who publishes faster than its rate is told when to come again, by whichever process, and nothing taken is lost',
    run: async (fixture) => {
      const account = freshAccount();
      const began = performance.now();
      const batch = Array.from({ length: TOO_MANY }, () => failure(account));
      const results = await fixture.as(METER.id).publishBatch(batch);
      const rejected = results.flatMap((result) => (result.status === 'rejected' ? [result.problem] : []));
      expect(rejected).toHaveLength(TOO_MANY - METER.rate.burst);
      for (const problem of rejected) {
        expect(problem.code).toBe('RATE_LIMITED');
        expect(problem.retryAfterSeconds).toBeGreaterThan(0);
      }
      const taken = results.flatMap((result) => (result.status === 'rejected' ? [] : [result.eventId]));
      // On AWS a process that has not heard of it lets one request pass, and then knows.
      await until('every process should know that the rate is spent', async () => {
        const wave = await publishAtOnce(
          fixture,
          METER.id,
          Array.from({ length: AT_ONCE }, () => failure(account)),
        );
        taken.push(...wave.flatMap(({ eventId, outcome }) => (outcome === 'accepted' ? [eventId] : [])));
        return wave.every(({ outcome }) => outcome === 'RATE_LIMITED') ? true : undefined;
      });
      const comeBack = ((performance.now() - began) / MS_PER_MINUTE) * METER.rate.perMinute;
      expect(taken.length).toBeLessThanOrEqual(METER.rate.burst + AT_ONCE + Math.ceil(comeBack));

      const late = failure(account);
      const refusal = await until('one more should be refused', async () => {
        const response = await publish(fixture, METER.id, failure(account));
        if (response.status === 429) return response;
        taken.push(((await response.json()) as { eventId: string }).eventId);
        return undefined;
      });
      expect(refusal.headers.get('retry-after')).toMatch(WHOLE_SECONDS);
      expect(await problemOf(refusal)).toMatchObject({ status: 429, code: 'RATE_LIMITED' });
      // The rate is the publisher's own.
      expect(await fixture.as('bank-feed').publish(failure(account))).toMatchObject({ status: 'accepted' });
      // Our client waits as long as it is told, and publishes it then.
      expect(await fixture.as(METER.id).publish(late)).toMatchObject({ status: 'accepted', eventId: late.eventId });
      const recorded = await recordedOn(fixture, account);
      expect(recorded).toHaveLength(taken.length + 2);
      expect(recorded).toEqual(expect.arrayContaining([...taken, late.eventId]));
    },
  },
  {
    name: 'item 6: a budget is its principal’s: over it the answer is 429 and when to come again, for nobody else',
    run: async (fixture) => {
      const end = (principal: string): Promise<Response> =>
        fixture.request(principal, `/v1/delegations/${hash('sha256', randomUUID())}`, { method: 'DELETE' });
      const refusal = await until('twenty in a minute should be all', async () => {
        const response = await end('olga');
        if (response.status === 429) return response;
        expect((await problemOf(response)).code).toBe('DELEGATION_INVALID'); // there is none, which costs as much
        return undefined;
      });
      expect(refusal.headers.get('retry-after')).toMatch(WHOLE_SECONDS);
      expect(await problemOf(refusal)).toMatchObject({
        code: 'BUDGET_SPENT',
        detail: expect.stringContaining('the budget "delegate" is 20 requests a minute') as string,
      });
      expect(await problemOf(await end('dan'))).toMatchObject({ code: 'DELEGATION_INVALID' });
      expect((await fixture.request('olga', '/v1/guards')).status).toBe(200);
    },
  },
  {
    name: 'item 6: a storm stops its topic for everybody until a person has looked, other topics go on, and nothing taken is lost',
    alone: true,
    run: async (fixture) => {
      const account = freshAccount();
      const batch = Array.from({ length: BATCH }, () => failure(account));
      const taken = await fixture.as('budget-engine').publishBatch(batch);
      expect(taken.map(({ status }) => status)).toEqual(batch.map(() => 'accepted'));
      await raiseStorm(fixture, 'budget-engine', batch);
      const eva = fixture.as('eva');
      const guard = async () => (await eva.guards()).find(({ topic }) => topic === STORMY);
      // What another process stopped, this one knows within two seconds.
      const seen = await until('the guards should say that it is stopped', async () => {
        const state = await guard();
        return state?.state === 'stopped' ? state : undefined;
      });
      expect(seen).toMatchObject({
        perSecond: CALM_PER_SECOND,
        stops: [{ cause: 'storm', source: 'budget-engine' }],
      });
      const other = freshAccount();
      const refused = await until(
        'every process should know that the topic is stopped, whoever publishes',
        async () => {
          const events = Array.from({ length: AT_ONCE }, () => failure(other));
          const wave = await publishAtOnce(fixture, 'reporting', events);
          return wave.every(({ outcome }) => outcome === 'TOPIC_STOPPED') ? events : undefined;
        },
      );
      const outside = credit(freshAccount(), '1.00');
      expect(await fixture.as('bank-feed').publish(outside)).toMatchObject({ status: 'accepted' });

      for (const principal of ['budget-engine', 'olga'])
        await expect(fixture.as(principal).resetGuard(STORMY)).rejects.toMatchObject({
          status: 403,
          code: 'FORBIDDEN',
        });
      const why = `an importer ran twice: ${randomUUID()}`;
      expect(await eva.resetGuard(STORMY, why)).toMatchObject({ state: 'open', stops: [] });
      for (const event of refused)
        await until('what was refused is taken when it is sent again', () =>
          fixture.as('reporting').publish(event).catch(stopped),
        ).catch(async (error: unknown) => {
          throw new Error(`the guard says ${JSON.stringify(await guard())}`, { cause: error });
        });
      expect(await recordedOn(fixture, account)).toEqual(batch.map(({ eventId }) => eventId).sort());
      expect(await recordedOn(fixture, other)).toEqual(expect.arrayContaining(refused.map(({ eventId }) => eventId)));
      const told = await eva.verifyEntity('system/guards');
      expect(told).toMatchObject({ verdict: 'OK' });
      const { entries } = await eva.entries('system/guards', { from: Math.max(0, told.entries - 2), limit: 100 });
      expect(entries.map(({ body }) => body.data)).toMatchObject([
        { topic: 'system.storm_detected', payload: { topic: STORMY, cause: 'storm', source: 'budget-engine' } },
        { topic: 'system.topic_reset', payload: { topic: STORMY, why } },
      ]);
    },
  },
];

/** Another process may learn of the reset a moment later. */
function stopped(error: unknown): undefined {
  expect(error).toMatchObject({ code: 'TOPIC_STOPPED' });
}
