import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { CountingIds, MemoryStore } from '../../../../adapters/memory/index.ts';
import {
  createCatalog,
  createPublish,
  createReveal,
  createVault,
  eraseField,
  sensitive,
  sensitivePaths,
  type FieldKeys,
  type Publish,
  type PublishResult,
  type Reveal,
} from '../../../../core/events/index.ts';
import { commitField, parseEntry, type EntryBody } from '../../../../core/ledger/index.ts';
import { createPolicy, modulesSchema, rosterSchema, type Principal } from '../../../../core/policy/index.ts';
import { appenderOn } from '../../ledger/ledger-fixture.ts';

const text = z.string();
const catalog = createCatalog({
  'people.joined': {
    description: 'Somebody joined.',
    versions: {
      1: z.strictObject({
        plan: text,
        name: sensitive(text).optional(),
        home: sensitive(z.strictObject({ street: text })).optional(),
        contact: z.strictObject({ 'e/mail': sensitive(text), kind: text }).optional(),
      }),
    },
  },
});
const policy = createPolicy(
  rosterSchema.parse({ roles: {}, people: [], agents: [] }),
  modulesSchema.parse({ web: { publishes: ['*'], reads: ['*'] }, desk: { reads: ['*'], reveals: ['person:*'] } }),
);
const principal = (id: string): Principal => policy.principal(id) as Principal;
/** Wraps by turning the bytes over and naming the context, so that a mix-up shows. */
const keys: FieldKeys = {
  wrap: async (key, context) => Buffer.concat([Buffer.from(key).reverse(), Buffer.from(context)]),
  unwrap: async (wrapped, context) => {
    if (Buffer.from(wrapped).subarray(32).toString() !== context) throw new Error('of another entity');
    return Buffer.from(wrapped.subarray(0, 32)).reverse();
  },
};

interface Fixture {
  readonly store: MemoryStore;
  readonly publish: Publish;
  readonly reveal: Reveal;
}

function fixture(): Fixture {
  const store = new MemoryStore();
  const ids = new CountingIds();
  const appender = appenderOn(store);
  const vault = createVault({ ledger: 'main', items: store, keys, randomBytes: (length) => ids.bytes(length) });
  return {
    store,
    publish: createPublish({ appender, catalog, policy, ids, vault }),
    reveal: createReveal({ appender, entries: store, policy, ids, vault }),
  };
}

const joined = (payload: object, more: object = {}): object => ({
  ...{ eventId: 'e-1', topic: 'people.joined', entityId: 'person:1', payload: { plan: 'gold', ...payload }, ...more },
});
const full = { name: 'Ada Lovelace', home: { street: 'Dorset' }, contact: { 'e/mail': 'ada@x.test', kind: 'work' } };

async function bodyAt({ store }: Fixture, seq: number): Promise<EntryBody> {
  const [entry] = await store.read('person:1', seq, 1);
  const parsed = entry === undefined ? undefined : parseEntry(entry.note);
  if (parsed?.kind !== 'entry') throw new Error('no entry');
  return parsed.body;
}
const statusOf = (results: readonly PublishResult[]): string =>
  results.map((result) => (result.status === 'rejected' ? result.problem.code : result.status)).join();

describe('marks', () => {
  it.each<[string, z.ZodType]>([
    ['in an array', z.strictObject({ list: z.array(sensitive(text)) })],
    ['in a union', z.strictObject({ one: z.union([z.strictObject({ a: sensitive(text) }), text]) })],
    ['in a record', z.strictObject({ map: z.record(text, sensitive(text)) })],
    ['on the payload itself', sensitive(z.strictObject({}))],
  ])('are refused %s, where there is no one field', (_, schema) => {
    expect(() => sensitivePaths(schema)).toThrow('mark the whole field');
  });

  it('may stand on fields of any kind, also nested and optional ones', () => {
    expect(catalog.sensitive('people.joined', 1)).toEqual(['/name', '/home', '/contact/e~1mail']);
  });
});

