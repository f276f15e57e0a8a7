/** The bounds of what core/changes lets in are part of its contract: each stands in __snapshots__. */
import { it } from 'vitest';
import * as adoption from '../../../core/changes/policy/adoption.ts';
import * as approvalTopics from '../../../core/changes/recording/approval-topics.ts';
import * as content from '../../../core/changes/operations/content.ts';
import * as decide from '../../../core/changes/decisions/decide.ts';
import * as decisionChallenge from '../../../core/changes/model/decision-challenge.ts';
import * as delegation from '../../../core/changes/decisions/delegation.ts';
import * as delegationStore from '../../../core/changes/store/delegation-store.ts';
import * as executorConfig from '../../../core/changes/operations/executor-config.ts';
import * as executorAnswers from '../../../core/changes/operations/executor-answers.ts';
import * as grant from '../../../core/changes/operations/grant.ts';
import * as jsonPatch from '../../../core/changes/model/json-patch.ts';
import * as operations from '../../../core/changes/operations/operations.ts';
import * as override from '../../../core/changes/decisions/override.ts';
import * as resolve from '../../../core/changes/decisions/resolve.ts';
import * as revert from '../../../core/changes/proposals/revert.ts';
import * as review from '../../../core/changes/decisions/review.ts';
import * as revoke from '../../../core/changes/decisions/revoke.ts';
import * as riskConfig from '../../../core/changes/risk/risk-config.ts';
import * as steps from '../../../core/changes/model/steps.ts';
import * as stop from '../../../core/changes/proposals/stop.ts';
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
