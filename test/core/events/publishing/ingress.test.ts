import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CountingIds, FakeClock, MemoryStore } from '../../../../adapters/memory/index.ts';
import {
  createCatalog,
  createIngress,
  createPublish,
  createQuarantine,
  ingressSchema,
  type Ingest,
  type Quarantine,
} from '../../../../core/events/index.ts';
import { parseEntry, type EntryBody } from '../../../../core/ledger/index.ts';
import { createPolicy, modulesSchema, rosterSchema } from '../../../../core/policy/index.ts';
import { appenderOn } from '../../ledger/ledger-fixture.ts';

const AWS_EVENTS = new URL('../../../samples/aws-events/', import.meta.url);
const samples = readdirSync(AWS_EVENTS)
  .filter((name) => name.endsWith('.json'))
  .map((name) => [name, JSON.parse(readFileSync(new URL(name, AWS_EVENTS), 'utf8')) as Arrived] as const);

interface Arrived {
  readonly id: string;
  readonly source: string;
  readonly 'detail-type': string;
  readonly detail: Record<string, unknown>;
}

const catalog = createCatalog({
  'files.stored': {
    description: 'A file was stored.',
    versions: { 1: z.strictObject({ key: z.string(), size: z.int() }) },
  },
});
const policy = createPolicy(
  rosterSchema.parse({ roles: {}, people: [], agents: [] }),
  modulesSchema.parse({ shop: { publishes: ['files.stored'] }, reader: {}, greedy: { publishes: ['*'] } }),
);
const rules = ingressSchema.parse([
  {
    name: 'stored files',
    when: { source: ['storage'], 'detail-type': ['stored'] },
    topic: 'files.stored',
    entity: 'bucket:{/detail/bucket}/{/detail/a~1b}',
    payload: { key: '/detail/key', size: '/detail/size' },
  },
]);

function fixture(): {
  store: MemoryStore;
  ingest: Ingest;
  quarantine: Quarantine;
  publish: ReturnType<typeof createPublish>;
} {
  const store = new MemoryStore();
  const publish = createPublish({ appender: appenderOn(store), catalog, policy, ids: new CountingIds() });
  const quarantine = createQuarantine({ ledger: 'main', items: store, clock: new FakeClock() });
  return { store, publish, quarantine, ingest: createIngress({ ledger: 'main', rules, policy, publish, quarantine }) };
}

const recorded = (store: MemoryStore): EntryBody[] =>
  store.log
    .map(({ note }) => parseEntry(note))
    .flatMap((parsed) => (parsed.kind === 'entry' && parsed.body.type === 'event' ? [parsed.body] : []));

const arrived = (more: object = {}): object => ({
  ...{ version: '0', id: 'e-1', 'detail-type': 'stored', source: 'storage', time: '2026-01-01T00:00:00Z' },
  ...{ account: '111122223333', region: 'eu-west-1', resources: [] },
  detail: { bucket: 'b', 'a/b': 7, key: 'k', size: 3, more: 'ignored' },
  ...more,
});

describe('events of AWS services', () => {
  it.each(samples)('%s: recorded once under its own topic, by a service', async (_, event) => {
    const { store, ingest } = fixture();
    const topic = `${event.source}.${event['detail-type'].toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`;
    const entity = `module/${event.source}`;
    expect(await ingest(event)).toMatchObject({ status: 'accepted', eventId: event.id, entity, seq: 0 });
    expect(await ingest(event)).toMatchObject({ status: 'duplicate', seq: 0 });
    expect(recorded(store)).toMatchObject([
      {
        entity,
        idem: event.id,
        actor: { kind: 'service', id: event.source, via: 'eventbridge' },
        data: { topic, version: 1 },
      },
    ]);
    const { payload } = recorded(store)[0]?.data as unknown as { payload: Arrived };
    expect(Object.keys(payload.detail)).toEqual(expect.arrayContaining(Object.keys(event.detail)));
  });

  it('keep fractions as text, because entries hold integers', async () => {
    const { store, ingest } = fixture();
    await ingest(arrived({ source: 'aws.ec2', detail: { load: 0.25, big: 1e21, cores: 2, list: [1.5] } }));
    expect(recorded(store)[0]?.data).toMatchObject({
      payload: { detail: { load: '0.25', big: '1e+21', cores: 2, list: ['1.5'] } },
    });
  });

  it('may be put again under replay.aws.…, and stay told from the originals', async () => {
    const { store, ingest } = fixture();
    await ingest(arrived({ source: 'aws.s3' }));
    await ingest(arrived({ source: 'replay.aws.s3' }));
    expect(recorded(store).map(({ actor, data }) => [actor.id, data['topic']])).toEqual([
      ['aws.s3', 'aws.s3.stored'],
      ['replay.aws.s3', 'aws.s3.stored'],
    ]);
  });

  it('cannot be published by a module, whatever its rights', async () => {
    const { publish } = fixture();
    const greedy = policy.principal('greedy');
    if (greedy === undefined) throw new Error('no such module');
    const [result] = await publish(greedy, [{ topic: 'aws.s3.object-created', payload: {} }]);
    expect(result).toMatchObject({ status: 'rejected', problem: { code: 'FORBIDDEN' } });
  });
});