describe('confidential fields', () => {
  it('are not in the entry, which commits to them instead', async () => {
    const here = fixture();
    expect(statusOf(await here.publish(principal('web'), [joined(full)]))).toBe('accepted');
    const body = await bodyAt(here, 0);
    expect(body.data['payload']).toEqual({ plan: 'gold', contact: { kind: 'work' } });
    expect(body.commits?.map(({ path }) => path)).toEqual([
      '/payload/contact/e~1mail',
      '/payload/home',
      '/payload/name',
    ]);
    const [entry] = await here.store.read('person:1', 0, 1);
    const everything = JSON.stringify([
      Buffer.from(entry?.note ?? []).toString(),
      await here.store.list('main#sensitive#person:1', { limit: 9 }),
    ]);
    for (const secret of ['Ada', 'Dorset', 'ada@x.test']) expect(everything).not.toContain(secret);
  });

  it('can be checked against their commitments with the salt, by the rule of the format', async () => {
    const salt = Buffer.alloc(32, 7);
    const value = Buffer.from('"Ada"');
    const { createHash } = await import('node:crypto');
    const expected = createHash('sha256')
      .update('nervous-system.field.v1\n')
      .update(Buffer.from('000000000000000d', 'hex'))
      .update('/payload/name')
      .update(salt)
      .update(Buffer.from('0000000000000005', 'hex'))
      .update(value)
      .digest('hex');
    expect(commitField('/payload/name', salt, value)).toBe(expected);
  });

  it('are revealed to whoever has the right, and every look is journaled', async () => {
    const here = fixture();
    await here.publish(principal('web'), [joined(full)]);
    await expect(here.reveal(principal('web'), 'person:1', 0)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const { fields, journaledAt } = await here.reveal(principal('desk'), 'person:1', 0);
    expect(fields).toEqual([
      { path: '/payload/contact/e~1mail', kind: 'value', value: 'ada@x.test' },
      { path: '/payload/home', kind: 'value', value: { street: 'Dorset' } },
      { path: '/payload/name', kind: 'value', value: 'Ada Lovelace' },
    ]);
    expect(await bodyAt(here, journaledAt)).toMatchObject({
      type: 'revealed',
      actor: { kind: 'module', id: 'desk' },
      data: { seq: 0, fields: fields.map(({ path }) => path) },
    });
    await expect(here.reveal(principal('desk'), 'person:1', 1)).rejects.toMatchObject({ code: 'EVENT_NOT_FOUND' });
    await expect(here.reveal(principal('desk'), 'person:1', 9)).rejects.toMatchObject({ code: 'EVENT_NOT_FOUND' });
  });

  it('make an event a duplicate or a conflict like all the rest of it', async () => {
    const here = fixture();
    const publish = async (payload: object): Promise<string> =>
      statusOf(await here.publish(principal('web'), [joined(payload)]));
    expect(await publish(full)).toBe('accepted');
    expect(await publish(full)).toBe('duplicate');
    expect(await publish({ ...full, name: 'Grace' })).toBe('EVENT_ID_CONFLICT');
    expect(await publish({ contact: full.contact })).toBe('EVENT_ID_CONFLICT');
    await here.store.write([eraseField('main', { entity: 'person:1', seq: 0, path: '/payload/name' })]);
    expect(await publish({ ...full, name: 'Grace' })).toBe('duplicate'); // nothing is left to compare with
  });

  it('are kept for each event of a batch, atomic or not', async () => {
    const here = fixture();
    const events = ['a', 'b', 'c'].map((eventId) => joined({ name: `name ${eventId}` }, { eventId }));
    await here.publish(principal('web'), events.slice(0, 1));
    expect(statusOf(await here.publish(principal('web'), events, { atomic: true }))).toBe(
      'duplicate,accepted,accepted',
    );
    for (const [seq, id] of ['a', 'b', 'c'].entries()) {
      const { fields } = await here.reveal(principal('desk'), 'person:1', seq);
      expect(fields).toEqual([{ path: '/payload/name', kind: 'value', value: `name ${id}` }]);
    }
  });

  it('that were erased say so, and the entry stays as it is', async () => {
    const here = fixture();
    await here.publish(principal('web'), [joined(full)]);
    const before = (await here.store.read('person:1', 0, 1))[0]?.note;
    await here.store.write([eraseField('main', { entity: 'person:1', seq: 0, path: '/payload/name' })]);
    const { fields } = await here.reveal(principal('desk'), 'person:1', 0);
    expect(fields.map(({ kind }) => kind)).toEqual(['value', 'value', 'erased']);
    expect((await here.store.read('person:1', 0, 1))[0]?.note).toEqual(before);
  });

  it.each(['another field’s', 'damaged', 'of another entity'])('that are %s are never shown', async (how) => {
    const here = fixture();
    await here.publish(principal('web'), [joined(full), joined(full, { entityId: 'person:2', eventId: 'e-2' })]);
    const place = { pk: 'main#sensitive#person:1', sk: `${'0'.repeat(16)}/payload/name` };
    const other =
      how === 'of another entity'
        ? { ...place, pk: 'main#sensitive#person:2' }
        : { ...place, sk: `${'0'.repeat(16)}/payload/home` };
    const { value } = (await here.store.get(how === 'damaged' ? place : other)) ?? { value: {} };
    const { salt, box } = value as { salt: string; box: string };
    const damaged = { salt, box: `${box.slice(0, 30)}${box[30] === 'A' ? 'B' : 'A'}${box.slice(31)}` };
    await here.store.write([
      { kind: 'put', key: place, value: how === 'damaged' ? damaged : { salt, box }, expect: 'any' },
    ]);
    await expect(here.reveal(principal('desk'), 'person:1', 0)).rejects.toMatchObject({ code: 'FIELD_DAMAGED' });
  });

  it('need a vault: without one the event is refused, not recorded in the clear', async () => {
    const store = new MemoryStore();
    const publish = createPublish({ appender: appenderOn(store), catalog, policy, ids: new CountingIds() });
    await expect(publish(principal('web'), [joined(full)])).rejects.toThrow('no place for them');
    expect(store.log).toEqual([]);
  });
});

it('finds marked fields behind what may be absent, null, or taken by default', () => {
  const inner = z.strictObject({ name: sensitive(text) });
  const schema = z.strictObject({
    ...{ a: inner.optional(), b: inner.nullable(), c: inner.default({ name: '' }), d: inner.nullish() },
    ...{ e: sensitive(text).optional(), f: sensitive(text.nullable()) },
  });
  expect(sensitivePaths(schema)).toEqual(['/a/name', '/b/name', '/c/name', '/d/name', '/e', '/f']);
});
