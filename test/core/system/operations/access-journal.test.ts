/** The access journal: what is recorded of whom, how much of it, and what happens when it cannot be. */
import { beforeEach, describe, expect, it } from 'vitest';
import {
  CountingIds,
  FakeClock,
  localSealer,
  memoryRootSigner,
  MemoryStore,
} from '../../../../adapters/memory/index.ts';
import { createAppender, parseEntry, type EntryBody } from '../../../../core/ledger/index.ts';
import { entryProblem } from '../../../../core/ledger/verify/entry-rules.ts';
import type { AccessPolicy, Principal } from '../../../../core/policy/index.ts';
import { createAccessJournal, type AccessJournal, type AccessSubject } from '../../../../core/system/index.ts';
import { must } from '../../../../core/errors/index.ts';
import { checked } from '../../../support/checked.ts';
import { config, createTestSystem } from '../../../api/test-system.ts';

let store: MemoryStore;
let clock: FakeClock;
let journal: AccessJournal;
let policy: AccessPolicy | undefined;
let random: number;
let broken: boolean;
const errors: unknown[] = [];
const { as } = await createTestSystem();

beforeEach(() => {
  broken = false;
  [policy, random] = [{}, 0.5];
  errors.length = 0;
  clock = new FakeClock();
  store = new MemoryStore({
    faults: {
      before: () => {
        if (broken) throw new Error('the disk is gone');
      },
    },
  });
  const { ledger, origin } = config;
  const ids = new CountingIds();
  const rootSigner = memoryRootSigner(origin);
  const appender = createAppender({ ledger, origin, store, sealer: localSealer, rootSigner, clock, ids });
  journal = createAccessJournal({
    ...{ appender, clock, policy: () => policy, onError: (error) => void errors.push(error) },
    ids: { next: () => ids.next(), random: () => random },
  });
});

const read = (by: string, subject: AccessSubject = {}): Promise<void> =>
  journal.read({ useCase: 'getEntity', principal: as(by), subject });
const refuse = (principal: Principal, code?: string): Promise<void> =>
  journal.refused({ useCase: 'publishEvents', principal, subject: {}, code });

async function journaled(): Promise<EntryBody[]> {
  const bodies = (await store.readLog(0, 1_000)).map(({ note }) => {
    const parsed = parseEntry(note);
    if (parsed.kind !== 'entry') throw new Error(parsed.reason);
    return parsed.body;
  });
  const [certificate, ...others] = bodies;
  if (certificate !== undefined) expect(certificate.type).toBe('key.certified');
  for (const body of others) expect(entryProblem(body, new Set())).toBeUndefined();
  return others;
}

