/**
 * Claims of work under somebody who may write to the store, or has every key: what the engine was made to accept, and what was signed
 * anew, both verifiers name alike.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Engine } from '../../adapters/embedded/index.ts';
import type { EntryDraft } from '../../core/ledger/index.ts';
import type { Principal } from '../../core/policy/index.ts';
import { copyOf, forge, removeDirs, withDb, withEngine } from '../e2e/tamper-fixture.ts';
import { TwoVerifiers } from './two-verifiers.ts';

vi.unmock('../../adapters/embedded/index.ts');

const original = mkdtempSync(join(tmpdir(), 'nervous-claims-'));
const TTL = 60_000;
const LAYER = { kind: 'module', id: 'agent-layer' } as const;
const ENGINE = { kind: 'module', id: 'budget-engine' } as const;
const SYSTEM = { kind: 'service', id: 'nervous-system' } as const;
let both: TwoVerifiers;

beforeAll(async () => {
  both = await TwoVerifiers.start();
  await withEngine(original, async (engine) => {
    const { work } = engine.system;
    await work.claim(who(engine, 'agent-layer'), { workId: 'w', ttlMs: TTL });
    expect(await publish(engine, { workId: 'w', fence: 0 })).toBe('accepted');
    await propose(engine, 'account:1', { workId: 'w', fence: 0 }, 'agent-layer').catch(() => undefined);
    await work.release(who(engine, 'agent-layer'), { workId: 'w', fence: 0 });
    await work.claim(who(engine, 'budget-bot'), { workId: 'w', ttlMs: TTL });
    await propose(engine, 'account:1', { workId: 'w', fence: 2 });
    await work.claim(who(engine, 'agent-layer'), { workId: 'done', ttlMs: TTL });
    await work.complete(who(engine, 'agent-layer'), { workId: 'done', fence: 0 });
    await engine.log.loop.flush();
  });
});
afterAll(() => {
  both.stop();
  removeDirs();
  rmSync(original, { recursive: true, force: true });
});

function who(engine: Engine, id: string): Principal {
  const principal = engine.system.policy.principal(id);
  if (principal === undefined) throw new Error(`the sample roster has no ${id}`);
  return principal;
}

interface Ref {
  readonly workId: string;
  readonly fence: number;
}

async function publish(engine: Engine, work: Ref): Promise<string> {
  const payload = { module: 'agent-layer', version: '1' };
  const event = { topic: 'module.activated', entityId: 'account:1', payload, work };
  const [result] = await engine.system.publish(who(engine, 'agent-layer'), [event]);
  return result?.status === 'rejected' ? result.problem.code : String(result?.status);
}

function propose(engine: Engine, entityId: string, work: Ref, by = 'budget-bot') {
  return engine.system.changes.propose(who(engine, by), {
    ...{ entityId, title: 'Set the limit', rationale: 'Income is regular', work },
    operations: [{ type: 'state.put', payload: { limit: '1.00' } }],
  });
}

/** The item of a fence, as it was while the claim stood. */
function putBack(dir: string, fence: string): void {
  withDb(dir, (db) => {
    const [before] = db.prepare('SELECT * FROM items WHERE pk LIKE ? LIMIT 1').all('%#work-fence#%');
    if (before === undefined) throw new Error('no claim stands');
    const pk = String(before['pk']).replace(/#work-fence#.*$/, '#work-fence#w');
    db.prepare('UPDATE items SET pk = ?, sk = ? WHERE pk = ? AND sk = ?').run(
      pk,
      fence,
      String(before['pk']),
      String(before['sk']),
    );
  });
}

const event = (topic: string, payload: object, actor: EntryDraft['actor'], idem: string): EntryDraft => ({
  ...{ type: 'event', actor, idem },
  data: { topic, version: 1, source: 'system/work', payload } as EntryDraft['data'],
});
const claimed = (actor: EntryDraft['actor'], more: object = {}) =>
  event('work.claimed', { workId: 'w', by: `${actor.kind}:${actor.id}`, ttlMs: TTL, ...more }, actor, 'forged-claim');
const released = (actor: EntryDraft['actor'], more: object = {}) => {
  const payload = { workId: 'w', by: 'agent:budget-bot', fence: 2, reason: 'released', ...more };
  return event('work.released', payload, actor, 'forged-release');
};
const effect = (work: Ref, actor: EntryDraft['actor'] = LAYER): EntryDraft => ({
  ...{ type: 'event', actor, idem: 'forged-effect' },
  data: {
    ...{ topic: 'module.activated', version: 1, source: actor.id, work: { ...work } },
    payload: { module: 'agent-layer', version: '1' },
  },
});

it('finds sound what is sound', async () => {
  expect(await both.compareDataDir(copyOf(original))).toMatchObject({ verdict: 'OK' });
});

describe('somebody who may write to the store', () => {
  it('makes the engine accept an event under a claim that has ended, and it is found', async () => {
    const dir = copyOf(original);
    putBack(dir, '0#module:agent-layer');
    await withEngine(dir, async (engine) => {
      expect(await publish(engine, { workId: 'w', fence: 0 })).toBe('accepted');
      await engine.log.loop.flush();
    });
    expect(await both.compareDataDir(dir)).toMatchObject({
      verdict: 'STALE_EFFECT',
      detail: expect.stringContaining('"entity":"account:1"') as string,
    });
  });

  it('makes the engine accept a proposal under a claim of somebody else, and it is found', async () => {
    const dir = copyOf(original);
    putBack(dir, '0#agent:budget-bot');
    await withEngine(dir, async (engine) => {
      await propose(engine, 'account:2', { workId: 'w', fence: 0 });
      await engine.log.loop.flush();
    });
    expect(await both.compareDataDir(dir)).toMatchObject({
      verdict: 'STALE_EFFECT',
      detail: expect.stringContaining('"entity":"account:2","seq":0') as string,
    });
  });
});

describe('somebody with every key', () => {
  it.each([
    ['a claim while another stands', 'work:w', claimed(LAYER), 'CLAIM_INVALID'],
    ['a claim of what is completed', 'work:done', claimed(LAYER, { workId: 'done' }), 'CLAIM_INVALID'],
    ['a claim in the name of another', 'work:x', claimed(LAYER, { workId: 'x', by: 'person:eva' }), 'CLAIM_INVALID'],
    ['a claim of work on another chain', 'work:x', claimed(LAYER, { workId: 'y' }), 'CLAIM_INVALID'],
    ['a claim of another form', 'work:x', claimed(LAYER, { workId: 'x', ttlMs: 'long' }), 'CLAIM_INVALID'],
    ['a claim with a field of its own', 'work:x', claimed(LAYER, { workId: 'x', more: 1 }), 'CLAIM_INVALID'],
    ['a release by somebody else', 'work:w', released(LAYER), 'CLAIM_INVALID'],
    ['a release of an older claim', 'work:w', released(LAYER, { by: 'module:agent-layer', fence: 0 }), 'CLAIM_INVALID'],
    ['an expiry that a module says', 'work:w', released(LAYER, { reason: 'expired' }), 'CLAIM_INVALID'],
    ['a release of another session', 'work:w', released(SYSTEM, { reason: 'expired', session: 's' }), 'CLAIM_INVALID'],
    ['the end of what nobody holds', 'work:x', released(SYSTEM, { workId: 'x', reason: 'expired' }), 'CLAIM_INVALID'],
    ['an event under an older claim', 'account:1', effect({ workId: 'w', fence: 0 }), 'STALE_EFFECT'],
    ['an event under a claim of somebody else', 'account:1', effect({ workId: 'w', fence: 2 }, ENGINE), 'STALE_EFFECT'],
    ['an event under a claim that never was', 'account:1', effect({ workId: 'x', fence: 0 }), 'STALE_EFFECT'],
    ['an expiry, as the system says it', 'work:w', released(SYSTEM, { reason: 'expired' }), 'OK'],
  ])('writes %s, and both say what it is', async (_, chain, draft, verdict) => {
    const dir = copyOf(original);
    await forge(dir, [{ chain, draft }]);
    expect(await both.compareDataDir(dir)).toMatchObject({ verdict });
  });
});
