/** Operations that executors carry out: what is asked, what is believed, and what a crash, a lie or silence leads to. */
import * as z from 'zod';
import { describe, expect, it } from 'vitest';
import type { ChainHash } from '../../../../core/brands/index.ts';
import { canonicalize } from '../../../../core/canonical/index.ts';
import {
  foldChange,
  operationTypes,
  signGrant,
  type GrantClaims,
  reduceChange,
  verifyGrant,
  verifyState,
  type Changes,
  type ChangeView,
  type ExecutorRequest,
  type ExecutorsConfig,
} from '../../../../core/changes/index.ts';
import { SYSTEM_ACTOR, type RootSigner } from '../../../../core/ledger/index.ts';
import { memoryRootSigner, type MemoryStoreOptions } from '../../../../adapters/memory/index.ts';
import { FakeExecutor } from '../fake-executor.ts';
import { itemsOf, rebuilt } from '../replay/rebuilt.ts';
import {
  createFixture,
  decision,
  ENTITY,
  entriesOf,
  patchOf,
  proposal,
  risk,
  who,
  type Overrides,
  type Fixture,
} from '../fixture.ts';
import { checked } from '../../../support/checked.ts';

const limit = z.strictObject({ account: z.string(), limit: z.int().nullable() });
const MAX_SECONDS = 20;
const DECLARED: ExecutorsConfig = {
  limits: { version: '1', description: 'limits', schema: limit, reversible: true, maxSeconds: MAX_SECONDS },
};
const invoke = (account: string, to: number | null): object => ({
  type: 'executor.invoke',
  payload: { executor: 'limits', input: { account, limit: to } },
});

interface Here extends Fixture {
  readonly root: RootSigner;
  readonly executor: FakeExecutor;
  readonly overrides: Overrides;
}

function open({
  declared = DECLARED,
  store = {},
}: { declared?: ExecutorsConfig; store?: MemoryStoreOptions } = {}): Here {
  const fixture = createFixture({ store });
  const root = memoryRootSigner('ledger.test/main');
  const executor = new FakeExecutor(root, fixture.clock);
  const overrides = {
    operations: operationTypes(undefined, declared),
    executors: { declared, executors: executor, root },
  };
  return { ...fixture, root, executor, overrides, changes: fixture.other(overrides) };
}

async function approved(here: Here, operations: readonly unknown[]): Promise<ChangeView> {
  const { change } = await here.changes.propose(who('pete'), proposal(operations));
  const people = change.risk?.level === 'L1' ? ['ann'] : ['ann', 'rita'];
  let last = change;
  for (const name of people) last = (await here.changes.decide(who(name), change.id, decision(change))).change;
  await here.clock.advance(3_600_000);
  return last;
}

/** Until it ends, however long it waits and however often a step fails. */
async function run(here: Here, id: string, changes: Changes = here.changes): Promise<string> {
  for (let turns = 0; turns < 500; turns++) {
    let result: Awaited<ReturnType<Changes['advance']>> | undefined;
    const going = changes.advance(id).then(
      (end) => void (result = end),
      () => undefined,
    );
    for (let waited = 0; result === undefined && waited < 40; waited++)
      await here.clock.advance(waited === 0 ? 0 : 1_000);
    await going;
    if (result?.kind === 'end') return result.state;
    if (result?.kind === 'wait') await here.clock.advance(Math.max(1, result.until - here.clock.now()));
  }
  throw new Error('it does not end');
}

/** Record, document and every item are what the chain leads to, whatever executors there are. */
async function expectConsistent(here: Here, id: string): Promise<void> {
  const folded = foldChange(await entriesOf(here, id));
  expect(folded.kind === 'record' && canonicalize(folded.record)).toBe(canonicalize(await here.record(id)));
  const { document, version, hash } = await here.changes.document(who('ann'), ENTITY);
  expect(verifyState(ENTITY, await here.chain())).toEqual({ kind: 'state', document, version, hash });
  expect(await itemsOf(await rebuilt(here))).toEqual(await itemsOf(here.store));
}

const typesOf = async (here: Here, id: string): Promise<string[]> =>
  (await entriesOf(here, id)).map(({ body }) => body.type.replace('change.', ''));
const limitOf = (here: Here, account: string): number | null => here.executor.limits.get(account)?.limit ?? null;

