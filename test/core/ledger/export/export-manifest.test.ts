/** What an export must say of itself to be read at all. */
import { describe, expect, it } from 'vitest';
import { parseManifest } from '../../../../core/ledger/export/export-manifest.ts';

const sound = {
  ...{ format: 1, ledger: 'main', origin: 'nervous.example/dev/main', incarnations: [], size: 3 },
  root: Buffer.alloc(32).toString('base64'),
  ...{ exportedAt: '2026-11-21T00:00:00.000Z', withSensitive: false, files: 1, bytes: 2, sums: 'a'.repeat(64) },
};
const parsed = (value: unknown): unknown => parseManifest(Buffer.from(JSON.stringify(value)));

describe('an export', () => {
  it('is read with all its fields, and more', () => {
    expect(parsed(sound)).toEqual(sound);
    const more = { ...sound, incarnations: [0, 7], withSensitive: true, size: 0, note: 'x' };
    expect(parsed(more)).toEqual(more);
  });

  it.each([
    ['ledger', ['', 'Main', '-main', 'a'.repeat(33), 7]],
    ['origin', ['', 'a b', 'a+b', 'a'.repeat(501), 7]],
    ['incarnations', [7, {}, [-1], [1, -1], [1.5], ['1'], [2, '3']]],
    ['size', [-1, 1.5, '1', 2 ** 53]],
    ['root', ['', 'a'.repeat(43), 'a'.repeat(44), 7]],
    ['exportedAt', ['2026-11-21', '2026-11-21T00:00:00Z', 7]],
    ['withSensitive', ['true', 1, null]],
    ['files', [-1, '1']],
    ['bytes', [-1, '1']],
    ['sums', ['a'.repeat(63), 'A'.repeat(64), 7]],
  ] as const)('is refused for %s', (name, values) => {
    for (const value of [...values, undefined])
      expect(parsed({ ...sound, [name]: value })).toEqual({ malformed: `${name} is missing or malformed` });
  });

  it('is refused in another format, or where it is no object', () => {
    expect(parsed({ ...sound, format: 2 })).toEqual({ malformed: 'format is 2, this program reads 1' });
    expect(parsed(null)).toEqual({ malformed: 'it is not a JSON object' });
    expect(parsed(7)).toEqual({ malformed: 'it is not a JSON object' });
    expect(parseManifest(Buffer.from('{'))).toEqual({ malformed: 'it is not JSON' });
  });
});
