/** What may stand in an attribute of a CloudEvent: its names, and its values to the last integer. */
import { expect, it } from 'vitest';
import { isAttributeName, isAttributeValue } from '../../../../core/events/envelope/cloud-event-attributes.ts';

it.each([0, -1, 2_147_483_647, -2_147_483_648, true, false, '', 'text', 'ö'])('%j may', (value) => {
  expect(isAttributeValue(value)).toBe(true);
});

it.each([2_147_483_648, -2_147_483_649, 0.5, NaN, null, undefined, {}, [], 'a\nb', '\ud800'])('%j may not', (value) => {
  expect(isAttributeValue(value)).toBe(false);
});

it('is named in small letters and digits', () => {
  expect(['a', 'a1', '1a', 'A', 'a_b', 'a-b', '', 'ä'].map(isAttributeName)).toEqual([
    ...[true, true, true, false, false, false, false, false],
  ]);
});