describe('events with a rule', () => {
  it('get its topic, entity and payload', async () => {
    const { store, ingest } = fixture();
    expect(await ingest(arrived())).toMatchObject({ status: 'accepted', entity: 'bucket:b/7' });
    expect(recorded(store)).toMatchObject([
      { actor: { kind: 'service', id: 'storage' }, data: { topic: 'files.stored', payload: { key: 'k', size: 3 } } },
    ]);
  });
});

describe("a module's events", () => {
  it('are recorded as its own, under its own event id', async () => {
    const { store, ingest } = fixture();
    const detail = { eventId: 'own-1', entityId: 'bucket:b', payload: { key: 'k', size: 1 } };
    const event = arrived({ source: 'nervous.main.shop', 'detail-type': 'files.stored', detail });
    expect(await ingest(event)).toMatchObject({ status: 'accepted', eventId: 'own-1', entity: 'bucket:b' });
    expect(await ingest({ ...event, id: 'e-2' })).toMatchObject({ status: 'duplicate' });
    expect(recorded(store)).toMatchObject([{ actor: { kind: 'module', id: 'shop', via: 'eventbridge' } }]);
  });
});

describe('what does not fit', () => {
  const detail = { entityId: 'bucket:b', payload: { key: 'k', size: 1 } };
  it.each<[string, unknown, RegExp]>([
    ['text', 'not JSON', /not an EventBridge event/],
    ['an array', [], /not an EventBridge event/],
    ['null', null, /not an EventBridge event/],
    ['no id', arrived({ id: undefined }), /id/],
    ['an id that is none', arrived({ id: 'a b' }), /id/],
    ['a detail that is no object', arrived({ detail: 'x' }), /detail/],
    ['an unknown source', arrived({ source: 'somebody' }), /no ingress rule takes source "somebody"/],
    ['a module that does not exist', arrived({ source: 'nervous.main.nobody' }), /no module is called so/],
    ['an entity that is not there', arrived({ detail: { bucket: 'b' } }), /takes the entity from \/detail\/a~1b/],
    ['an entity that is none', arrived({ detail: { bucket: ' ', 'a/b': 1 } }), /EVENT_INVALID/],
    ['a payload that is none', arrived({ detail: { bucket: 'b', 'a/b': 1, size: 'x' } }), /PAYLOAD_INVALID/],
    [
      'a module without the right',
      arrived({ source: 'nervous.main.reader', 'detail-type': 'files.stored', detail }),
      /FORBIDDEN/,
    ],
    ['a detail-type without a name', arrived({ source: 'aws.ec2', 'detail-type': '!?' }), /makes no topic/],
    ['a lone surrogate', arrived({ source: 'aws.ec2', detail: { text: '\ud800' } }), /NOT_I_JSON/],
    ['too much', arrived({ source: 'aws.ec2', detail: { text: 'x'.repeat(70_000) } }), /ENTRY_TOO_LARGE/],
  ])('is kept whole with the reason, once: %s', async (_, event, reason) => {
    const { store, ingest, quarantine } = fixture();
    const result = await ingest(event);
    expect(result).toMatchObject({ status: 'quarantined', reason: expect.stringMatching(reason) as unknown });
    await ingest(event);
    const kept = await quarantine.list({ limit: 9 });
    expect(kept).toHaveLength(1);
    expect(kept[0]?.reason).toMatch(reason);
    const whole = kept[0]?.event;
    expect(typeof whole === 'string' && typeof event !== 'string' ? JSON.parse(whole) : whole).toEqual(
      JSON.parse(JSON.stringify(event)),
    );
    expect(recorded(store)).toEqual([]);
  });

  it('is not what the store could not take: that is tried again', async () => {
    const { ingest, quarantine, store } = fixture();
    store.commit = () => Promise.reject(new Error('the disk is full'));
    await expect(ingest(arrived({ source: 'aws.ec2' }))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await quarantine.list({ limit: 9 })).toEqual([]);
  });
});
