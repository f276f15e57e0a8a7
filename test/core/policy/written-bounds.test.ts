/** The bounds of what core/policy lets in are part of its contract: each stands in __snapshots__. */
import { it } from 'vitest';
import * as roster from '../../../core/policy/roster.ts';
import { expectWrittenBounds } from '../../support/written-bounds.ts';

it('lets in what is written down, and nothing more or less', async () => {
  const modules = {
    roster,
  };
  await expectWrittenBounds(modules, '__snapshots__/written-bounds.json');
});
