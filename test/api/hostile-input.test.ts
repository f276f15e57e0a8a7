/** Hostile input over every route of the table: always a 4xx problem, never a 500, nothing written. */
import fc from 'fast-check';
import { USE_CASES } from '../../core/system/index.ts';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { handleRequest, MAX_BODY_BYTES, ROUTES } from '../../api/index.ts';
import type { Route } from '../../api/route.ts';
import type { ProposeResult } from '../../core/changes/index.ts';
import { call, type Answer } from './call.ts';
import { createTestSystem, type TestSystem } from './test-system.ts';

/** A person who may do everything these routes offer, so that no missing right hides what the input does. */
const CALLER = 'sec';
const CHANGING = ['publish', 'create', 'remove', 'pause', 'resume', 'ack', 'nack', 'redrive', 'receive'].concat([
  'propose',
  'revise',
  'decide',
  'withdraw',
  'abort',
  'execute',
  'initialize',
]);

let fixture: TestSystem;
let writes = 0;
let changeId = '';

beforeAll(async () => {
  fixture = await createTestSystem({ before: () => void (writes += 1) });
  const topic = { topic: 'transactions.new', payload: { amount: '1.00' } };
  await call(fixture, 'POST /v1/events', { as: CALLER, body: { ...topic, eventId: 'e-1', entityId: 'account:1' } });
  await call(fixture, 'POST /v1/subscriptions', { as: CALLER, body: { id: 'totals', topics: ['*'] } });
  const proposal = {
    ...{ entityId: 'account:1', title: 't', rationale: 'r' },
    operations: [{ type: 'state.put', payload: { a: 1 } }],
  };
  const { json } = await call<ProposeResult>(fixture, 'POST /v1/change-sets', { as: CALLER, body: proposal });
  changeId = json.change.id;
});

beforeEach(() => {
  writes = 0;
  fixture.calls.length = 0;
});

/** The route on something that exists. */
function lineOf({ method, path }: Route): string {
  const id = /\/(subscriptions|webhooks)\//.test(path)
    ? 'totals'
    : path.includes('/change-sets/')
      ? changeId
      : path.includes('/events/')
        ? 'e-1'
        : 'account%3A1';
  return `${method} ${path.replace('{id}', id).replace('{topic}', 'transactions.new').replace('{workId}', 'w-1').replace('{key}', '0123456789abcdef')}`;
}

function expectRefused({ problem, status }: Answer, statuses: readonly number[] = [400]): void {
  expect(statuses).toContain(status);
  expect(problem).toBeDefined();
  expect(writes).toBe(0);
}

function expectUntouched(): void {
  const changing = fixture.calls.filter(({ name }) => CHANGING.includes(name.split('.').at(-1) ?? ''));
  expect(changing).toEqual([]);
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const deep = (levels: number, open: string, close: string): string => open.repeat(levels) + close.repeat(levels);

const NOT_JSON: readonly (readonly [string, Uint8Array])[] = [
  ['white space only', text(' \n\t ')],
  ['a word', text('hello')],
  ['NaN', text('{"a":NaN}')],
  ['Infinity', text('[-Infinity]')],
  ['2^53', text('{"a":9007199254740992}')],
  ['-2^53', text('{"a":[-9007199254740992]}')],
  ['a number beyond doubles', text('{"a":1e999}')],
  ['a leading zero', text('{"a":01}')],
  ['an open object', text('{')],
  ['an open string', text('{"a')],
  ['a trailing comma', text('{"a":1,}')],
  ['single quotes', text("{'a':1}")],
  ['a comment', text('{}//')],
  ['two values', text('{}{}')],
  ['a duplicate key', text('{"events":[],"events":[]}')],
  ['a duplicate key written otherwise', text('{"topic":1,"t\\u006fpic":2}')],
  ['a duplicate key inside', text('{"a":[{"b":1,"b":1}]}')],
  ['__proto__', text('{"__proto__":{"isAdmin":true}}')],
  ['an escaped __proto__ inside', text('{"a":{"\\u005f_proto__":1}}')],
  ['constructor', text('{"constructor":{"prototype":1}}')],
  ['a lone surrogate', text('{"a":"\\ud800"}')],
  ['a lone surrogate as key', text('{"\\udfff":1}')],
  ['surrogates in the wrong order', text('{"a":"\\udc00\\ud800"}')],
  ['a raw control character', text('{"a":"\u0001"}')],
  ['a raw newline in a string', text('{"a":"\n"}')],
  ['NUL', text('\u0000')],
  ['a byte order mark', text('\ufeff{}')],
  ['UTF-16', new Uint8Array(Buffer.from('{"a":1}', 'utf16le'))],
  ['invalid UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
  ['overlong UTF-8', new Uint8Array([0x22, 0xc0, 0x80, 0x22])],
  ['an encoded surrogate', new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22])],
  ['a cut-off character', new Uint8Array([0x22, 0xe2, 0x82])],
  ['65 levels of arrays', text(deep(65, '[', ']'))],
  ['65 levels of objects', text(`${'{"a":'.repeat(65)}1${'}'.repeat(65)}`)],
  ['half a million levels', text(deep(500_000, '[', ']'))],
];

