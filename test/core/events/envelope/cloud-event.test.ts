import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChainHash, IsoInstant } from '../../../../core/brands/index.ts';
import {
  EventError,
  fromCloudEvent,
  isAttributeName,
  isAttributeValue,
  parseEventInput,
  toCloudEvent,
  type DeliveredEvent,
} from '../../../../core/events/index.ts';
import { checked } from '../../../support/checked.ts';

const ORIGIN = 'nervous.example/dev/main';
const HASH = checked<ChainHash>('ab'.repeat(32));

const delivered: DeliveredEvent = {
  eventId: 'trans-1',
  topic: 'transactions.new',
  version: 2,
  timestamp: checked<IsoInstant>('2026-11-21T10:00:00.000Z'),
  entityId: 'account:1695',
  userId: 'ana',
  source: 'bank-feed',
  payload: { amount: '3200.00' },
  metadata: {
    traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    correlationId: 'c-1',
    causationId: 'e-0',
    hops: 2,
  },
  ledger: { entity: 'account:1695', seq: 41, hash: checked<ChainHash>(HASH), position: 7_000_000_000 },
};

const minimal = { specversion: '1.0', id: 'e-1', source: 'bank-feed', type: 'transactions.new', data: {} };

function refusal(value: unknown): EventError {
  try {
    fromCloudEvent(value, ORIGIN);
  } catch (error) {
    if (error instanceof EventError) return error;
    throw error;
  }
  throw new Error('was taken');
}

describe('an event as a CloudEvent', () => {
  it('has the attributes of the specification and its extensions', () => {
    expect(toCloudEvent(delivered, ORIGIN)).toEqual({
      specversion: '1.0',
      id: 'trans-1',
      source: 'bank-feed',
      type: 'transactions.new',
      subject: 'account:1695',
      time: '2026-11-21T10:00:00.000Z',
      datacontenttype: 'application/json',
      dataschema: 'https://nervous.example/dev/main/topics/transactions.new/2',
      dataversion: 2,
      userid: 'ana',
      traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
      correlationid: 'c-1',
      causationid: 'e-0',
      hops: 2,
      sequence: '0000000000000041',
      ledgerhash: HASH,
      ledgerposition: '7000000000',
      data: { amount: '3200.00' },
    });
  });

  it('carries what no attribute can hold as text', () => {
    const metadata = {
      targets: ['a', 'b'],
      data: 'x',
      big: 2 ** 40,
      camelCase: true,
      empty: '',
      id: 'mine',
      tenant: 'a',
    };
    const { envelope, tenant, id } = toCloudEvent({ ...delivered, userId: 'line\nbreak', metadata }, ORIGIN);
    const { tenant: _, ...rest } = metadata;
    expect([id, tenant]).toEqual(['trans-1', 'a']);
    expect(JSON.parse(envelope as string)).toEqual({ userId: 'line\nbreak', metadata: rest });
  });

  it('names an attribute with at most twenty characters, and keeps what has a longer name in the envelope', () => {
    const [most, more] = ['a'.repeat(20), 'a'.repeat(21)];
    const event = toCloudEvent({ ...delivered, metadata: { [most]: 'x', [more]: 'y' } }, ORIGIN);
    expect(event[most]).toBe('x');
    expect(event).not.toHaveProperty(more);
    expect(JSON.parse(event['envelope'] as string)).toEqual({ metadata: { [more]: 'y' } });
  });

  it('has no userid where nobody is named', () => {
    const { userId: _, ...ofNobody } = delivered;
    expect(toCloudEvent(ofNobody, ORIGIN)).not.toHaveProperty('userid');
  });

  it('sorts by sequence as the chain does', () => {
    const sequenceOf = (seq: number): string =>
      toCloudEvent({ ...delivered, ledger: { ...delivered.ledger, seq } }, ORIGIN)['sequence'] as string;
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (a, b) => {
        expect(sequenceOf(a) < sequenceOf(b)).toBe(a < b);
      }),
    );
  });
});

