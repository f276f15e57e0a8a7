/** Times and spans as somebody gives them: what is meant, and what is neither. */
import { describe, expect, it } from 'vitest';
import { msOf } from '../../../core/brands/index.ts';
import { parseMoment, timeOfMoment } from '../../../core/values/index.ts';

const now = msOf('2026-12-01T12:00:00Z');
const timeOf = (text: string): string | undefined => {
  const moment = parseMoment(text);
  return moment && new Date(timeOfMoment(moment, now)).toISOString();
};

describe('a moment', () => {
  it.each([
    ['2026-11-30T08:00:00Z', '2026-11-30T08:00:00.000Z'],
    ['2026-11-30T08:00:00.123456Z', '2026-11-30T08:00:00.123Z'],
    ['2026-11-30T08:00:00+02:00', '2026-11-30T06:00:00.000Z'],
    ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['90s', '2026-12-01T11:58:30.000Z'],
    ['15m', '2026-12-01T11:45:00.000Z'],
    ['0h', '2026-12-01T12:00:00.000Z'],
    ['7d', '2026-11-24T12:00:00.000Z'],
    ['2w', '2026-11-17T12:00:00.000Z'],
  ])('%s', (text, time) => expect(timeOf(text)).toBe(time));

  it.each([
    ...[
      '',
      '15',
      'm',
      '-15m',
      '1.5h',
      '15M',
      '999999d',
      '15m ',
      '2026-12-01',
      '2026-12-01T08:00:00',
      '2026-02-30T00:00:00Z',
    ],
    ...[
      '2026-12-01T25:00:00Z',
      '2026-13-01T00:00:00Z',
      '2026-12-01T08:00:00 02:00',
      '2026-12-01t08:00:00z',
      '__proto__',
    ],
  ])('%j is none', (text) => expect(parseMoment(text)).toBeUndefined());
});
