/** Notices on a whole engine over HTTP: who is told of what, live, once, and what becomes of it when rights change. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEngine, type Engine } from '../../adapters/embedded/index.ts';
import { createClient, type Client, type StreamedNotice } from '../../clients/sdk/index.ts';
import type { Notice } from '../../core/system/index.ts';
import { config } from '../support/plain-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'nervous-notices-'));
let engine: Engine;

beforeAll(async () => {
  engine = await startEngine({ config, dataDir: folder, auditMinutes: 0 });
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true });
});

const as = (principal: string): Client => createClient({ url: engine.url, token: engine.tokens[principal] ?? '' });

let made = 0;
async function propose(title = 'A limit', by = 'budget-bot'): Promise<string> {
  const operations = [{ type: 'state.put', payload: { limit: '900.00' } }] as const;
  const entityId = `account:notice-${(made += 1)}`;
  const input = { entityId, title, rationale: 'Asked for', operations: [...operations] };
  return (await as(by).propose(input)).change.id;
}

/** What a person is told of a change-set, when it is there. */
async function told(person: string, change: string, topic: string): Promise<Notice> {
  for (;;) {
    const { notices } = await as(person).notices.list({ limit: 200 });
    const found = notices.find((one) => isAbout(one, change, topic));
    if (found !== undefined) return found as Notice;
    await new Promise((done) => setTimeout(done, 20));
  }
}

function isAbout(one: object, change: string, topic: string): boolean {
  const { subject, topic: of } = one as Partial<Notice>;
  return subject?.id === change && of === topic;
}

async function allOf(person: string): Promise<Notice[]> {
  return (await as(person).notices.list({ limit: 200 })).notices as Notice[];
}

describe('whoever a change-set concerns', () => {
  it('is told once: who may decide, then who proposed it, with facts and no way to decide', async () => {
    const id = await propose();
    const asked = await told('boris', id, 'approvals.requested');
    expect(asked).toMatchObject({ why: 'decides', title: 'Your decision is asked for: A limit', read: false });
    expect(asked.facts).toContainEqual({ name: 'Level', value: 'L1' });
    expect(JSON.stringify(asked)).not.toMatch(/hash|nonce|token|http/i);
    // The agent's owner answers for the proposal, and may not decide on it.
    expect((await allOf('ana')).filter((one) => isAbout(one, id, 'approvals.requested'))).toEqual([]);
    await as('boris').decide(await as('boris').changeSet(id), 'approve');
    expect(await told('ana', id, 'approvals.decided')).toMatchObject({ why: 'proposed' });
    expect(await told('boris', id, 'approvals.ended')).toMatchObject({ why: 'voted' });
    expect((await allOf('boris')).filter((one) => isAbout(one, id, 'approvals.requested'))).toHaveLength(1);
  });

  it('is told of an override at once, overseers too', async () => {
    const id = await propose();
    await told('boris', id, 'approvals.requested');
    const change = await as('eva').changeSet(id);
    await as('eva').override(change, { ticket: 'INC-7', reason: 'payments fail' });
    const notice = await told('ana', id, 'approvals.overridden');
    expect(notice.facts).toContainEqual({ name: 'Ticket', value: 'INC-7' });
    expect(await told('boris', id, 'approvals.review_due')).toMatchObject({ why: 'reviews' });
  });

  it('agents and modules have none', async () => {
    await expect(as('budget-bot').notices.list()).rejects.toMatchObject({ status: 403 });
    await expect(as('budget-engine').notices.markRead({ ids: [1] })).rejects.toMatchObject({ status: 403 });
  });
});

describe('a page of notices', () => {
  it('goes on behind its cursor, counts what is unread and takes marks by cursor and by id', async () => {
    for (const id of [await propose(), await propose()]) await told('boris', id, 'approvals.requested');
    const first = await as('boris').notices.list({ limit: 1 });
    const second = await as('boris').notices.list({ limit: 1, after: first.cursor });
    expect(second.notices[0]?.position).toBeGreaterThan(first.notices[0]?.position ?? Infinity);
    const left = await as('boris').notices.markRead({ upTo: first.cursor });
    expect(left).toBe(first.unread - 1);
    const ids = [second.notices[0]?.position ?? -1];
    expect(await as('boris').notices.markRead({ ids })).toBe(left - 1);
    expect(await as('boris').notices.markRead({ ids })).toBe(left - 1);
    expect((await as('boris').notices.list({ limit: 1 })).notices[0]).toMatchObject({ read: true });
    await expect(as('boris').notices.list({ after: 'p7' })).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
  });

  it('is followed live: what there is, then what comes', async () => {
    const { cursor } = await as('boris').notices.list({ limit: 200 });
    const stop = new AbortController();
    const stream = as('boris').notices.stream({ after: cursor, signal: stop.signal });
    const next = stream.next();
    const id = await propose('Live');
    const { value } = (await next) as { value: StreamedNotice };
    expect(value).toMatchObject({ topic: 'approvals.requested', subject: { kind: 'change-set', id } });
    stop.abort();
    await stream.return();
  });

  it('and reading it changes nothing in the ledger', async () => {
    const before = (await as('eva').state()).entries;
    await as('boris').notices.list();
    await as('boris').notices.markRead({ upTo: (await as('boris').notices.list({ limit: 200 })).cursor });
    expect((await as('eva').state()).entries).toBe(before);
    expect((await as('boris').notices.list()).unread).toBe(0);
  });
});
