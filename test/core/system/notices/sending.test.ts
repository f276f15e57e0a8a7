/** Notices sent on: together, not too often, again after a failure, never again to who refuses, and nothing to who may not read. */
import { describe, expect, it } from 'vitest';
import {
  CountingIds,
  FakeClock,
  localSealer,
  memoryRootSigner,
  MemoryStore,
} from '../../../../adapters/memory/index.ts';
import { isoOf, type PersonId, type Position } from '../../../../core/brands/index.ts';
import { createVault, eraseField } from '../../../../core/events/index.ts';
import { createAppender } from '../../../../core/ledger/index.ts';
import type { Notice, NoticePreferences, SendOutcome } from '../../../../core/system/contract/notices.ts';
import { mailOf, slackMessageOf, teamsMessageOf } from '../../../../core/system/notices/notice-message.ts';
import { createNoticePreferences } from '../../../../core/system/notices/notice-preferences.ts';
import { createNoticeSender } from '../../../../core/system/notices/notice-sender.ts';
import { createNoticeStore } from '../../../../core/system/notices/notice-store.ts';
import { mimeMessage } from '../../../../adapters/machine/mime-message.ts';
import { checked } from '../../../support/checked.ts';
import { eventually } from '../../../support/eventually.ts';

const MINUTE = 60_000;
const olga = checked<PersonId>('olga');
const principal = { kind: 'person', id: 'olga', personId: olga } as const;
const PREFERENCES = { topics: ['*'], digestMinutes: 15, email: 'olga@example.org' };

function fixture() {
  const [store, clock, ids] = [new MemoryStore(), new FakeClock(), new CountingIds()];
  const origin = 'ledger.test/main';
  const appender = createAppender({
    ...{ ledger: 'main', origin, store, sealer: localSealer, rootSigner: memoryRootSigner(origin), clock, ids },
  });
  const keys = { wrap: async (key: Uint8Array) => key, unwrap: async (key: Uint8Array) => key };
  const vault = createVault({ ledger: 'main', items: store, keys, randomBytes: (length) => ids.bytes(length) });
  const policy = { principal: (id: string) => (id === 'olga' ? principal : undefined) };
  const preferences = createNoticePreferences({ entries: store, policy, appender, ids, vault, allowed: new Set() });
  const notices = createNoticeStore('main', store);
  const state = { may: true, answers: [] as SendOutcome[], errors: [] as unknown[] };
  const sent: { readonly to: string; readonly titles: string[]; readonly id: string }[] = [];
  const sender = createNoticeSender({
    ...{ ledger: 'main', items: store, clock, store: notices, preferences },
    people: () => [olga],
    audience: { concernedBy: async () => new Map(), mayRead: async () => state.may },
    send: {
      email: async (to, told, id) => {
        sent.push({ to, titles: told.map(({ title }) => title), id });
        return state.answers.shift() ?? { kind: 'sent' };
      },
    },
    onError: (error) => state.errors.push(error),
  });
  let position = 0;
  const add = (title: string, topic = 'system.breaker_opened'): Promise<boolean> =>
    notices.add(olga, (position += 1), {
      ...{ topic, at: isoOf(clock.now()), why: 'oversees', title, facts: [], subject: { kind: 'topic', id: 't' } },
    });
  const choose = (more: Partial<NoticePreferences> = {}): Promise<void> =>
    preferences.set(principal, { ...PREFERENCES, ...more });
  return { store, clock, preferences, notices, state, sent, sender, add, choose };
}

