/** What the service tells about itself, and the answer to everything that no route serves. */
import { config } from '#config';
import { openAwsSystem } from '../../adapters/aws/wiring/open-system.ts';
import { openRootKey } from '../../adapters/aws/wiring/root-key.ts';
import { createReportingBus } from '../../adapters/aws/wiring/reporting-bus.ts';
import { createSharedFigures } from '../../adapters/aws/wiring/shared-figures.ts';
import { reporting as useCases } from '../../core/system/index.ts';
import { serviceGroup } from '../../api/groups/service.ts';
import { apiHandler } from '../_middleware/api-handler.ts';
import { entryPointMetrics } from '../_middleware/entry-point-metrics.ts';
import { readEnv } from '../_middleware/read-env.ts';
import { NAMESPACE, SYSTEM_SERVICE, telemetryOf } from '../_middleware/telemetry.ts';
import { contract } from './contract.ts';
import { env as schema } from './env.ts';
import { refusingOthers } from './refusing-others.ts';

const telemetry = telemetryOf('service');
const env = readEnv(schema, telemetry.logger);
const onError = (error: unknown): void => telemetry.logger.warn('not reported', { error });
const own = serviceGroup(() => contract.routes.map(({ operationId }) => operationId), contract.openApi);
const figures = createSharedFigures({ namespace: NAMESPACE, service: SYSTEM_SERVICE });

export const handler = apiHandler({
  ...{ telemetry, env },
  routes: refusingOthers(contract.routes, own),
  open: () =>
    openAwsSystem({
      ...{ config, env, useCases },
      hooks: { onError, ...entryPointMetrics() },
      rootSigner: openRootKey(env),
      ports: (base) => ({ bus: createReportingBus(env, base), sharedFigures: figures }),
    }),
});