const withBody = ROUTES.filter(({ body }) => body !== undefined);

describe.each(withBody.map((route) => [`${route.method} ${route.path}`, route] as const))(
  'the body of %s',
  (_n, route) => {
    it.each(NOT_JSON)('may not be %s', async (_what, bytes) => {
      const answer = await call(fixture, lineOf(route), { as: CALLER, bytes });
      expectRefused(answer);
      expect(['NOT_I_JSON', 'TOO_DEEP']).toContain(answer.problem?.code);
      expectUntouched();
    });

    it.each([
      undefined,
      'text/plain',
      'text/html',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/jsonp',
      'application/json, text/plain',
      'application/json; charset=utf-16',
      'application/problem+json',
      '',
    ])('may not be of type %j', async (type) => {
      const headers = { 'content-type': type } as Record<string, string>;
      const answer = await call(fixture, lineOf(route), { as: CALLER, bytes: text('{}'), headers });
      expectRefused(answer, [415]);
      expectUntouched();
    });

    it.each(['gzip', 'br', 'gzip, identity', 'unknown'])('may not be encoded as %s', async (encoding) => {
      const answer = await call(fixture, lineOf(route), {
        ...{ as: CALLER, bytes: text('{}') },
        headers: { 'content-encoding': encoding },
      });
      expectRefused(answer, [415]);
      expectUntouched();
    });

    it('may not be larger than 1 MiB, even if it is only white space', async () => {
      const bytes = new Uint8Array(MAX_BODY_BYTES + 1).fill(0x20);
      const answer = await call(fixture, lineOf(route), { as: CALLER, bytes });
      expectRefused(answer, [413]);
      expectUntouched();
      const [method = '', target = ''] = lineOf(route).split(' ');
      const announced = await handleRequest(
        {
          ...{ method, target, principal: fixture.as(CALLER), signal: new AbortController().signal },
          headers: { 'content-type': 'application/json', 'content-length': String(MAX_BODY_BYTES + 1) },
          body: () => Promise.reject(new Error('must not be read')),
        },
        fixture.system,
      );
      expect(announced.status).toBe(413);
    });

    // What a conditional route asks first: which state is meant.
    const headers: Record<string, string> = route.conditional === true ? { 'if-match': '*' } : {};

    it.each([null, true, false, 0, -1, 1.5, '', 'x', [], [[]], [{}], [null]])('may not be %j', async (body) => {
      const answer = await call(fixture, lineOf(route), { as: CALLER, body, headers });
      expectRefused(answer);
    });

    it('may not have a field of another type, or one nobody knows', async () => {
      for (const body of mutations(route)) {
        const answer = await call(fixture, lineOf(route), { as: CALLER, body, headers });
        expect(answer.problem, JSON.stringify(body)).toBeDefined();
        expectRefused(answer, [400, 403, 413, 422]);
        if (route.body?.checkedBy === 'route') expectUntouched();
      }
    });

    it('may be any JSON without breaking anything', async () => {
      await fc.assert(
        fc.asyncProperty(fc.jsonValue({ noUnicodeString: false }), async (body) => {
          await call(fixture, lineOf(route), { as: CALLER, bytes: text(`{"x":${JSON.stringify(body)}}`) });
          expect(writes).toBe(0);
        }),
        { numRuns: 50 },
      );
    });

    it('may be any bytes without breaking anything', async () => {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
          await call(fixture, lineOf(route), { as: CALLER, bytes });
          expect(writes).toBe(0);
        }),
        { numRuns: 50 },
      );
    });
  },
);