describe('messages', () => {
  it('are one for what comes together, and none sooner than the person wants', async () => {
    const { clock, sent, sender, add, choose } = fixture();
    await choose();
    await add('one');
    await add('two');
    expect(await sender.sendDue()).toBeUndefined();
    await add('three');
    const due = await sender.sendDue();
    expect(due).toBe(clock.now() + 15 * MINUTE);
    await clock.advance(14 * MINUTE);
    await add('four');
    await sender.sendDue();
    expect(sent.map(({ titles }) => titles)).toEqual([['one', 'two']]);
    await clock.advance(MINUTE);
    await sender.sendDue();
    await sender.sendDue();
    expect(sent.map(({ titles }) => titles)).toEqual([
      ['one', 'two'],
      ['three', 'four'],
    ]);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(2);
  });

  it('leave out what was read, what is not wanted, what is old, and what its reader may not know any more', async () => {
    const { clock, notices, state, sent, sender, add, choose } = fixture();
    await choose({ topics: ['system.*'], digestMinutes: 0 });
    await add('old');
    await clock.advance(25 * 60 * MINUTE);
    await add('read');
    await notices.markRead(olga, () => true);
    await add('unwanted', 'webhooks.failing');
    await sender.sendDue();
    expect(sent).toEqual([]);
    state.may = false;
    await add('secret');
    await sender.sendDue();
    expect(sent).toEqual([]);
  });

  it('that fail are sent again later, not before the receiver asked, under the same id', async () => {
    const { clock, state, sent, sender, add, choose } = fixture();
    await choose({ digestMinutes: 0 });
    await add('one');
    state.answers.push({ kind: 'later', reason: '429', retryAfterMs: 10 * MINUTE }, { kind: 'later', reason: '500' });
    expect(await sender.sendDue()).toBe(clock.now() + 10 * MINUTE);
    await clock.advance(10 * MINUTE - 1);
    await sender.sendDue();
    expect(sent).toHaveLength(1);
    await clock.advance(1);
    expect(await sender.sendDue()).toBe(clock.now() + 5 * MINUTE);
    await clock.advance(5 * MINUTE);
    await sender.sendDue();
    expect(sent.map(({ titles }) => titles)).toEqual([['one'], ['one'], ['one']]);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
    expect(state.errors.map(String)).toEqual([
      'Error: notices of "olga" by email: 429',
      'Error: notices of "olga" by email: 500',
    ]);
  });

  it('go nowhere where they were refused for good, until the person chooses anew', async () => {
    const { clock, state, sent, sender, add, choose } = fixture();
    await choose({ digestMinutes: 0 });
    await add('one');
    state.answers.push({ kind: 'refused', reason: 'no such mailbox' });
    expect(await sender.sendDue()).toBeUndefined();
    await clock.advance(60 * MINUTE);
    await sender.sendDue();
    expect(sent).toHaveLength(1);
    await choose({ digestMinutes: 0, email: 'olga.new@example.org' });
    await sender.sendDue();
    expect(sent.map(({ to }) => to)).toEqual(['olga@example.org', 'olga.new@example.org']);
  });
});

describe('a person', () => {
  const people = Array.from({ length: 20 }, (_, i) => checked<PersonId>(`person-${i}`));
  const notice: Notice = {
    ...{ topic: 'system.breaker_opened', at: isoOf(new FakeClock().now()), why: 'oversees', title: 'one', facts: [] },
    ...{ subject: { kind: 'topic', id: 't' }, position: checked<Position>(1), read: false },
  };

  it('whose channel never answers, or whose preferences cannot be read, holds up nobody', async () => {
    const [clock, items] = [new FakeClock(), new MemoryStore()];
    const sent: string[] = [];
    const errors: string[] = [];
    const sender = createNoticeSender({
      ...{ ledger: 'main', items, clock, people: () => people, store: { list: async () => [notice] } },
      audience: { concernedBy: async () => new Map(), mayRead: async () => true },
      preferences: {
        of: async (id) => {
          if (id === 'person-1') throw new Error('damaged');
          return { topics: ['*'], digestMinutes: 0, email: id, seq: 0 };
        },
      },
      send: {
        email: (to) => (to === 'person-0' ? new Promise(() => {}) : (sent.push(to), Promise.resolve({ kind: 'sent' }))),
      },
      onError: (error) => errors.push(String(error)),
    });
    const sending = sender.sendDue();
    await eventually(() => expect(sent).toEqual(people.slice(2)));
    await clock.advance(30_000);
    expect(await sending).toBe(clock.now() - 30_000 + MINUTE);
    expect(errors).toEqual(['Error: damaged', 'Error: notices of "person-0" by email: no answer came']);
  });
});

