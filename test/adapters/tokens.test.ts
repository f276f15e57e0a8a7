import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTokens } from '../../adapters/embedded/tokens.ts';
import type { Principal } from '../../core/policy/index.ts';

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
    ['another version', JSON.stringify({ version: 2, tokens: {} })],
    ['an empty token', JSON.stringify({ version: 1, tokens: { a: '' } })],
    ['a short token', JSON.stringify({ version: 1, tokens: { a: 'A'.repeat(42) } })],
    ['one token for two', JSON.stringify({ version: 1, tokens: { a: token, b: token } })],
    ['a list', JSON.stringify({ version: 1, tokens: [token] })],
  ])('a file with %s is refused, named, and left as it is', (_what, content) => {
    writeFileSync(path, content);
    expect(() => openTokens(folder, principals('a'))).toThrow(
      expect.objectContaining({ code: 'DATA_UNREADABLE', message: expect.stringContaining(path) as string }) as Error,
    );
    expect(readFileSync(path, 'utf8')).toBe(content);
  });
});
