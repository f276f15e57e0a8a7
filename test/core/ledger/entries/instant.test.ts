/** Which texts are points in time: the calendar of JavaScript, asked about every day, says the same. */
import { expect, it } from 'vitest';
import { isInstant } from '../../../../core/ledger/entries/instant.ts';

const FORM = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
function byCalendar(text: string): boolean {
  const ms = Date.parse(text);
  return FORM.test(text) && !Number.isNaN(ms) && new Date(ms).toISOString() === text;
}
const two = (n: number): string => String(n).padStart(2, '0');

it('knows every day that there is, and none that there is not', () => {
  const wrong: string[] = [];
  for (const year of ['0000', '0001', '1600', '1900', '1999', '2000', '2023', '2024', '2100', '9999'])
    for (let month = 0; month < 14; month += 1)
      for (let day = 0; day < 33; day += 1) {
        const text = `${year}-${two(month)}-${two(day)}T12:30:15.123Z`;
        if (isInstant(text) !== byCalendar(text)) wrong.push(text);
      }
  expect(wrong).toEqual([]);
  expect(['2024-02-29', '2023-02-29', '1900-02-29'].map((day) => isInstant(`${day}T00:00:00.000Z`))).toEqual([
    true,
    false,
    false,
  ]);
});

it('knows every time of a day, and none that there is not', () => {
  const wrong: string[] = [];
  for (let n = 0; n < 100; n += 1)
    for (const time of [`${two(n)}:00:00.000`, `23:${two(n)}:59.999`, `00:59:${two(n)}.001`, `24:00:00.0${two(n)}`]) {
      const text = `2026-11-22T${time}Z`;
      if (isInstant(text) !== byCalendar(text)) wrong.push(text);
    }
  expect(wrong).toEqual([]);
});

it.each([
  ...['2026-11-22T12:30:15Z', '2026-11-22 12:30:15.123Z', '2026-11-22T12:30:15.123', '2026-11-22T12:30:15.123z'],
  ...['2026-11-22T12:30:15.123Z\n', ' 2026-11-22T12:30:15.123Z', '+002026-11-22T12:30:15.123Z', '', 'now'],
  ...[1_795_000_000_000, null, undefined, new Date(0)],
])('takes %j for none', (value) => {
  expect(isInstant(value)).toBe(false);
});
