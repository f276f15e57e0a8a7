/** The bounds of what core/changes lets in are part of its contract: each stands in __snapshots__. */
import { it } from 'vitest';
import * as adoption from '../../../core/changes/adoption.ts';
import * as approvalTopics from '../../../core/changes/approval-topics.ts';
import * as content from '../../../core/changes/content.ts';
import * as decide from '../../../core/changes/decide.ts';
import * as decisionChallenge from '../../../core/changes/decision-challenge.ts';
import * as delegation from '../../../core/changes/delegation.ts';
import * as delegationStore from '../../../core/changes/delegation-store.ts';
import * as executorConfig from '../../../core/changes/executor-config.ts';
import * as executorAnswers from '../../../core/changes/executor-answers.ts';
import * as grant from '../../../core/changes/grant.ts';
import * as jsonPatch from '../../../core/changes/json-patch.ts';
import * as operations from '../../../core/changes/operations.ts';
import * as override from '../../../core/changes/override.ts';
import * as resolve from '../../../core/changes/resolve.ts';
import * as revert from '../../../core/changes/revert.ts';
import * as review from '../../../core/changes/review.ts';
import * as revoke from '../../../core/changes/revoke.ts';
import * as riskConfig from '../../../core/changes/risk-config.ts';
import * as steps from '../../../core/changes/steps.ts';
import * as stop from '../../../core/changes/stop.ts';
import { expectWrittenBounds } from '../../support/written-bounds.ts';

it('lets in what is written down, and nothing more or less', async () => {
  const modules = {
    adoption,
    'approval-topics': approvalTopics,
    content,
    decide,
    'decision-challenge': decisionChallenge,
    delegation,
    'delegation-store': delegationStore,
    'executor-config': executorConfig,
    'executor-answers': executorAnswers,
    grant,
    'json-patch': jsonPatch,
    operations,
    override,
    resolve,
    revert,
    review,
    revoke,
    'risk-config': riskConfig,
    steps,
    stop,
  };
  await expectWrittenBounds(modules, '__snapshots__/written-bounds.json');
});