describe('executor.invoke', () => {
  it('is carried out once, with an intent before and the outcome after; the document goes on unchanged', async () => {
    const here = open();
    const { id } = await approved(here, [invoke('a', 500), patchOf('/note', 'x'), invoke('b', 1)]);
    expect(await run(here, id)).toBe('executed');
    expect([limitOf(here, 'a'), limitOf(here, 'b'), here.executor.effects]).toEqual([500, 1, 2]);
    expect(await here.changes.document(who('ann'), ENTITY)).toMatchObject({ document: { note: 'x' }, version: 3 });
    const types = (await typesOf(here, id)).slice(-7);
    expect(types).toEqual(['intent', 'applied', 'intent', 'applied', 'intent', 'applied', 'executed']);
    await expectConsistent(here, id);
  });

  it('binds executor and version, input and inverse in the content hash', async () => {
    const here = open();
    const { change } = await here.changes.propose(who('pete'), proposal([invoke('a', 500)]));
    expect(change.operations[0]).toMatchObject({ executor: 'limits@1', inverse: 'executor-undo' });
    const next = open({ declared: { limits: { ...(DECLARED['limits'] as ExecutorsConfig[string]), version: '2' } } });
    const { change: other } = await next.changes.propose(who('pete'), proposal([invoke('a', 500)]));
    expect(other.contentHash).not.toBe(change.contentHash);
  });

  it.each([
    ['an executor that is not declared', { executor: 'nobody', input: {} }, /no executor "nobody" is declared: limits/],
    ['an input that breaks the schema', { executor: 'limits', input: { account: 'a', limit: 'much' } }, /input\/limit/],
    ['no input', { executor: 'limits' }, /give the executor its input/],
    ['a name of JavaScript', { executor: 'constructor', input: {} }, /no executor "constructor"/],
    ['a key of JavaScript', { executor: 'limits', input: JSON.parse('{"__proto__":1}') as object }, /reserved/],
  ])('refuses %s', async (_, payload, message) => {
    const here = open();
    const propose = here.changes.propose(who('pete'), proposal([{ type: 'executor.invoke', payload }]));
    await expect(propose).rejects.toThrow(message);
    expect(here.executor.calls).toEqual([]);
  });

  it('hands over grants that name this operation, input and precondition, and end soon', async () => {
    const here = open();
    const { id, contentHash } = await approved(here, [invoke('a', 500)]);
    await run(here, id);
    const apply = here.executor.calls.find((call) => call.kind === 'apply') as { grant: string };
    const claims = JSON.parse(Buffer.from(apply.grant.split('.')[1] ?? '', 'base64url').toString()) as object;
    const now = here.clock.now() / 1000;
    expect(claims).toMatchObject({
      ...{ iss: 'ledger.test/main', aud: 'limits@1', jti: `${id}:1:0:apply`, direction: 'apply', contentHash },
      exp: Math.ceil(now) + MAX_SECONDS,
    });
  });
});

