/** Attacks on those who carry operations out beside the ledger: called behind its back, or lying to it. */
import { expect } from 'vitest';
import * as z from 'zod';
import { canonicalize } from '../../core/canonical/index.ts';
import {
  operationTypes,
  signGrant,
  verifyGrant,
  type ExecutorsConfig,
  type GrantClaims,
} from '../../core/changes/index.ts';
import { memoryRootSigner } from '../../adapters/memory/index.ts';
import { FakeExecutor } from '../core/changes/fake-executor.ts';
import { createFixture, decision, patchOf, proposal, who, type Fixture } from '../core/changes/fixture.ts';
import { attack, effects } from './attack.ts';

const ORIGIN = 'ledger.test/main';
const DECLARED: ExecutorsConfig = {
  limits: {
    ...{ version: '1', description: 'limits of accounts', reversible: true, maxSeconds: 20 },
    schema: z.strictObject({ account: z.string(), limit: z.int().nullable() }),
  },
};
const invoke = { type: 'executor.invoke', payload: { executor: 'limits', input: { account: 'a', limit: 7 } } };
const root = memoryRootSigner(ORIGIN);

function open(): { fixture: Fixture; changes: Fixture['changes']; executor: FakeExecutor } {
  const fixture = createFixture();
  const executor = new FakeExecutor(root, fixture.clock);
  const changes = fixture.other({
    operations: operationTypes(undefined, DECLARED),
    executors: { declared: DECLARED, executors: executor, root },
  });
  return { fixture, changes, executor };
}

async function approve(changes: Fixture['changes'], fixture: Fixture, operations: readonly unknown[]): Promise<string> {
  const { change } = await changes.propose(who('pete'), proposal(operations));
  for (const account of change.risk?.roles.includes('risk') === true ? ['ann', 'rita'] : ['ann'])
    await changes.decide(who(account), change.id, decision(change));
  await fixture.clock.advance(3_600_000);
  return change.id;
}

attack(
  11,
  'an executor is called behind the ledger: without a grant, with one for something else, over, or signed by others',
  async () => {
    const { changes, executor, fixture } = open();
    const id = await approve(changes, fixture, [invoke]);
    await changes.advance(id);
    const call = executor.calls.find(({ kind }) => kind === 'apply');
    if (call?.kind !== 'apply') throw new Error('the executor was not called');
    const expected = {
      ...{ publicKeys: [root.publicKey], issuer: ORIGIN, executor: 'limits@1', direction: 'apply' as const },
      ...{ input: call.input, precondition: call.precondition, now: fixture.clock.now() },
    };
    const granted = verifyGrant(call.grant, expected);
    if (granted.kind !== 'grant') throw new Error(granted.reason);
    const forged = await signGrant(memoryRootSigner(ORIGIN), granted.claims);
    const widened = widen(call.grant, granted.claims);
    for (const token of [undefined, '', 'grant', forged, widened])
      expect(verifyGrant(token, expected)).toMatchObject({ kind: 'refused' });
    const others = [
      { executor: 'limits@2' },
      { direction: 'undo' as const },
      { input: { account: 'a', limit: 8 } },
      { issuer: 'another.ledger/main' },
      { now: granted.claims.exp * 1000 },
    ];
    for (const other of others)
      expect(verifyGrant(call.grant, { ...expected, ...other })).toMatchObject({ kind: 'refused' });
  },
);

attack(11, 'a grant is used twice', async () => {
  const { changes, executor, fixture } = open();
  await changes.advance(await approve(changes, fixture, [invoke]));
  const call = executor.calls.find(({ kind }) => kind === 'apply');
  if (call === undefined) throw new Error('the executor was not called');
  const before = executor.effects;
  await executor.call(undefined, call);
  expect(executor.effects).toBe(before);
});

attack(16, 'the answer is lost after the effect: it is asked for, not done again', async () => {
  const { changes, executor, fixture } = open();
  const id = await approve(changes, fixture, [invoke]);
  executor.breaks.after = ({ kind }) => {
    if (kind === 'apply') throw new Error('the answer is lost');
    return undefined;
  };
  for (let turns = 0; turns < 20 && (await fixture.record(id)).state !== 'executed'; turns++) {
    await changes.advance(id).catch(() => undefined);
    await fixture.clock.advance(60_000);
  }
  expect((await fixture.record(id)).state).toBe('executed');
  expect(executor.effects).toBe(1);
});

attack(24, 'a module says that it can be undone, and another inverse once it is approved', async () => {
  const { changes, executor, fixture } = open();
  const id = await approve(changes, fixture, [invoke]);
  executor.breaks.before = ({ kind }) =>
    kind === 'plan'
      ? { facts: {}, precondition: { version: 0 }, inverse: { account: 'somebody else', limit: 1_000_000 } }
      : undefined;
  await changes.advance(id);
  expect(executor.effects).toBe(0);
  expect((await fixture.record(id)).state).not.toBe('executed');
});

attack(24, 'a module says what is not true about the risk: its facts may raise it, never lower it', async () => {
  const { changes, executor } = open();
  executor.breaks.before = ({ kind }) =>
    kind === 'plan'
      ? { facts: { money: { touched: false, moved: 0 } }, inverse: { account: 'a', limit: 0 } }
      : undefined;
  const { change } = await changes.propose(who('pete'), proposal([patchOf('/balance', 5000), invoke]));
  expect(change.risk).toMatchObject({ level: 'L3' });
});

attack(17, 'it fails behind an executor: what the executor did is undone too', async () => {
  const { changes, executor, fixture } = open();
  const id = await approve(changes, fixture, [invoke, patchOf('/a', 1)]);
  for (const step of ['claim', 'intend', 'apply'] as const) await changes.runStep(step, id);
  await changes.abort(who('ann'), id, { reason: 'stop it' });
  for (let turns = 0; turns < 5; turns++) await changes.advance(id);
  expect((await fixture.record(id)).state).toBe('rolled_back');
  expect(executor.limits.get('a')).toMatchObject({ limit: null });
  expect(await effects(fixture, id)).toBe(1);
});

/** The claims changed, the signature kept. */
function widen(token: string, claims: GrantClaims): string {
  const [header, , signature] = token.split('.');
  const payload = Buffer.from(canonicalize({ ...claims, exp: claims.exp + 3600 })).toString('base64url');
  return `${header}.${payload}.${signature}`;
}
