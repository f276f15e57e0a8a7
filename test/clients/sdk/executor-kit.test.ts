/** The conformance kit: the sample executor passes, and every planted fault is caught by the check that is there for it. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import {
  defineExecutor,
  singleUse,
  statusOf,
  testExecutor,
  verifyGrant,
  type Executor,
  type ExecutorSubject,
  type Mark,
} from '../../../clients/sdk/index.ts';
import type { JsonValue } from '../../../core/canonical/index.ts';
import { parseVerifierKey } from '../../../core/ledger/index.ts';
import { limitInput } from '../../../examples/executor/limit-input.ts';
import { subject as sample } from '../../../examples/executor/subject.ts';

/** What can be wrong with an executor; each of these breaks one thing only. */
type Flaw =
  | 'plan writes'
  | 'plan is random'
  | 'inverse is none of its inputs'
  | 'does nothing'
  | 'undo sets zero'
  | 'forgets operations'
  | 'looks and acts apart'
  | 'undoes again'
  | 'does not close'
  | 'status guesses'
  | 'status of undo guesses'
  | 'keeps marks in memory'
  | 'ignores its precondition'
  | 'takes any input'
  | 'asks for no signature'
  | 'ignores the end'
  | 'ignores the audience'
  | 'ignores the issuer'
  | 'ignores the input'
  | 'ignores the direction'
  | 'burns the key';

/** The check that must fail, by name, for each flaw; others may fail too. */
const CAUGHT_BY: Readonly<Record<Flaw, readonly string[]>> = {
  'plan writes': ['plan changes nothing'],
  'plan is random': ['plan is deterministic'],
  'inverse is none of its inputs': ['the inverse is an input'],
  'does nothing': ['apply has its effect'],
  'undo sets zero': ['undo restores what was there'],
  'forgets operations': ['one grant, one effect'],
  'looks and acts apart': ['applies at the same time have one effect'],
  'undoes again': ['undo twice is undo once'],
  'does not close': ['undo of what was never applied closes it'],
  'status guesses': ['status tells the truth'],
  'status of undo guesses': ['status tells the truth about undoing'],
  'keeps marks in memory': ['a lost answer is found by status', 'what was undone stays undone after a restart'],
  'ignores its precondition': ['what has changed since the plan is refused'],
  'takes any input': ['an input outside the schema is refused'],
  'asks for no signature': ['a forged grant is refused', 'an altered grant is refused', 'an unsigned grant is refused'],
  'ignores the end': ['a grant that is over is refused'],
  'ignores the audience': ['a grant for another executor is refused', 'a grant for another version is refused'],
  'ignores the issuer': ['a grant of another ledger is refused'],
  'ignores the input': ['a grant for another input is refused'],
  'ignores the direction': ['a grant to undo does not apply', 'a grant to apply does not undo'],
  'burns the key': ['a forged grant is refused'],
};

interface Store {
  readonly totals: Map<string, number>;
  version: number;
  marks: Map<string, Mark>;
}

/** Adds to totals: an effect that shows when it is had twice. With a flaw, or none. */
function adder(flaw?: Flaw): ExecutorSubject {
  const has = (one: Flaw): boolean => flaw === one;
  return {
    ...{ name: 'adder', version: '1' },
    inputs: [
      { account: 'a', limit: 5 },
      { account: 'a', limit: 3 },
    ],
    invalidInputs: [{ account: '', limit: 1 }, 'x'],
    open: ({ rootKeys, now }) => {
      const store: Store = { totals: new Map(), version: 0, marks: new Map() };
      return {
        executor: make(store, { rootKeys, now, has }),
        observe: () => Object.fromEntries(store.totals),
        restart: () => {
          if (has('keeps marks in memory')) store.marks = new Map();
          return make(store, { rootKeys, now, has });
        },
      };
    },
  };
}

interface Making {
  readonly rootKeys: readonly string[];
  readonly now: () => number;
  readonly has: (flaw: Flaw) => boolean;
}