describe('a CloudEvent as an event', () => {
  it('needs only what the specification requires, and data', () => {
    expect(fromCloudEvent(minimal, ORIGIN)).toEqual({
      eventId: 'e-1',
      topic: 'transactions.new',
      source: 'bank-feed',
      payload: {},
    });
  });

  it('takes null for absent, extensions for metadata, text for integers', () => {
    const event = { ...minimal, subject: null, time: null, tenant: 'x', flag: true, hops: '3', dataversion: '2' };
    expect(fromCloudEvent(event, ORIGIN)).toMatchObject({ version: 2, metadata: { tenant: 'x', flag: true, hops: 3 } });
  });

  it('knows its own schemas and keeps those of others', () => {
    const own = `https://${ORIGIN}/topics/transactions.new/3`;
    expect(fromCloudEvent({ ...minimal, dataschema: own }, ORIGIN)).toMatchObject({ version: 3 });
    const foreign = { ...minimal, dataschema: 'https://other.example/schema.json', dataversion: 1 };
    expect(fromCloudEvent(foreign, ORIGIN)).toMatchObject({ version: 1, metadata: { dataschema: foreign.dataschema } });
  });

  it('that is read back is the same event', () => {
    const { ledger: _, entityId, ...rest } = delivered;
    const back = fromCloudEvent({ ...toCloudEvent(delivered, ORIGIN), receipt: 'r', attempt: 1 }, ORIGIN);
    expect(back).toEqual({ ...rest, entityId });
    const ofNobody = { ...delivered, entityId: 'module/bank-feed' };
    expect(fromCloudEvent(toCloudEvent(ofNobody, ORIGIN), ORIGIN)).not.toHaveProperty('entityId');
  });

  it.each<[string, unknown, string, RegExp]>([
    ['no object', 'x', '', /must be a CloudEvent/],
    ['a list', [minimal], '', /must be a CloudEvent/],
    ['another version', { ...minimal, specversion: '0.3' }, '/specversion', /must be "1.0"/],
    ['no id', { ...minimal, id: undefined }, '/id', /./],
    ['an empty id', { ...minimal, id: '' }, '/id', /empty/],
    ['a number as type', { ...minimal, type: 7 }, '/type', /text/],
    ['a null source', { ...minimal, source: null }, '/source', /./],
    ['a broken source', { ...minimal, source: '%E0%A4%A' }, '/source', /percent-encode/],
    ['no data', { ...minimal, data: undefined }, '/data', /JSON object/],
    ['null as data', { ...minimal, data: null }, '/data', /JSON object/],
    ['binary data', { ...minimal, data_base64: 'AA==' }, '/data_base64', /JSON in data/],
    ['XML', { ...minimal, datacontenttype: 'application/xml' }, '/datacontenttype', /JSON/],
    ['a local time', { ...minimal, time: '2026-11-21 10:00' }, '/time', /RFC 3339/],
    ['a relative schema', { ...minimal, dataschema: '/schema' }, '/dataschema', /absolute/],
    [
      'a schema of another topic',
      { ...minimal, dataschema: `https://${ORIGIN}/topics/user.login/1` },
      '/dataschema',
      /type/,
    ],
    [
      'no version in the schema',
      { ...minimal, dataschema: `https://${ORIGIN}/topics/transactions.new/x` },
      '/dataschema',
      /type/,
    ],
    [
      'two versions',
      { ...minimal, dataschema: `https://${ORIGIN}/topics/transactions.new/1`, dataversion: 2 },
      '/dataversion',
      /dataschema says 1/,
    ],
    ['a name in upper case', { ...minimal, Tenant: 'x' }, '/Tenant', /a-z and 0-9/],
    ['a name with a dash', { ...minimal, 'foo-bar': 'x' }, '/foo-bar', /a-z and 0-9/],
    ['a nested extension', { ...minimal, tenant: { a: 1 } }, '/tenant', /must be text/],
    ['a fraction', { ...minimal, tenant: 1.5 }, '/tenant', /32 bits/],
    ['a wide integer', { ...minimal, tenant: 2 ** 31 }, '/tenant', /32 bits/],
    ['a control character', { ...minimal, tenant: 'a\u0000' }, '/tenant', /control/],
    ['a noncharacter', { ...minimal, tenant: '\ufffe' }, '/tenant', /control/],
    ['half a surrogate pair', { ...minimal, tenant: '\ud800' }, '/tenant', /control/],
    ['an envelope that is no JSON', { ...minimal, envelope: '{' }, '/envelope', /JSON text/],
    [
      'an envelope with a prototype',
      { ...minimal, envelope: '{"metadata":{"__proto__":1}}' },
      '/envelope',
      /JSON text/,
    ],
    ['an envelope with a payload', { ...minimal, envelope: '{"payload":{}}' }, '/envelope', /./],
  ])('refuses %s and says where', (_, event, pointer, detail) => {
    const error = refusal(event);
    expect(error.code).toBe('EVENT_INVALID');
    expect(error.problems.map((problem) => problem.pointer)).toContain(pointer);
    expect(error.message).toMatch(detail);
  });

  it('refuses or takes whatever it is given, and nothing else happens', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (members) => {
        try {
          fromCloudEvent({ ...minimal, ...members }, ORIGIN);
        } catch (error) {
          expect(error).toBeInstanceOf(EventError);
        }
      }),
    );
  });
});

