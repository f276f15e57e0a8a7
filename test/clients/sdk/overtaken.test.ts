/** An executor that remembers the highest fence of a piece of work refuses grants under claims that came before. */
import { describe, expect, it } from 'vitest';
import { isOvertaken } from '../../../clients/sdk/index.ts';

describe('a grant', () => {
  it.each([
    ['under an older claim than one seen', { work: { workId: 'w', fence: 2 } }, 3, true],
    ['under the claim seen last', { work: { workId: 'w', fence: 3 } }, 3, false],
    ['under a later claim', { work: { workId: 'w', fence: 4 } }, 3, false],
    ['under the first claim there is', { work: { workId: 'w', fence: 0 } }, undefined, false],
    ['that rests on no claim', {}, 3, false],
  ])('%s', (_, claims, highest, overtaken) => {
    expect(isOvertaken(claims, highest)).toBe(overtaken);
  });
});
