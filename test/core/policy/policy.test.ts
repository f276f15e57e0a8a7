import { describe, expect, it } from 'vitest';
import {
  actorOf,
  createPolicy,
  matchesGlob,
  modulesSchema,
  rosterProblems,
  rosterSchema,
  type Principal,
} from '../../../core/policy/index.ts';

const roster = rosterSchema.parse({
  roles: { owner: { reads: ['account:*'], proposes: ['account:1'] }, auditor: {} },
  people: [
    { personId: 'ann', name: 'Ann', accounts: ['ann', 'ann-2'], roles: ['owner'] },
    { personId: 'aud', name: 'Aud', accounts: ['aud'], roles: ['auditor'] },
  ],
  agents: [{ id: 'bot', owner: 'ann', logic: 'bot@1', rights: { proposes: ['account:*'] } }],
});
const modules = modulesSchema.parse({ shop: { publishes: ['orders.*', 'user.login'] } });
const policy = createPolicy(roster, modules);
const who = (id: string): Principal => policy.principal(id) as Principal;

it.each<[string, string, 'publishes' | 'subscribes' | 'reads' | 'proposes', string, boolean]>([
  ['a module what it declares', 'shop', 'publishes', 'orders.new', true],
  ['the exact topic', 'shop', 'publishes', 'user.login', true],
  ['no longer topic', 'shop', 'publishes', 'user.login.twice', false],
  ['no other domain', 'shop', 'publishes', 'ordersx.new', false],
  ['not the domain alone', 'shop', 'publishes', 'orders', false],
  ['nothing undeclared', 'shop', 'subscribes', 'orders.new', false],
  ['no wider pattern than its own', 'shop', 'publishes', '*', false],
  ['a person what the role gives, under every account', 'ann-2', 'reads', 'account:7', true],
  ['a person nothing else', 'ann', 'proposes', 'account:2', false],
  ['an agent its own rights', 'bot', 'proposes', 'account:7', true],
  ['an agent not those of its owner', 'bot', 'reads', 'account:7', false],
  ['an auditor to read everything', 'aud', 'reads', 'anything', true],
  ['an auditor only to read', 'aud', 'proposes', 'account:1', false],
])('allows %s', (...[, id, action, subject, allowed]) => {
  expect(policy.may(who(id), action, subject)).toBe(allowed);
  const require = (): void => policy.require(who(id), action, subject);
  if (allowed) expect(require).not.toThrow();
  else
    expect(require).toThrow(
      expect.objectContaining({
        code: 'FORBIDDEN',
        message: expect.stringContaining(`"${action}"`) as string,
      }) as Error,
    );
});

it('knows nobody undeclared, not even by a name every object has', () => {
  for (const id of ['nobody', 'constructor', '__proto__', 'ANN', '']) expect(policy.principal(id)).toBeUndefined();
  for (const id of ['constructor', '__proto__', 'toString'])
    expect(policy.may({ kind: 'module', id }, 'reads', 'x')).toBe(false);
});

it('records who it was and with which logic', () => {
  expect(actorOf(who('bot'), 'http')).toEqual({ kind: 'agent', id: 'bot', via: 'http', logic: 'bot@1' });
  expect(actorOf(who('ann-2'))).toEqual({ kind: 'person', id: 'ann-2' });
});

it('reads a star as "whatever follows" and nothing else as special', () => {
  expect(matchesGlob('*', '')).toBe(true);
  expect(matchesGlob('a.*', 'a.')).toBe(true);
  expect(matchesGlob('a.b', 'axb')).toBe(false);
});

describe('a roster is refused for', () => {
  const person = { personId: 'a', name: 'A', accounts: ['a'], roles: ['r'] };
  const base = { roles: { r: {} }, people: [person], agents: [] as unknown[] };
  it.each<[string, object, object, string]>([
    ['one account of two people', { people: [person, { ...person, personId: 'b' }] }, {}, 'roster/people/1/accounts/0'],
    ['one account twice', { people: [{ ...person, accounts: ['a', 'a'] }] }, {}, 'roster/people/0/accounts/1'],
    ['a person twice', { people: [person, { ...person, accounts: ['b'] }] }, {}, 'roster/people/1/personId'],
    ['an undeclared role', { people: [{ ...person, roles: ['r', 'constructor'] }] }, {}, 'roster/people/0/roles/1'],
    [
      'an agent without a human owner',
      { agents: [{ id: 'x', owner: 'y', logic: '1', rights: {} }] },
      {},
      'roster/agents/0/owner',
    ],
    [
      'an agent named like an account',
      { agents: [{ id: 'a', owner: 'a', logic: '1', rights: {} }] },
      {},
      'roster/agents/0/id',
    ],
    ['a module named like an account', {}, { a: {} }, 'modules/a'],
  ])('%s', (_, change, declared, path) => {
    const problems = rosterProblems(rosterSchema.parse({ ...base, ...change }), modulesSchema.parse(declared));
    expect(problems.map((problem) => problem.path.join('/'))).toEqual([path]);
  });

  it('nothing when it is sound', () => expect(rosterProblems(roster, modules)).toEqual([]));
});

