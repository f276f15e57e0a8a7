import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PersonId } from '../../../../core/brands/index.ts';
import { openLiveTokens, openTokens } from '../../../../adapters/embedded/keys/tokens.ts';
import { createPolicy, rosterSchema, type Principal, type Roster } from '../../../../core/policy/index.ts';
import { checked } from '../../../support/checked.ts';

const principals = (...ids: string[]): ReadonlyMap<string, Principal> =>
  new Map(ids.map((id) => [id, { kind: 'module', id }]));

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tokens-'));
  path = join(folder, 'tokens.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('tokens', () => {
  it('are made at first start, one of 256 bits for each principal', () => {
    const { all, principalOf } = openTokens(folder, principals('a', 'b'));
    expect(Object.keys(all)).toEqual(['a', 'b']);
    expect(new Set(Object.values(all)).size).toBe(2);
    for (const [id, token] of Object.entries(all)) {
      expect(Buffer.from(token, 'base64url')).toHaveLength(32);
      expect(principalOf(token)).toEqual({ kind: 'module', id });
    }
  });

  it('are nobody’s but the owner’s to read, whatever happened to the file', () => {
    openTokens(folder, principals('a'));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    chmodSync(path, 0o644);
    openTokens(folder, principals('a'));
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('stay the same; new principals get one, unknown ones lose theirs', () => {
    const before = openTokens(folder, principals('a', 'b'));
    const after = openTokens(folder, principals('b', 'c'));
    expect(Object.keys(after.all)).toEqual(['b', 'c']);
    expect(after.all['b']).toBe(before.all['b']);
    expect(after.principalOf(before.all['a'] ?? '')).toBeUndefined();
    expect(openTokens(folder, principals('b', 'c')).all).toEqual(after.all);
    expect(readFileSync(path, 'utf8')).not.toContain(before.all['a'] ?? '');
  });

  const HOLDERS: readonly Principal[] = [
    { kind: 'person', id: 'a', personId: checked<PersonId>('ann') },
    { kind: 'person', id: 'a', personId: checked<PersonId>('bob') },
    { kind: 'agent', id: 'a', owner: 'ann', logic: 'a@1' },
    { kind: 'agent', id: 'a', owner: 'bob', logic: 'a@1' },
    { kind: 'module', id: 'a' },
  ];
  const moves = HOLDERS.flatMap((from) => HOLDERS.filter((to) => to !== from).map((to) => ({ from, to })));
  it.each(moves)('R4: open nothing when their id goes from $from to $to', ({ from, to }) => {
    const old = openTokens(folder, new Map([['a', from]]));
    const now = openTokens(folder, new Map([['a', to]]));
    expect(now.principalOf(old.all['a'] ?? '')).toBeUndefined();
    expect(now.principalOf(now.all['a'] ?? '')).toEqual(to);
    expect(openTokens(folder, new Map([['a', to]])).all).toEqual(now.all);
  });

  it('R4: stay, when an agent gets another version of its logic', () => {
    const bot: Principal = { kind: 'agent', id: 'bot', owner: 'ann', logic: 'bot@1' };
    const before = openTokens(folder, new Map([['bot', bot]]));
    expect(openTokens(folder, new Map([['bot', { ...bot, logic: 'bot@2' }]])).all).toEqual(before.all);
  });

  it('R4: of a file that does not say whose they are become those of who has the id', () => {
    const old = 'A'.repeat(43);
    writeFileSync(path, JSON.stringify({ version: 1, tokens: { a: old, gone: 'B'.repeat(43) } }));
    expect(openTokens(folder, principals('a')).all).toEqual({ a: old });
    expect(openTokens(folder, new Map([['a', HOLDERS[0] as Principal]])).principalOf(old)).toBeUndefined();
  });

  it('R4: open nothing from the moment the roster says otherwise, before new ones are made', () => {
    const roster = (personId: string): Roster =>
      rosterSchema.parse({
        roles: { owner: {} },
        people: [{ personId, name: personId, accounts: ['desk'], roles: ['owner'] }],
        agents: [],
      });
    let inForce = createPolicy(roster('ann'), {});
    const policy = new Proxy(inForce, { get: (_, name): unknown => Reflect.get(inForce, name) });
    const tokens = openLiveTokens({
      ...{ dataDir: folder, policy, modules: {} },
      onError: (error) => {
        throw error;
      },
    });
    const token = tokens.all['desk'] ?? '';
    expect(tokens.principalOf(token)).toMatchObject({ personId: 'ann' });
    inForce = createPolicy(roster('bob'), {});
    expect(tokens.principalOf(token)).toBeUndefined();
    tokens.renew();
    expect(tokens.principalOf(token)).toBeUndefined();
    expect(tokens.principalOf(tokens.all['desk'] ?? '')).toMatchObject({ personId: 'bob' });
  });

  it.each(['', 'x', 'a', '__proto__', 'A'.repeat(43), '\u0000'])('%j is nobody’s', (token) => {
    expect(openTokens(folder, principals('a')).principalOf(token)).toBeUndefined();
  });

  it('differ from one ledger to the next', () => {
    const first = openTokens(folder, principals('a')).all;
    rmSync(path);
    expect(openTokens(folder, principals('a')).all).not.toEqual(first);
  });

  const token = 'A'.repeat(43);
  it.each([
    ['nothing', ''],
    ['half a file', '{"version":1,"tokens":{"a":"'],
    ['another version', JSON.stringify({ version: 3, tokens: {} })],
    ['a token of nobody', JSON.stringify({ version: 2, tokens: { a: { token: 'A'.repeat(43) } } })],
    ['an empty token', JSON.stringify({ version: 1, tokens: { a: '' } })],
    ['a short token', JSON.stringify({ version: 1, tokens: { a: 'A'.repeat(42) } })],
    ['one token for two', JSON.stringify({ version: 1, tokens: { a: token, b: token } })],
    [
      'one token for two, whoever they are',
      JSON.stringify({ version: 2, tokens: { a: { token, kind: 'module' }, b: { token, kind: 'module' } } }),
    ],
    ['a list', JSON.stringify({ version: 1, tokens: [token] })],
  ])('a file with %s is refused, named, and left as it is', (_what, content) => {
    writeFileSync(path, content);
    expect(() => openTokens(folder, principals('a'))).toThrow(
      expect.objectContaining({ code: 'DATA_UNREADABLE', message: expect.stringContaining(path) as string }) as Error,
    );
    expect(readFileSync(path, 'utf8')).toBe(content);
  });
});