const BREATH = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function make(store: Store, { rootKeys, now, has }: Making): Executor {
  const { name: issuer, publicKey } = parseVerifierKey(rootKeys[0] ?? '') as { name: string; publicKey: Uint8Array };
  const add = (input: JsonValue): void => {
    const { account = '?', limit = 1 } = (input ?? {}) as { account?: string; limit?: number };
    if (has('does nothing')) return;
    const total = (store.totals.get(account) ?? 0) + limit;
    if (total === 0) store.totals.delete(account);
    else store.totals.set(account, total);
    store.version += 1;
  };
  const keyOf = (token: string): string => {
    const { jti } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { jti: string };
    return jti.slice(0, jti.lastIndexOf(':'));
  };
  /** What of the grant is asked, by what is not: a claim is taken from the token itself where it is not looked at. */
  const isGranted = (
    grant: string,
    direction: 'apply' | 'undo',
    given: { input: JsonValue; precondition: JsonValue },
  ) => {
    if (has('asks for no signature')) return true;
    const claims = JSON.parse(Buffer.from(grant.split('.')[1] ?? '', 'base64url').toString()) as {
      aud: string;
      iss: string;
      direction: 'apply' | 'undo';
      exp: number;
    };
    const expected = {
      publicKeys: [publicKey],
      issuer: has('ignores the issuer') ? claims.iss : issuer,
      executor: has('ignores the audience') ? claims.aud : 'adder@1',
      direction: has('ignores the direction') ? claims.direction : direction,
      now: has('ignores the end') ? 0 : now(),
      ...given,
    };
    const verified = verifyGrant(grant, expected);
    if (verified.kind === 'grant') return true;
    if (has('burns the key')) store.marks.set(keyOf(grant), 'refused');
    return has('ignores the input') && verified.reason.includes('another input');
  };
  const refused = { kind: 'refused', reason: 'no' } as const;
  return {
    plan: async (input) => {
      limitInput.parse(negated(input));
      const { account, limit } = input as { account: string; limit: number };
      if (has('plan writes')) store.totals.set('planned', 1);
      return {
        facts: has('plan is random') ? { random: Math.floor(Math.random() * 1e9) } : {},
        precondition: { version: store.version },
        inverse: has('inverse is none of its inputs') ? 'back' : { account, limit: has('undo sets zero') ? 0 : -limit },
      };
    },
    apply: async (grant, input, precondition) => {
      if (!isGranted(grant, 'apply', { input, precondition })) return refused;
      if (!has('takes any input') && !limitInput.safeParse(negated(input)).success) return refused;
      const key = keyOf(grant);
      const use = singleUse.apply(store.marks.get(key));
      if (has('looks and acts apart')) await BREATH();
      if (use !== 'act' && !has('forgets operations')) return use;
      const isStale = (precondition as { version: number }).version !== store.version;
      if (isStale && !has('ignores its precondition') && !has('forgets operations') && !has('looks and acts apart')) {
        store.marks.set(key, 'refused');
        return refused;
      }
      add(input);
      store.marks.set(key, 'applied');
      return { kind: 'applied' };
    },
    undo: async (grant, inverse) => {
      if (!isGranted(grant, 'undo', { input: inverse, precondition: null })) return refused;
      const key = keyOf(grant);
      const use = singleUse.undo(store.marks.get(key));
      if (use === 'act' || has('undoes again')) add(inverse);
      if (use !== 'close' || !has('does not close')) store.marks.set(key, 'undone');
      return { kind: 'applied' };
    },
    status: async (opKey) => {
      const at = opKey.lastIndexOf(':');
      const direction = opKey.slice(at + 1) === 'undo' ? 'undo' : 'apply';
      if (has('status guesses') || (has('status of undo guesses') && direction === 'undo')) return { kind: 'applied' };
      const operation = opKey.slice(0, at);
      return statusOf(store.marks.get(operation), { operation, direction });
    },
  };
}

