/** What a refused value is called, where it stands. */
import { expect, it } from 'vitest';
import { CanonicalError } from '../../../core/canonical/index.ts';

it('names the value itself, or the place within it', () => {
  const whole = new CanonicalError('NOT_I_JSON', '', 'is no JSON');
  expect([whole.message, whole.problems]).toEqual(['the value: is no JSON', [{ pointer: '', detail: 'is no JSON' }]]);
  expect(new CanonicalError('TOO_DEEP', '/a/0', 'is too deep').message).toBe('/a/0: is too deep');
});