describe('what an executor plans', () => {
  const plan =
    (facts: object): ((request: ExecutorRequest) => unknown) =>
    (request) =>
      request.kind === 'plan' ? { facts, inverse: { account: 'a', limit: null } } : undefined;
  const withRules = (here: Here, rules: object[]): Changes =>
    here.other({ ...here.overrides, risk: { ...risk, rules: [...risk.rules, ...rules] as typeof risk.rules } });
  const rule = { name: 'told', roles: ['risk'], approvals: 3, timelockMinutes: 60, enforcement: 'hard' };

  it('raises the risk', async () => {
    const here = open();
    const when = { executors: { plans: { amount: [{ numeric: ['>', 100] }] } } };
    const changes = withRules(here, [{ ...rule, when, level: 'L3' }]);
    const large = await changes.propose(who('pete'), proposal([invoke('a', 500)]));
    expect(large.change.risk).toMatchObject({ level: 'L3', matched: ['note', 'told'], approvals: 3 });
    const small = await changes.propose(who('pete'), proposal([invoke('a', 50)]));
    expect(small.change.risk).toMatchObject({ level: 'L1', matched: ['note'] });
    expect(small.change.risk?.facts['executors']).toEqual({ names: ['limits@1'], plans: [{ amount: 50 }] });
  });

  it('never lowers it, not by making a rule match nor by making one not match', async () => {
    const here = open();
    const harmless = { executors: { plans: { harmless: [true] } } };
    const silent = { executors: { plans: { checked: [{ exists: false }] } } };
    const own = here.other({
      ...here.overrides,
      risk: {
        ...risk,
        rules: [
          { ...rule, name: 'harmless', when: harmless, level: 'L1', approvals: 1, timelockMinutes: 0 },
          { ...rule, name: 'unchecked', when: silent, level: 'L4', approvals: 3 },
        ] as typeof risk.rules,
      },
    });
    here.executor.breaks.before = plan({ harmless: true, checked: true });
    const { change } = await own.propose(who('pete'), proposal([invoke('a', 1)]));
    expect(change.risk).toMatchObject({ level: 'L4', approvals: 3, timelockMinutes: 60 });
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('down');
      },
      /gave no plan: down/,
    ],
    ['answers nothing', () => null, /none that was asked for/],
    ['has no facts', () => ({ inverse: { account: 'a', limit: 1 } }), /none that was asked for/],
    [
      'has too many facts',
      () => ({ facts: { a: 'x'.repeat(2000) }, inverse: { account: 'a', limit: 1 } }),
      /facts has/,
    ],
    [
      'has an inverse it would refuse',
      () => ({ facts: {}, inverse: { account: 1 } }),
      /not an input that its own schema/,
    ],
    ['has no inverse', () => ({ facts: {} }), /not an input that its own schema/],
    ['says fractions', () => ({ facts: { a: 0.5 }, inverse: { account: 'a', limit: 1 } }), /gave no plan/],
    ['says undefined things', () => ({ facts: { a: () => 1 }, inverse: { account: 'a', limit: 1 } }), /gave no plan/],
  ])('is refused at the proposal when it %s', async (_, before, message) => {
    const here = open();
    here.executor.breaks.before = before;
    const refused = expect(here.changes.propose(who('pete'), proposal([invoke('a', 1)]))).rejects;
    await refused.toMatchObject({ code: 'EXECUTOR_FAILED', message: expect.stringMatching(message) as string });
    expect(await here.changes.openIds({ limit: 1 })).toEqual([]);
  });

  it('is refused when it takes too long', async () => {
    const here = open();
    here.executor.breaks.before = () => new Promise(() => {});
    const refused = expect(here.changes.propose(who('pete'), proposal([invoke('a', 1)]))).rejects.toThrow(
      /no answer within/,
    );
    await here.clock.advance(10_000);
    await refused;
  });

  it('must rest on the same when it is intended: otherwise stale, before any effect', async () => {
    const here = open();
    const { id } = await approved(here, [invoke('a', 500)]);
    here.executor.limits.set('a', { limit: 7, version: 1 });
    expect(await run(here, id)).toBe('failed');
    expect(await here.record(id)).toMatchObject({ failure: { code: 'STALE_BASE' }, progress: [] });
    expect(here.executor.kinds()).not.toContain('apply');
    await expectConsistent(here, id);
  });

  it('must be the one that was approved: another inverse on the same state is refused, before any effect', async () => {
    const here = open();
    const { id } = await approved(here, [invoke('a', 500)]);
    here.executor.breaks.before = ({ kind }) =>
      kind === 'plan'
        ? { facts: { amount: 500 }, precondition: { version: 0 }, inverse: { account: 'a', limit: 1_000_000 } }
        : undefined;
    expect(await run(here, id)).toBe('failed');
    expect(await here.record(id)).toMatchObject({ failure: { code: 'EXECUTOR_FAILED' }, progress: [] });
    expect(here.executor.kinds()).not.toContain('apply');
  });

  it('and is stale in the transaction of its effect when something came in between', async () => {
    const here = open();
    const { id } = await approved(here, [invoke('a', 500)]);
    here.executor.breaks.before = ({ kind }) => {
      if (kind === 'apply') here.executor.limits.set('a', { limit: 7, version: 1 });
    };
    expect(await run(here, id)).toBe('failed');
    expect(limitOf(here, 'a')).toBe(7);
    expect((await typesOf(here, id)).slice(-3)).toEqual(['intent', 'not-applied', 'failed']);
    await expectConsistent(here, id);
  });

  it('is asked for again while it gives none at execution; then given up', async () => {
    const here = open();
    const { id } = await approved(here, [invoke('a', 500)]);
    here.executor.breaks.before = ({ kind }) => {
      if (kind === 'plan') throw new Error('down');
    };
    expect(await run(here, id)).toBe('failed');
    const plans = here.executor.kinds().filter((kind) => kind === 'plan').length;
    expect(plans).toBeGreaterThan(5);
    expect(plans).toBeLessThan(60);
    expect(await here.record(id)).toMatchObject({ failure: { code: 'EXECUTOR_FAILED' }, progress: [] });
  });
});