/** The sample's schema allows no negative limits; an adder takes them back with such. */
function negated(input: JsonValue): JsonValue {
  const limit = (input as { limit?: unknown } | null)?.limit;
  return typeof limit === 'number' ? { ...(input as object), limit: Math.abs(limit) } : input;
}

const failing = async (subject: ExecutorSubject): Promise<string[]> =>
  (await testExecutor(subject)).checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail ?? ''}`);

describe('the conformance kit', () => {
  it('passes the sample executor, and one that adds', async () => {
    expect(await failing(sample)).toEqual([]);
    expect(await failing(adder())).toEqual([]);
  });

  it.each(Object.entries(CAUGHT_BY) as [Flaw, readonly string[]][])('catches one that %s', async (flaw, checks) => {
    const failed = await failing(adder(flaw));
    for (const check of checks) expect(failed.map((line) => line.split(': ')[0])).toContain(check);
  });

  it('has a planted fault for every check', async () => {
    const { checks } = await testExecutor(adder());
    const caught = new Set(Object.values(CAUGHT_BY).flat());
    expect(checks.map(({ name }) => name).filter((name) => !caught.has(name))).toEqual([]);
  });

  it('leaves out undoing where nothing can be undone', async () => {
    const { ok, checks } = await testExecutor({ ...adder('does not close'), reversible: false });
    expect(ok).toBe(true);
    expect(checks.filter(({ detail }) => detail?.startsWith('left out') === true)).toHaveLength(7);
  });

  it('says of an executor that throws what it threw, and of one that cannot be opened why', async () => {
    const broken = (): never => {
      throw new Error('no database');
    };
    const { checks } = await testExecutor({ ...adder(), open: broken });
    expect(checks.every(({ detail }) => detail === 'no database')).toBe(true);
    await expect(testExecutor({ ...adder(), inputs: [] })).rejects.toThrow(/at least two inputs/);
  });
});

describe('nervous executor test', () => {
  const cli = (...args: string[]): ReturnType<typeof spawnSync> =>
    spawnSync(process.execPath, ['clients/cli/nervous.mjs', 'executor', 'test', ...args], { encoding: 'utf8' });

  it('prints a line for each check and ends with 0', () => {
    const { status, stdout } = cli('examples/executor/subject.ts');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^pass  one grant, one effect$/m);
    expect(stdout).toMatch(/limits@1: every check passes\n$/);
  });

  it('names what fails and ends with 1; for machines as JSON', () => {
    const { status, stdout } = cli('test/clients/fixtures/forgetful-executor.ts', '--json');
    expect(status).toBe(1);
    const report = JSON.parse(String(stdout)) as { ok: boolean; checks: { name: string; ok: boolean }[] };
    expect(report.ok).toBe(false);
    const failed = report.checks.filter(({ ok }) => !ok).map(({ name }) => name);
    expect(failed).toContain('a lost answer is found by status');
    expect(cli('test/clients/fixtures/forgetful-executor.ts').stdout).toMatch(
      /^FAIL  a lost answer is found by status$/m,
    );
  });

  it.each([
    ['a file that is not there', 'nope.ts', /"nope.ts" is not there/],
    ['a file without a subject', 'nervous.config.ts', /exports no "subject"/],
  ])('refuses %s in a sentence', (_, file, message) => {
    const { status, stderr } = cli(file);
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
  });
});

describe('defineExecutor', () => {
  const define = (rootKeys: readonly string[]): Executor =>
    defineExecutor({
      ...{ name: 'x', version: '1', schema: limitInput, rootKeys },
      plan: () => ({ facts: {} }),
      apply: () => ({ kind: 'applied' }),
      undo: () => ({ kind: 'applied' }),
      status: () => ({ kind: 'not-applied' }),
    });

  it('wants root keys of one ledger', () => {
    expect(() => define([])).toThrow(/root.vkey/);
    expect(() => define(['nonsense'])).toThrow(/no verifier key/);
  });
});