describe('what was read', () => {
  it('is an entry on the chain of the session key: who, for whom, what', async () => {
    await read('advisor', { entities: ['b', 'a', 'b'], from: 3, to: 9, count: 4 });
    await read('ledgerist');
    const [first, second] = await journaled();
    expect(first).toMatchObject({
      ...{ type: 'access.recorded', seq: 0, actor: { kind: 'agent', id: 'advisor', logic: 'advisor@1' } },
      data: {
        operation: 'getEntity',
        outcome: 'succeeded',
        person: 'ann',
        entities: ['a', 'b'],
        from: 3,
        to: 9,
        count: 4,
      },
    });
    expect(second).toMatchObject({ seq: 1, actor: { kind: 'module', id: 'ledgerist' } });
    expect(second?.data['person']).toBeUndefined();
    const [certificate] = await store.readLog(0, 1);
    expect(first?.entity).toBe(must(certificate, 'the certificate').chain.replace('keys/', 'access/'));
  });

  it('moves to another chain with the next session key', async () => {
    await read('ann');
    await clock.advance(3_600_000);
    await read('ann');
    const log = await store.readLog(0, 10);
    expect(new Set(log.map(({ chain }) => chain)).size).toBe(4);
  });

  it('asks for one session key however many begin at once', async () => {
    await Promise.all(Array.from({ length: 20 }, () => read('ann')));
    expect(await journaled()).toHaveLength(20);
  });

  it('names at most 50 entities, and says so', async () => {
    await read('ann', { entities: Array.from({ length: 51 }, (_, i) => `e:${i}`) });
    const [entry] = await journaled();
    expect(entry?.data).toMatchObject({ more: true });
    expect(entry?.data['entities']).toHaveLength(50);
  });

  it('is not shown when it could not be journaled', async () => {
    broken = true;
    await expect(read('ann')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(errors).toEqual([]);
  });

  it('is shown all the same where the policy wants a sample, and the engine is told', async () => {
    [broken, policy, random] = [true, { entities: 99 }, 0.1];
    await read('ann');
    expect(errors).toHaveLength(1);
  });
});

describe('the policy', () => {
  it.each<[string, AccessPolicy | undefined, number, number]>([
    ['says nothing: none', undefined, 0, 0],
    ['names no class: all', {}, 0.999, 1],
    ['says 0: none', { entities: 0 }, 0, 0],
    ['says 30: those under it', { entities: 30 }, 0.29, 1],
    ['says 30: not those above', { entities: 30 }, 0.31, 0],
    ['says 0 of another class: all', { events: 0, changes: 0, refused: 0 }, 0.9, 1],
  ])('%s', async (_, given, at, expected) => {
    [policy, random] = [given, at];
    await read('ann');
    expect(await journaled()).toHaveLength(expected);
  });

  it('cannot leave out who read the journal', async () => {
    policy = { entities: 0, changes: 0, events: 0, refused: 0 };
    await journal.read({ useCase: 'listAccesses', principal: as('aud'), subject: { count: 3 } });
    expect(await journaled()).toHaveLength(1);
  });

  it('has what is done journaled when it is refused, and not when it is done', async () => {
    await journal.read({ useCase: 'publishEvents', principal: as('ann'), subject: {} });
    expect(await journaled()).toEqual([]);
  });
});

describe('what was refused', () => {
  it('is journaled with the reason', async () => {
    await refuse(as('ann'), 'FORBIDDEN');
    expect(await journaled()).toMatchObject([
      { data: { operation: 'publishEvents', outcome: 'refused', code: 'FORBIDDEN' } },
    ]);
  });

  it.each(['BUDGET_SPENT', 'RATE_LIMITED', 'TOPIC_STOPPED', 'LOOP_DETECTED'])(
    '%s is not: it comes of load',
    async (code) => {
      await refuse(as('ann'), code);
      expect(await journaled()).toEqual([]);
    },
  );

  it('is counted where it is too much: 60 at once, then one a second, each for itself', async () => {
    for (let i = 0; i < 100; i++) await refuse(as('ann'), 'FORBIDDEN');
    await refuse(as('rita'), 'FORBIDDEN');
    expect(await journaled()).toHaveLength(61);
    await clock.advance(1_000);
    await refuse(as('ann'), 'FORBIDDEN');
    expect((await journaled()).at(-1)?.data).toMatchObject({ unrecorded: 40 });
    await clock.advance(1_000);
    await refuse(as('ann'), 'FORBIDDEN');
    expect((await journaled()).at(-1)?.data['unrecorded']).toBeUndefined();
  });

  it('is refused all the same when it could not be journaled', async () => {
    broken = true;
    await refuse(as('ann'), 'FORBIDDEN');
    expect(errors).toHaveLength(1);
  });

  it('is not journaled where the policy says so', async () => {
    policy = { refused: 0 };
    await refuse(as('ann'), 'FORBIDDEN');
    expect(await journaled()).toEqual([]);
  });
});

it('what no writer would have written is refused by whoever verifies', async () => {
  await read('ann', { entities: ['a'] });
  const [entry] = await journaled();
  const body = must(entry, 'the entry');
  const problem = (more: Partial<EntryBody>, data: object = {}): string | undefined =>
    entryProblem({ ...body, ...more, data: { ...body.data, ...(data as EntryBody['data']) } }, new Set());
  expect(problem({})).toBeUndefined();
  expect(problem({ entity: checked<EntryBody['entity']>('account:1') })).toContain('does not belong');
  expect(problem({ entity: checked<EntryBody['entity']>('access/x') })).toContain('does not belong');
  for (const data of [
    { payload: 1 },
    { outcome: 'failed' },
    { operation: '' },
    { entities: [] },
    { entities: [' '] },
    { more: false },
    { count: -1 },
  ])
    expect(problem({}, data), JSON.stringify(data)).toBeDefined();
});