describe('a failure after executors have acted', () => {
  it('is undone in reverse order, executors and documents alike', async () => {
    const here = open();
    here.executor.limits.set('a', { limit: 100, version: 4 });
    const { id } = await approved(here, [invoke('a', 500), patchOf('/note', 'x'), invoke('b', 1), invoke('c', 2)]);
    here.executor.breaks.before = (request) => {
      if (request.kind === 'apply' && canonicalize(request.input).includes('"c"'))
        here.executor.limits.set('c', { limit: 9, version: 9 });
    };
    expect(await run(here, id)).toBe('rolled_back');
    expect([limitOf(here, 'a'), limitOf(here, 'b'), limitOf(here, 'c')]).toEqual([100, null, 9]);
    const undone = (await entriesOf(here, id)).filter(({ body }) => body.type === 'change.undone');
    expect(undone.map(({ body }) => body.data['index'])).toEqual([2, 1, 0]);
    expect((await here.changes.document(who('ann'), ENTITY)).document).toBe(null);
    await expectConsistent(here, id);
  });

  it('tries an undo that fails again, seldomer and seldomer, until it works', async () => {
    const here = open();
    let failures = 3;
    here.executor.breaks.before = ({ kind }) => {
      if (kind === 'undo' && failures-- > 0) throw new Error('not now');
    };
    const { id } = await approved(here, [invoke('a', 500)]);
    await applied(here, id);
    await here.changes.abort(who('ann'), id, { reason: 'stop' });
    expect(await run(here, id)).toBe('rolled_back');
    expect(limitOf(here, 'a')).toBe(null);
    await expectConsistent(here, id);
  });

  it.each([
    [
      'fails for ever',
      () => {
        throw new Error('broken');
      },
      /broken/,
    ],
    ['is refused', () => ({ kind: 'refused', reason: 'the money is gone' }), /the money is gone/],
    ['hangs', () => new Promise(() => {}), /no answer within/],
  ])('and hands an undo that %s to people, with the entity locked', async (_, undo, message) => {
    const here = open();
    here.executor.breaks.before = ({ kind }) => (kind === 'undo' ? undo() : undefined);
    const { id } = await approved(here, [invoke('a', 500)]);
    await applied(here, id);
    await here.changes.abort(who('ann'), id, { reason: 'stop' });
    expect(await run(here, id)).toBe('rollback_failed');
    const { failure } = await here.record(id);
    expect(failure?.message).toMatch(message);
    const isFinal = message.source === 'the money is gone';
    expect(here.executor.kinds().filter((kind) => kind === 'undo').length === 1).toBe(isFinal);
    expect(await here.store.get({ pk: 'main#change-lock', sk: ENTITY })).toBeDefined();
    await expectConsistent(here, id);
  });

  it('cannot undo what is irreversible', async () => {
    const here = open({
      declared: { limits: { ...(DECLARED['limits'] as ExecutorsConfig[string]), reversible: false } },
    });
    const { change } = await here.changes.propose(who('pete'), proposal([invoke('a', 500)]));
    expect(change.operations[0]).toMatchObject({ inverse: 'none' });
    expect(change.risk).toMatchObject({ facts: { reversible: false } });
    for (const name of ['ann', 'rita']) await here.changes.decide(who(name), change.id, decision(change));
    await here.clock.advance(3_600_000);
    await applied(here, change.id);
    await here.changes.abort(who('otto'), change.id, { reason: 'stop' });
    expect(await run(here, change.id)).toBe('rollback_failed');
    expect(here.executor.kinds()).not.toContain('undo');
  });
});

/** Takes the steps up to the applied operation, and no further. */
async function applied(here: Here, id: string): Promise<void> {
  for (const step of ['claim', 'intend', 'apply'] as const) await here.changes.runStep(step, id);
}