describe('an address', () => {
  it('stands in no entry, and is gone for good when its field is erased', async () => {
    const { store, preferences, choose, add, sender, sent } = fixture();
    await choose();
    const [entry] = await store.readLog(1, 1); // behind the certified key
    expect(Buffer.from(entry?.note ?? '').toString()).toMatch(/"topic":"notices.preferred"/);
    for (const { note } of await store.readLog(0, 100)) expect(Buffer.from(note).toString()).not.toContain('olga@');
    expect(await preferences.of(olga)).toMatchObject(PREFERENCES);
    await store.write([eraseField('main', { entity: 'notices:olga', seq: 0, path: '/payload/email' })]);
    expect(await preferences.of(olga)).not.toHaveProperty('email');
    await add('one');
    await sender.sendDue();
    expect(sent).toEqual([]);
  });

  it.each([
    ['http://hooks.example.org/x', 'must begin with https'],
    ['https://169.254.169.254/x', 'is not a public address'],
    ['https://127.1/x', 'is not a public address'],
    ['https://u:p@hooks.example.org/x', 'must hold no credentials'],
  ])('%s is refused', async (slack, why) => {
    const { choose } = fixture();
    await expect(choose({ slack })).rejects.toMatchObject({
      code: 'NOTICE_CHANNEL_INVALID',
      message: expect.stringContaining(why) as string,
    });
  });
});

describe('hostile text', () => {
  const EVIL = `<script>alert(1)</script> <!channel> [x](https://evil.example) *b* "q" & '`;
  const notice = (title: string): Notice => ({
    ...{ topic: 'approvals.requested', at: checked('2026-11-22T09:00:00.000Z'), why: 'decides', read: false },
    ...{ position: 7, title, facts: [{ name: 'Proposed by', value: title }] },
    subject: { kind: 'change-set', id: 'c/../1' },
  });
  const context = { origin: 'ledger.test/main', link: 'https://console.example/changes/' };

  it('is text in a mail, and its link carries an id and nothing else', () => {
    const mail = mailOf([notice(EVIL)], { to: 'a@example.org', id: 'x@y', ...context });
    expect(mail.html).not.toMatch(/<script|<!channel|href="https:\/\/evil/);
    expect(mail.html).toContain('href="https://console.example/changes/c%2F..%2F1"');
    expect(mail.text).toContain(EVIL);
    expect(mail.text).toContain('This message decides nothing');
  });

  it('breaks no header and no part of a mail', () => {
    const subject = 'ünï '.repeat(60);
    const mail = { ...mailOf([notice(EVIL)], { to: 'a@example.org', id: 'x@y', ...context }), subject };
    const bytes = mimeMessage(mail, { from: 'nervous@example.org', now: 0 });
    const [head = ''] = bytes.split('\r\n\r\n');
    expect(Math.max(...bytes.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(98);
    expect(head).toMatch(/^[\x20-\x7e\r\n]*$/);
    const words = [...head.matchAll(/=\?utf-8\?B\?([^?]*)\?=/g)].map(([, word = '']) =>
      Buffer.from(word, 'base64').toString(),
    );
    expect(words.join('')).toBe(subject);
    expect(() =>
      mimeMessage({ ...mail, to: 'a@example.org\r\nBcc: all@example.org' }, { from: 'n@e', now: 0 }),
    ).toThrow(RangeError);
  });

  it('is plain text in Slack and in Teams, where it mentions nobody and links nowhere', () => {
    const slack = slackMessageOf([notice(EVIL)], context) as { text: string; blocks: { text: { type: string } }[] };
    expect(slack.text).not.toMatch(/[<>]/);
    expect(new Set(slack.blocks.map(({ text }) => text.type))).toEqual(new Set(['plain_text']));
    const teams = JSON.stringify(teamsMessageOf([notice(EVIL)], context));
    expect(teams).not.toMatch(/"TextBlock"|"FactSet"|Action\./);
  });

  it('of 200 notices with long titles stays within what each takes', () => {
    const many = Array.from({ length: 200 }, (_, i) => notice(`${i} ${'€'.repeat(158)}`));
    const slack = slackMessageOf(many, context) as { blocks: { text: { text: string } }[] };
    expect(slack.blocks.length).toBeLessThanOrEqual(50);
    expect(Math.max(...slack.blocks.map(({ text }) => text.text.length))).toBeLessThanOrEqual(3_000);
    expect(JSON.stringify(slack)).toMatch(/and 1\d\d more/);
    expect(Buffer.byteLength(JSON.stringify(teamsMessageOf(many, context)))).toBeLessThan(28_000);
    expect(mailOf(many, { to: 'a@b.c', id: 'i', ...context }).subject.length).toBeLessThanOrEqual(140);
  });
});