describe('there and back', () => {
  const key = fc.oneof(
    fc.constantFrom('tenant', 'hops2', 'camelCase', 'data', 'sequence', 'ledgerhash', 'correlationid', 'userid', 'a b'),
    fc.string({ minLength: 1, maxLength: 30 }),
  );
  const value = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.array(fc.string()),
    fc.constant(null),
  );
  const known = fc.record(
    {
      traceparent: fc.constant(`00-${'0'.repeat(31)}1-${'0'.repeat(15)}1-00`),
      correlationId: fc.string({ minLength: 1, maxLength: 128 }),
      causationId: fc.string({ minLength: 1, maxLength: 128 }),
      hops: fc.nat(16),
      targets: fc.array(fc.string({ minLength: 1, maxLength: 10 }), { maxLength: 3 }),
    },
    { requiredKeys: [] },
  );
  const unsafe = [
    '__proto__',
    'constructor',
    'prototype',
    'hops',
    'traceparent',
    'targets',
    'correlationId',
    'causationId',
  ];
  const metadata = fc
    .tuple(fc.dictionary(key, value, { maxKeys: 8, noNullPrototype: true }), known)
    .map(([loose, own]) => ({
      ...Object.fromEntries(Object.entries(loose).filter(([name]) => !unsafe.includes(name))),
      ...own,
    }));
  const event = fc.record({
    eventId: fc.uuid(),
    topic: fc.constantFrom('transactions.new', 'budget.updated'),
    version: fc.integer({ min: 1, max: 1_000_000 }),
    timestamp: fc
      .date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true })
      .map((date) => checked<IsoInstant>(date.toISOString())),
    entityId: fc.constantFrom('account:1', 'account/a:b', 'x'),
    userId: fc.string({ minLength: 1, maxLength: 128 }),
    source: fc.oneof(fc.constantFrom('bank-feed', 'aws.s3', '100%'), fc.string({ minLength: 1, maxLength: 60 })),
    payload: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.string()),
    metadata,
  });

  it('is the same event, whatever its metadata', () => {
    fc.assert(
      fc.property(event, (one) => {
        const ledger = { entity: one.entityId, seq: 3, hash: HASH };
        const cloudEvent = toCloudEvent({ ...one, ledger }, ORIGIN);
        for (const [name, attribute] of Object.entries(cloudEvent)) {
          if (name === 'data') continue;
          expect(isAttributeName(name)).toBe(true);
          expect(isAttributeValue(attribute)).toBe(true);
        }
        const { metadata: before, ...rest } = one;
        const expected = Object.keys(before).length === 0 ? rest : one;
        const sent: unknown = JSON.parse(JSON.stringify(cloudEvent));
        const back = fromCloudEvent(sent, ORIGIN);
        expect(back).toEqual(expected);
        parseEventInput(back);
      }),
      { numRuns: 500 },
    );
  });
});