describe('an outcome that nobody knows', () => {
  const lost = (here: Here, direction: 'apply' | 'undo', times = 1): void => {
    let left = times;
    here.executor.breaks.after = ({ kind }) => {
      if (kind === direction && left-- > 0) throw new Error('connection reset');
    };
  };

  it('is resolved by status: applied, and not applied again', async () => {
    const here = open();
    const { id } = await approved(here, [invoke('a', 500)]);
    lost(here, 'apply');
    expect(await run(here, id)).toBe('executed');
    expect(here.executor.kinds().filter((kind) => kind === 'apply')).toHaveLength(1);
    expect(here.executor.effects).toBe(1);
    await expectConsistent(here, id);
  });

  it('is resolved by status: not applied, and applied then', async () => {
    const here = open();
    const { id } = await approved(here, [invoke('a', 500)]);
    let failures = 2;
    here.executor.breaks.before = ({ kind }) => {
      if (kind === 'apply' && failures-- > 0) throw new Error('connection refused');
    };
    expect(await run(here, id)).toBe('executed');
    expect(here.executor.effects).toBe(1);
  });

  it('is not applied for good only when every grant for it is over', async () => {
    const here = open();
    const { id } = await approved(here, [invoke('a', 500)]);
    const begun = here.clock.now();
    let lastCall = 0;
    here.executor.breaks.before = ({ kind }) => {
      if (kind !== 'apply') return;
      lastCall = here.clock.now();
      throw new Error('connection refused');
    };
    expect(await run(here, id)).toBe('failed');
    expect(here.clock.now() - begun).toBeGreaterThanOrEqual((MAX_SECONDS + 5) * 1000);
    expect(lastCall - begun).toBeLessThan((MAX_SECONDS + 1) * 1000);
    expect((await typesOf(here, id)).slice(-3)).toEqual(['intent', 'not-applied', 'failed']);
    const last = here.executor.calls.findLast((call) => call.kind === 'apply');
    here.executor.breaks.before = undefined as never;
    expect(await here.executor.call('limits', last as ExecutorRequest)).toMatchObject({ kind: 'refused' });
    expect(here.executor.effects).toBe(0);
    await expectConsistent(here, id);
  });

  it('that stays unknown leads to a rollback that undoes it, and closes it to a late answer', async () => {
    const here = open();
    const { id } = await approved(here, [patchOf('/note', 'x'), invoke('a', 500)]);
    let late: (() => Promise<unknown>) | undefined;
    here.executor.breaks.before = (request) => {
      if (request.kind === 'apply') {
        late = () => here.executor.call('limits', request);
        throw new Error('no answer');
      }
      if (request.kind === 'status' && request.opKey.endsWith(':apply') && late) throw new Error('no answer');
      return undefined;
    };
    expect(await run(here, id)).toBe('rolled_back');
    const types = await typesOf(here, id);
    expect(types.slice(-4)).toEqual(['rolling-back', 'undone', 'undone', 'rolled-back']);
    here.executor.breaks.before = () => undefined;
    expect(await late?.()).toMatchObject({ kind: 'refused' });
    expect(limitOf(here, 'a')).toBe(null);
    await expectConsistent(here, id);
  });

  it('and had its effect after all is taken back by the undo', async () => {
    const here = open();
    const { id } = await approved(here, [invoke('a', 500)]);
    here.executor.breaks.after = (request) => {
      const isDark = here.executor.kinds().includes('apply') && request.kind !== 'undo';
      if (isDark && !(request.kind === 'status' && request.opKey.endsWith(':undo'))) throw new Error('no answer');
    };
    expect(await run(here, id)).toBe('rolled_back');
    expect([here.executor.effects, limitOf(here, 'a')]).toEqual([2, null]);
    await expectConsistent(here, id);
  });

  it('of an undo is resolved by status too', async () => {
    const here = open();
    const { id } = await approved(here, [invoke('a', 500)]);
    await applied(here, id);
    lost(here, 'undo');
    await here.changes.abort(who('ann'), id, { reason: 'stop' });
    expect(await run(here, id)).toBe('rolled_back');
    expect(here.executor.kinds().filter((kind) => kind === 'undo')).toHaveLength(1);
    await expectConsistent(here, id);
  });

  it('of what is irreversible is waited for, then handed to people', async () => {
    const here = open({
      declared: { limits: { ...(DECLARED['limits'] as ExecutorsConfig[string]), reversible: false } },
    });
    const { change } = await here.changes.propose(who('pete'), proposal([invoke('a', 500)]));
    for (const name of ['ann', 'rita']) await here.changes.decide(who(name), change.id, decision(change));
    await here.clock.advance(3_600_000);
    here.executor.breaks.before = ({ kind }) => {
      if (kind !== 'plan') throw new Error('no answer');
    };
    expect(await run(here, change.id)).toBe('rollback_failed');
    await expectConsistent(here, change.id);
  });

  it('is undone as well when somebody aborts while the call is under way', async () => {
    const here = open();
    const { id } = await approved(here, [invoke('a', 500)]);
    here.executor.breaks.after = async ({ kind }) => {
      if (kind === 'apply') await here.changes.abort(who('ann'), id, { reason: 'stop' });
    };
    expect(await run(here, id)).toBe('rolled_back');
    expect([here.executor.effects, limitOf(here, 'a')]).toEqual([2, null]);
    await expectConsistent(here, id);
  });
});

