/** What people decide on change-sets: votes, revocations, overrides, reviews, resolutions, delegations, session keys revoked; signed with the root key. */
import { config } from '#config';
import { openAwsSystem } from '../../adapters/aws/wiring/open-system.ts';
import { createRelayBus } from '../../adapters/aws/wiring/relay-bus.ts';
import { openRootKey } from '../../adapters/aws/wiring/root-key.ts';
import { createWorkflowResumer } from '../../adapters/aws/wiring/workflow-resumer.ts';
import { decisionGroup as routes } from '../../api/groups/decisions.ts';
import { deciding, governing, revoking, type Passage } from '../../core/system/index.ts';
import { apiHandler } from '../_middleware/api-handler.ts';
import { entryPointMetrics } from '../_middleware/entry-point-metrics.ts';
import { readEnv } from '../_middleware/read-env.ts';
import { telemetryOf } from '../_middleware/telemetry.ts';
import { env as schema } from './env.ts';
import { overrideMetrics } from './override-metrics.ts';

const telemetry = telemetryOf('decisions');
const env = readEnv(schema, telemetry.logger);
const onError = (error: unknown): void => telemetry.logger.warn('not handed on', { error });
const metrics = entryPointMetrics();
const overridden = overrideMetrics(telemetry);
const onPassage = (passage: Passage): void => {
  metrics.onPassage(passage);
  overridden(passage);
};
const useCases = { ...deciding, ...governing, ...revoking };

export const handler = apiHandler({
  ...{ telemetry, routes, env },
  open: () =>
    openAwsSystem({
      ...{ config, env, useCases },
      hooks: { onError, ...metrics, onPassage },
      rootSigner: openRootKey(env),
      ports: (base) => ({ bus: createRelayBus(env, base), onChangeStep: createWorkflowResumer(env, base) }),
    }),
});
