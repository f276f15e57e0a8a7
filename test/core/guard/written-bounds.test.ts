/** The bounds of what core/guard lets in are part of its contract: each stands in __snapshots__. */
import { it } from 'vitest';
import * as budgets from '../../../core/guard/budgets.ts';
import * as settings from '../../../core/guard/settings.ts';
import { expectWrittenBounds } from '../../support/written-bounds.ts';

it('lets in what is written down, and nothing more or less', async () => {
  const modules = {
    budgets,
    settings,
  };
  await expectWrittenBounds(modules, '__snapshots__/written-bounds.json');
});