describe('a hostile executor', () => {
  const junk: readonly [string, () => unknown][] = [
    ['answers junk', () => 'yes'],
    ['answers another kind', () => ({ kind: 'done' })],
    [
      'throws what is no error',
      () => {
        throw 'oops' as unknown as Error;
      },
    ],
    [
      'answers what explodes when it is read',
      () => ({
        get kind(): string {
          throw new Error('boo');
        },
      }),
    ],
    ['answers at great length', () => ({ kind: 'x'.repeat(1_000_000) })],
    ['hangs', () => new Promise(() => {})],
  ];
  it.each(junk)('that %s to everything ends in a rollback or with people, never executed', async (_, answer) => {
    const here = open();
    const { id } = await approved(here, [invoke('a', 500)]);
    here.executor.breaks.before = ({ kind }) => (kind === 'plan' ? undefined : answer());
    expect(await run(here, id)).toBe('rollback_failed');
    expect(here.executor.effects).toBe(0);
    expect((await here.record(id)).failure?.message.length).toBeLessThan(600);
    await expectConsistent(here, id);
  });

  it('that says "refused" of what it did is found out by its status, and undone or executed, never failed', async () => {
    const here = open();
    const { id } = await approved(here, [invoke('a', 500)]);
    here.executor.breaks.after = ({ kind }) => (kind === 'apply' ? { kind: 'refused', reason: 'no' } : undefined);
    expect(await run(here, id)).toBe('executed');
    expect(here.executor.effects).toBe(1);
  });

  it('steers no terminal with its reasons', async () => {
    const here = open();
    const { id } = await approved(here, [invoke('a', 500)]);
    here.executor.breaks.before = ({ kind }) =>
      kind === 'apply' || kind === 'status'
        ? { kind: 'refused', reason: `\u001b[2Jgone\u202e${'!'.repeat(9_000)}` }
        : undefined;
    expect(await run(here, id)).toBe('failed');
    expect((await here.record(id)).failure?.message).toBe(`\\u001b[2Jgone\\u202e${'!'.repeat(481)}`);
  });

  it.each([
    ['sent', '\ud83d'],
    ['cut', `${'!'.repeat(499)}\u{1f4a5}`],
  ])(
    'ends on half a character that was %s in a reason: nothing stays locked that cannot be told',
    async (_, reason) => {
      const here = open();
      const { id } = await approved(here, [invoke('a', 500)]);
      here.executor.breaks.before = ({ kind }) =>
        kind === 'apply' || kind === 'status' ? { kind: 'refused', reason } : undefined;
      expect(await run(here, id)).toBe('failed');
      expect((await here.record(id)).failure?.message).toMatch(/\ufffd$/);
    },
  );
});

describe('two processes at once, and a crash at every write', () => {
  it('carry it out once', async () => {
    const here = open();
    const { id } = await approved(here, [invoke('a', 500), invoke('b', 1)]);
    const second = here.other(here.overrides);
    await Promise.all([run(here, id), run(here, id, second)]);
    expect((await here.record(id)).state).toBe('executed');
    expect(here.executor.effects).toBe(2);
    await expectConsistent(here, id);
  });

  for (const when of ['before', 'after'] as const)
    for (const direction of ['forwards', 'back'] as const)
      it(`${when} it is persisted, ${direction}: the same end as without`, async () => {
        for (let crashAt = 1; ; crashAt++) {
          let writes = -1;
          const faults = {
            [when]: () => {
              if (writes >= 0 && ++writes === crashAt) throw new Error('power failure');
            },
          };
          const here = open({ store: { faults } });
          const { id } = await approved(here, [invoke('a', 500), patchOf('/note', 'x'), invoke('b', 1)]);
          if (direction === 'back')
            here.executor.breaks.before = (request) => {
              if (request.kind === 'apply' && canonicalize(request.input).includes('"b"'))
                here.executor.limits.set('b', { limit: 9, version: 9 });
            };
          writes = 0;
          const end = await run(here, id, here.other(here.overrides));
          expect(end).toBe(direction === 'back' ? 'rolled_back' : 'executed');
          expect(limitOf(here, 'a')).toBe(direction === 'back' ? null : 500);
          expect(here.executor.effects).toBe(2);
          await expectConsistent(here, id);
          if (writes < crashAt) return;
        }
      });
});

describe('an executor that is not there any more', () => {
  it('when its version changed after the approval: nothing runs', async () => {
    const here = open();
    const { id } = await approved(here, [invoke('a', 500)]);
    const declared = { limits: { ...(DECLARED['limits'] as ExecutorsConfig[string]), version: '2' } };
    const other = here.other({
      operations: operationTypes(undefined, declared),
      executors: { ...here.overrides.executors, declared },
    });
    expect(await run(here, id, other)).toBe('failed');
    expect(here.executor.effects).toBe(0);
  });

  it('still verifies, with no executors at all', async () => {
    const here = open();
    const { id } = await approved(here, [invoke('a', 500)]);
    await run(here, id);
    expect(verifyState(ENTITY, await here.chain())).toMatchObject({ kind: 'state', version: 1 });
  });
});

