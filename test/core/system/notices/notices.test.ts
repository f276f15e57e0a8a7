/** Notices in memory: bounded, once, made again from the log, believed of the system alone, and withdrawn from who may not read. */
import { describe, expect, it } from 'vitest';
import {
  CountingIds,
  FakeClock,
  localSealer,
  memoryRootSigner,
  MemoryStore,
} from '../../../../adapters/memory/index.ts';
import type { IsoInstant, PersonId, Position } from '../../../../core/brands/index.ts';
import { systemEvent } from '../../../../core/events/envelope/system-event.ts';
import { createAppender, type EntryDraft } from '../../../../core/ledger/index.ts';
import { createPolicy, livePolicy, rosterSchema, type Policy, type Principal } from '../../../../core/policy/index.ts';
import { createOpenStreams } from '../../../../core/system/feed/open-streams.ts';
import type { MadeNotice, Notice } from '../../../../core/system/contract/notices.ts';
import { createNoticeAudience } from '../../../../core/system/notices/notice-audience.ts';
import { createNoticeReader } from '../../../../core/system/notices/notice-reader.ts';
import { createNoticeStore, MAX_HELD, type StoredNotice } from '../../../../core/system/notices/notice-store.ts';
import { createNotices } from '../../../../core/system/notices/notices.ts';
import { clip, noticeText } from '../../../../core/system/notices/notice.ts';
import { checked } from '../../../support/checked.ts';

const rosterOf = (olga: string[]): Policy =>
  createPolicy(
    rosterSchema.parse({
      roles: { operator: {}, auditor: {}, security: {}, none: {} },
      people: [
        { personId: 'olga', name: 'Olga', accounts: ['olga', 'olga-2'], roles: olga },
        { personId: 'sam', name: 'Sam', accounts: ['sam'], roles: ['security'] },
        { personId: 'max', name: 'Max', accounts: ['max'], roles: ['none'] },
      ],
      agents: [{ id: 'bot', owner: 'max', logic: 'bot@1', rights: {} }],
    }),
    {},
  );

const person = (id: string): Principal => ({ kind: 'person', id, personId: checked<PersonId>(id) });
const olga = checked<PersonId>('olga');
const AT = checked<IsoInstant>('2026-11-22T09:00:00.000Z');

function fixture() {
  const [store, clock, ids] = [new MemoryStore(), new FakeClock(), new CountingIds()];
  const origin = 'ledger.test/main';
  const state = { policy: rosterOf(['operator']) };
  const policy = livePolicy(() => state.policy);
  const appender = createAppender({
    ...{ ledger: 'main', origin, store, sealer: localSealer, rootSigner: memoryRootSigner(origin), clock, ids },
  });
  const noChanges = { concernedBy: async () => new Map(), mayRead: async () => false };
  const audience = createNoticeAudience(noChanges, policy);
  const notices = createNoticeStore('main', store);
  const made: MadeNotice[] = [];
  const reader = createNoticeReader({
    ...{ entries: store, store: notices, audience, onNotice: (one: MadeNotice) => made.push(one) },
  });
  const preferences = { of: async () => undefined, set: async () => {} };
  const created = createNotices({
    store: notices,
    audience,
    preferences,
    clock,
    streams: createOpenStreams(2),
    pollMs: 10_000,
  });
  const opened = async (subscription: string, module = 'bot'): Promise<void> => {
    const payload = { subscription, module, reason: 'it answers 500' };
    await appender.append({
      entries: [systemEvent('system.breaker_opened', { id: `${subscription}-opened`, payload })],
    });
  };
  const list = async (who: string): Promise<readonly Notice[]> =>
    (await created.notices.list(person(who), { limit: 200 })).notices as readonly Notice[];
  return { store, state, appender, notices, made, reader, opened, list };
}