describe('the role of operators', () => {
  const people = [{ personId: 'op', name: 'Op', accounts: ['op'], roles: ['operator'] }];

  it('U10: is held by people alone, and gives no right', () => {
    const roster = rosterSchema.parse({ roles: { operator: {} }, people, agents: [] });
    const { isOperator, isAuditor, holds, principal } = createPolicy(roster, modules);
    const [op, shop] = [principal('op') as Principal, principal('shop') as Principal];
    expect([isOperator(op), isOperator(shop), isAuditor(op)]).toEqual([true, false, false]);
    for (const right of ['publishes', 'subscribes', 'reads', 'proposes', 'reveals', 'overrides'] as const)
      expect(holds(op, right)).toBe(false);
  });

  it.each(['publishes', 'subscribes', 'proposes', 'reveals', 'overrides'])('U10: cannot be given %s', (right) => {
    const roles = { operator: { reads: ['account:*'], [right]: ['*'] } };
    const faults = rosterProblems(rosterSchema.parse({ roles, people, agents: [] }), modules);
    expect(faults.map(({ path }) => path)).toEqual([['roster', 'roles', 'operator', right]]);
  });
});

describe('separation of duties', () => {
  const person = { personId: 'a', name: 'A', accounts: ['a'], roles: ['r'] };
  const faults = (separation: [string, string][], roles = ['r']): string[] =>
    rosterProblems(
      rosterSchema.parse({ roles: { r: {}, s: {}, t: {} }, people: [{ ...person, roles }], agents: [], separation }),
      modulesSchema.parse({}),
    ).map(({ path, message }) => `${path.join('/')}: ${message}`);

  it('keeps two declared roles apart, and nobody holds both', () => {
    expect(
      faults(
        [
          ['r', 's'],
          ['s', 't'],
        ],
        ['r', 't'],
      ),
    ).toEqual([]);
    expect(faults([['r', 's']], ['r', 's', 't'])).toEqual([
      'roster/people/0/roles: "a" holds "r" and "s", which roster.separation keeps apart: take one away',
    ]);
  });

  it.each([
    [['r', 'x'], /separation\/0: role "x" is not declared/],
    [['x', 'r'], /separation\/0: role "x" is not declared/],
    [['x', 'y'], /separation\/0: role "x" is not declared/],
    [['constructor', 'r'], /separation\/0: role "constructor" is not declared/],
    [['r', 'r'], /separation\/0: "r" cannot be kept apart from itself/],
  ] as [[string, string], RegExp][])('refuses the pair %j, once', (pair, reason) => {
    const found = faults([pair]);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(reason);
  });
});

describe('what somebody may do at all', () => {
  it.each([
    ['aud', 'reads', true],
    ['aud', 'proposes', false],
    ['ann', 'reads', true],
    ['ann', 'proposes', true],
    ['ann', 'publishes', false],
    ['bot', 'reads', false],
    ['bot', 'proposes', true],
    ['shop', 'publishes', true],
    ['shop', 'subscribes', false],
  ] as const)('%s %s: %s', (id, right, expected) => {
    expect(policy.holds(who(id), right)).toBe(expected);
  });

  it('is what any of the roles gives', () => {
    const both = createPolicy(
      rosterSchema.parse({
        roles: { reader: { reads: ['account:*'] }, clerk: { proposes: ['account:*'] } },
        people: [{ personId: 'p', name: 'P', accounts: ['p'], roles: ['reader', 'clerk'] }],
        agents: [],
      }),
      modules,
    );
    const p = both.principal('p') as Principal;
    expect((['reads', 'proposes', 'reveals'] as const).map((right) => both.holds(p, right))).toEqual([
      true,
      true,
      false,
    ]);
  });
});