describe('a grant', () => {
  it('is refused in every way but one', async () => {
    const here = open();
    const { id } = await approved(here, [invoke('a', 500)]);
    await run(here, id);
    const { grant, input, precondition } = here.executor.calls.find((call) => call.kind === 'apply') as Extract<
      ExecutorRequest,
      { kind: 'apply' }
    >;
    const { root } = here;
    const right = {
      ...{ publicKeys: [root.publicKey], issuer: 'ledger.test/main', executor: 'limits@1' },
      ...{ direction: 'apply' as const, input, precondition, now: here.clock.now() },
    };
    expect(verifyGrant(grant, right)).toMatchObject({ kind: 'grant', claims: { change: id } });
    const [header = '', payload = '', signature = ''] = grant.split('.');
    const altered = Buffer.from(
      Buffer.from(payload, 'base64url').toString().replace('"index":0', '"index":1'),
    ).toString('base64url');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    const { claims } = verifyGrant(grant, right) as { claims: GrantClaims };
    const signedAs = async (text: string, said: string): Promise<string> => {
      const signed = `${Buffer.from(text).toString('base64url')}.${said}`;
      return `${signed}.${Buffer.from(await here.root.sign(Buffer.from(signed))).toString('base64url')}`;
    };
    const wrong: [string, unknown, object][] = [
      ['altered', `${header}.${altered}.${signature}`, {}],
      ['unsigned', `${header}.${payload}.`, {}],
      ['with another key than it says', await signGrant(here.root, { ...claims, jti: `${id}:1:1:apply` }), {}],
      ['of another header', await signedAs('{"alg":"EdDSA"}', payload), {}],
      ['of no algorithm', `${none}.${payload}.`, {}],
      ['no text', 7, {}],
      ['empty', '', {}],
      ['huge', 'x'.repeat(100_000), {}],
      ['by another key', grant, { publicKeys: [memoryRootSigner('x').publicKey] }],
      ['of another ledger', grant, { issuer: 'other/main' }],
      ['for another executor', grant, { executor: 'other@1' }],
      ['for another version', grant, { executor: 'limits@2' }],
      ['for the other direction', grant, { direction: 'undo' }],
      ['for another input', grant, { input: { account: 'a', limit: 501 } }],
      ['for another precondition', grant, { precondition: { version: 1 } }],
      ['for no precondition', grant, { precondition: undefined }],
      ['over', grant, { now: here.clock.now() + (MAX_SECONDS + 1) * 1000 }],
    ];
    for (const [what, token, more] of wrong)
      expect(verifyGrant(token, { ...right, ...more }), what).toMatchObject({ kind: 'refused' });
  });
});

describe('the reducer', () => {
  /** The record after the intent of the only operation, and how to put another step on it. */
  async function intended(operation: object) {
    const here = open();
    const { id } = await approved(here, [operation]);
    for (const step of ['claim', 'intend'] as const) await here.changes.runStep(step, id);
    const record = await here.record(id);
    const of = { change: id, revision: 1, claim: record.claim ?? '' };
    const last = record.entries.at(-1) as { seq: number; at: string };
    const after = (type: string, data: object) =>
      reduceChange(record, {
        ...{ type, data, actor: SYSTEM_ACTOR, entity: ENTITY, seq: last.seq + 1, hash: '', at: last.at },
      } as never);
    return { here, id, record, of, after };
  }
  const failure = { code: 'X', message: 'x' };

  it('lets nothing fail while an executor may have acted', async () => {
    const { of, after } = await intended(invoke('a', 500));
    expect(after('change.failed', { ...of, failure })).toMatchObject({ kind: 'refused' });
    expect(after('change.rolling-back', { ...of, failure })).toMatchObject({ kind: 'record' });
  });

  it('takes "not applied" only of what an executor was to do, about that intent', async () => {
    const { record, after } = await intended(invoke('a', 500));
    const { intent = '' } = record.progress[0] ?? {};
    const data = { change: record.id, revision: 1, index: 0, intent, failure };
    expect(after('change.not-applied', data)).toMatchObject({
      kind: 'record',
      record: { progress: [{ status: 'not-applied' }] },
    });
    expect(after('change.not-applied', { ...data, intent: 'a'.repeat(64) })).toMatchObject({ kind: 'refused' });
    expect(after('change.not-applied', { ...data, index: 1 })).toMatchObject({ kind: 'refused' });
    const patch = await intended(patchOf('/note', 'x'));
    const other = { ...data, change: patch.id, intent: patch.record.progress[0]?.intent };
    expect(patch.after('change.not-applied', other)).toMatchObject({ kind: 'refused' });
  });

  it('takes no intent of an executor for an operation on the document, nor the other way round', async () => {
    for (const operation of [invoke('a', 500), patchOf('/note', 'x')]) {
      const { here, id } = await intended(operation);
      const entries = await entriesOf(here, id);
      const { body } = entries.at(-1) as (typeof entries)[number];
      const { external: _, ...data } = body.data;
      const external = { inverse: null, precondition: null, planHash: 'a'.repeat(64), grantUntil: body.at };
      const wrong = { ...body, data: body.data['external'] === undefined ? { ...data, external } : data };
      const folded = foldChange([...entries.slice(0, -1), { body: wrong, hash: checked<ChainHash>('x') }]);
      expect(folded).toMatchObject({
        kind: 'refused',
        message: expect.stringMatching(/intended as what it is not/) as string,
      });
    }
  });
});