describe('the reader of the log', () => {
  it('tells an event once to each whom it concerns, however often it is met', async () => {
    const { reader, opened, list, made, notices } = fixture();
    await opened('hook');
    await reader.extend();
    await notices.writeCursor(0); // killed before it wrote how far it was
    await reader.extend();
    expect(await list('olga')).toMatchObject([{ why: 'oversees', title: 'A subscriber fails again and again: hook' }]);
    expect(await list('max')).toMatchObject([{ why: 'owns' }]);
    expect(await list('sam')).toEqual([]);
    expect(made).toHaveLength(2);
  });

  it('two readers at once make the same', async () => {
    const { reader, opened, list } = fixture();
    for (let i = 0; i < 20; i++) await opened(`hook-${i}`);
    await Promise.all([reader.extend(), reader.extend(), reader.extend()]);
    expect((await list('olga')).map(({ subject }) => subject.id)).toEqual(
      Array.from({ length: 20 }, (_, i) => `hook-${i}`),
    );
  });

  it('believes nobody else who publishes under such a topic', async () => {
    const { reader, appender, list } = fixture();
    const payload = { agent: 'bot', rule: 'FORBIDDEN', detail: 'invented', count: 1 };
    const forged = (source: string, topic: string): EntryDraft => ({
      type: 'event',
      actor: { kind: 'module', id: source },
      idem: `${source}-${topic}`,
      data: { topic, version: 1, source, payload },
    });
    for (const [source, topic] of [
      ['agent-layer', 'agent.policy_violated'],
      ['guard', 'agent.policy_violated'],
      ['system/approvals', 'system.breaker_opened'],
    ] as const)
      await appender.append({ entries: [{ chain: 'module:agent-layer', draft: forged(source, topic) }] });
    await reader.extend();
    expect(await list('max')).toEqual([]);
    expect(await list('olga')).toEqual([]);
  });

  it('makes them again from the log, and what was read stays read', async () => {
    const { reader, opened, list, notices } = fixture();
    for (const id of ['a', 'b', 'c']) await opened(id);
    await reader.extend();
    const before = await list('olga');
    await notices.markRead(olga, (position) => position === before[1]?.position);
    await reader.rebuild();
    expect(await list('olga')).toEqual([]);
    await reader.rebuild(); // killed in between, and begun anew
    await opened('d');
    await reader.extend();
    expect((await list('olga')).map(({ subject, read }) => [subject.id, read])).toEqual([
      ['a', false],
      ['b', true],
      ['c', false],
      ['d', false],
    ]);
    expect(await notices.unread(olga)).toBe(3);
  });
});

describe('what is kept', () => {
  const notice = (i: number): StoredNotice => ({
    ...{ topic: 'system.breaker_opened', at: AT, why: 'oversees', title: `${i}` },
    ...{ subject: { kind: 'topic', id: 't' }, facts: [] },
  });

  it('are the newest of each person; the oldest fall out, out of the count of the unread, too', async () => {
    const { notices, store } = fixture();
    const all = MAX_HELD + 25;
    for (let i = 0; i < all; i++) expect(await notices.add(olga, i as Position, notice(i))).toBe(true);
    expect(await notices.add(olga, 3, notice(3))).toBe(false);
    const kept = await notices.list(olga, { after: -1, limit: 500 });
    expect(kept.map(({ position }) => position)).toEqual(Array.from({ length: MAX_HELD }, (_, i) => i + 25));
    expect(await notices.unread(olga)).toBe(MAX_HELD);
    expect(await store.list('main#notices#olga', { limit: 1_000 })).toHaveLength(MAX_HELD);
  });

  it('writers that meet lose nothing', async () => {
    const { notices } = fixture();
    for (let i = 0; i < 10; i++) await notices.add(olga, i, notice(i));
    await Promise.all([
      ...Array.from({ length: 10 }, async (_, i) => notices.markRead(olga, (position) => position === i)),
      notices.add(olga, 10, notice(10)),
    ]);
    expect(await notices.unread(olga)).toBe(1);
    expect(await notices.list(olga, { after: -1, limit: 50 })).toHaveLength(11);
  });
});

describe('who reads', () => {
  it('sees only that there was a notice, when it does not concern them any more', async () => {
    const { reader, opened, list, state } = fixture();
    await opened('hook');
    await reader.extend();
    state.policy = rosterOf(['none']);
    const [withdrawn] = await list('olga');
    expect(withdrawn).toEqual({
      position: expect.any(Number) as number,
      at: expect.any(String) as string,
      read: false,
      withdrawn: true,
    });
    expect(await list('max')).toMatchObject([{ title: 'A subscriber fails again and again: hook' }]);
    state.policy = rosterOf(['auditor']);
    expect(await list('olga')).toMatchObject([{ topic: 'system.breaker_opened' }]);
  });
});

describe('hostile text', () => {
  it.each([
    ['reordered', 'pay \u202Eevil', 'pay \\u202eevil'],
    ['broken into headers', 'a\r\nBcc: all@example.org', 'a\\u000d\\u000aBcc: all@example.org'],
    ['invisible', 'a\u200Bb\u{E0041}', 'a\\u200bb\\u{e0041}'],
  ])('%s is shown as what it is, on one line', (_, text, shown) => {
    expect(clip(text, 100)).toBe(shown);
  });

  it('of 10 kB is cut, between characters', () => {
    expect(Array.from(clip('🦊'.repeat(10_000), 50))).toHaveLength(50);
    const payload = { changeSet: 'c', title: 'x'.repeat(10_000), proposer: ['y'.repeat(10_000)], roles: [{}, null] };
    const text = noticeText({ topic: 'approvals.requested', at: AT, payload });
    expect(JSON.stringify(text).length).toBeLessThan(2_000);
  });

  it('of a payload that is none, is no notice', () => {
    expect(noticeText({ topic: 'approvals.requested', at: AT, payload: { changeSet: { $ne: 1 } } })).toBeUndefined();
    expect(noticeText({ topic: 'constructor', at: AT, payload: {} })).toBeUndefined();
  });
});