const WRONG = [
  null,
  true,
  1.5,
  -1,
  '',
  '\u0000',
  ' ',
  'ä'.repeat(10),
  'x'.repeat(5000),
  [],
  [null],
  {},
  { a: 1 },
  [[]],
];

/** The examples of a body with every field spoilt in every way that its own schema refuses. */
function mutations({ body }: Route): readonly unknown[] {
  const schema = body?.schema as z.ZodType;
  const options = schema instanceof z.ZodUnion ? (schema.options as readonly z.ZodType[]) : [schema];
  const examples = options.flatMap((option) => (option.meta()?.['examples'] ?? []) as readonly object[]);
  const spoilt = examples.flatMap((example) => [
    { ...example, nobodyKnowsThis: 1 },
    ...Object.keys(example).flatMap((key) => WRONG.map((value) => ({ ...example, [key]: value }))),
  ]);
  return spoilt.filter((value) => !schema.safeParse(value).success && !('events' in value && isFrame(value.events)));
}

/** A batch whose frame is in order is answered event by event; the tests of publishing look at those. */
function isFrame(events: unknown): boolean {
  return Array.isArray(events) && events.length > 0;
}

// What has no body to be refused would do its work: that is tested elsewhere.
const isHarmlessRoute = ({ method, body }: Route): boolean =>
  method === 'GET' || (body !== undefined && !body.optional);
const looked = ROUTES.filter((route) => route.path.includes('{id}') || isHarmlessRoute(route));

describe.each(looked.map((route) => [`${route.method} ${route.path}`, route] as const))('%s', (_name, route) => {
  const isHarmless = isHarmlessRoute(route);
  const isJournaled = USE_CASES[route.operationId].access === 'journal'; // whoever reads it is written down

  if (route.path.includes('{id}'))
    it('takes any path parameter without breaking anything', async () => {
      const paths = fc.oneof(
        fc
          .string({ unit: 'binary', minLength: 1 })
          .filter((id) => id.isWellFormed())
          .map(encodeURIComponent),
        fc.string({ unit: fc.constantFrom(...Array.from('%/.\\;=&?#@:aF0 \u00ff')) }),
      );
      await fc.assert(
        fc.asyncProperty(paths, async (id) => {
          const target = route.path.replace('{id}', id.replaceAll(' ', '%20'));
          const { status } = await call(fixture, `${route.method} ${target}`, { as: CALLER, body: undefined });
          expect(status).toBeLessThan(500);
          expect(writes).toBe(0);
        }),
        { numRuns: 100 },
      );
    });

  if (isHarmless)
    it('takes any query string without breaking anything', async () => {
      const names = Object.keys((route.query as { shape?: object } | undefined)?.shape ?? { x: 1 });
      const pairs = fc.array(
        fc.tuple(fc.constantFrom(...names), fc.string({ unit: fc.constantFrom(...Array.from('%=&+09aF,.*-')) })),
      );
      await fc.assert(
        fc.asyncProperty(pairs, async (query) => {
          const signal = AbortSignal.abort(); // nobody waits for a long poll here
          const target = `${lineOf(route)}?${query.map(([name, value]) => `${name}=${value}`).join('&')}`;
          const { status } = await call(fixture, target, { as: CALLER, signal });
          expect(status).toBeLessThan(500);
          if (!isJournaled) expect(writes).toBe(0);
        }),
        { numRuns: 100 },
      );
    });
});