describe('state.delete', () => {
  it('leaves no document, goes on with its versions, and needs one to delete', async () => {
    const here = open();
    await run(here, (await approved(here, [patchOf('/note', 'x')])).id);
    const { id } = await approved(here, [{ type: 'state.delete', payload: {} }]);
    expect(await run(here, id)).toBe('executed');
    expect(await here.changes.document(who('ann'), ENTITY)).toMatchObject({ document: null, version: 2 });
    await expectConsistent(here, id);
    const other = await approved(here, [patchOf('/note', 'y')]);
    expect(await run(here, other.id)).toBe('executed');
    expect(await here.changes.document(who('ann'), ENTITY)).toMatchObject({ document: { note: 'y' }, version: 3 });
    await run(here, (await approved(here, [{ type: 'state.delete', payload: {} }])).id);
    const again = here.changes.propose(who('pete'), proposal([{ type: 'state.delete', payload: {} }]));
    await expect(again).rejects.toThrow(/no document to delete/);
    const strange = here.changes.propose(who('pete'), proposal([{ type: 'state.delete', payload: { all: true } }]));
    await expect(strange).rejects.toMatchObject({ code: 'CHANGE_INVALID' });
  });

  it('is restored when what comes after it fails', async () => {
    const here = open();
    await run(here, (await approved(here, [patchOf('/note', 'x')])).id);
    const { id } = await approved(here, [{ type: 'state.delete', payload: {} }, invoke('a', 500)]);
    here.executor.breaks.before = ({ kind }) => (kind === 'apply' ? { kind: 'refused', reason: 'no' } : undefined);
    expect(await run(here, id)).toBe('rolled_back');
    expect(await here.changes.document(who('ann'), ENTITY)).toMatchObject({ document: { note: 'x' }, version: 3 });
    await expectConsistent(here, id);
  });
});

describe('reverting what executors did', () => {
  it('asks them to do their inverses, in reverse order, behind the document', async () => {
    const here = open();
    await run(here, (await approved(here, [invoke('b', 300)])).id);
    const { id } = await approved(here, [invoke('a', 500), patchOf('/note', 'x'), invoke('b', 700)]);
    expect(await run(here, id)).toBe('executed');
    const { change } = await here.changes.revert(who('pete'), id, { rationale: 'not that account' });
    expect(change.operations.map(({ type, payload }) => [type, payload])).toEqual([
      ['state.delete', {}],
      ['executor.invoke', { executor: 'limits', input: { account: 'b', limit: 300 } }],
      ['executor.invoke', { executor: 'limits', input: { account: 'a', limit: null } }],
    ]);
    for (const name of change.risk?.level === 'L1' ? ['ann'] : ['ann', 'rita'])
      await here.changes.decide(who(name), change.id, decision(change));
    expect(await run(here, change.id)).toBe('executed');
    expect([limitOf(here, 'a'), limitOf(here, 'b')]).toEqual([null, 300]);
    expect((await here.changes.document(who('ann'), ENTITY)).document).toBeNull();
    await expectConsistent(here, change.id);
  });

  it('is refused when one of them cannot undo', async () => {
    const declared = { limits: { ...DECLARED['limits'], reversible: false } } as ExecutorsConfig;
    const here = open({ declared });
    const { change } = await here.changes.propose(who('pete'), proposal([invoke('a', 500)]));
    for (const name of ['ann', 'rita', 'otto', 'bob'])
      await here.changes.decide(who(name), change.id, decision(change)).catch(() => undefined);
    await here.clock.advance(3_600_000);
    expect(await run(here, change.id)).toBe('executed');
    const revert = here.changes.revert(who('pete'), change.id, { rationale: 'no' });
    await expect(revert).rejects.toMatchObject({ code: 'NOT_REVERTIBLE' });
  });
});
