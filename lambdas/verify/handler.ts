/** POST /v1/verify for ledgers that verify within the gateway's 29 s, and direct invocation for those that do not. */
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { config } from '#config';
import { invokeFunction } from '../../adapters/aws/invoke-function.ts';
import { invokeVerifier, type StretchRequest } from '../../adapters/aws/invoke-verifier.ts';
import { openAwsSystem } from '../../adapters/aws/open-system.ts';
import { logFiles } from '../../adapters/aws/parts/log-files.ts';
import { logPoints } from '../../adapters/aws/parts/log-points.ts';
import { rootKey } from '../../adapters/aws/parts/root-key.ts';
import { tableVerifier } from '../../adapters/aws/parts/table-verifier.ts';
import { serializeSegment, type SegmentJson } from '../../adapters/aws/segment-json.ts';
import { systemClock as clock, systemIds as ids } from '../../adapters/aws/system-world.ts';
import { verifyStretch } from '../../adapters/aws/verify-stretch.ts';
import { verifyTable } from '../../adapters/aws/verify-table.ts';
import { ledgerRoutes as routes } from '../../api/routes/ledger.ts';
import type { VerificationReport } from '../../core/ledger/index.ts';
import { createEntryVerifier, verifying as useCases } from '../../core/system/index.ts';
import { apiHandler } from '../_middleware/api-handler.ts';
import { doorMetrics } from '../_middleware/door-metrics.ts';
import { directHandler } from '../_middleware/handlers.ts';
import { once } from '../_middleware/once.ts';
import { readEnv } from '../_middleware/read-env.ts';
import { telemetryOf } from '../_middleware/telemetry.ts';
import { env as schema } from './env.ts';
import { verifyDirectly, type RefusedRequest, type VerifyRequest } from './verify-directly.ts';

const telemetry = telemetryOf('verify');
const env = readEnv(schema, telemetry.logger);
const { ledger, origin } = config;
const invoke = invokeFunction(process.env);
const onError = (error: unknown): void => telemetry.logger.warn('not verified', { error });

const open = once(async () => {
  const files = logFiles(env)();
  const log = await logPoints(env, origin);
  const verifyLog = tableVerifier(files.read, log);
  const aws = await openAwsSystem({
    ...{ config, env, hooks: { onError, ...doorMetrics() } },
    parts: { useCases, rootSigner: rootKey(env), logFiles: () => files, logPoints: log.points, verifyLog },
  });
  return { ...aws, log, read: files.read };
});
const serveApi = apiHandler({ telemetry, routes, env, open });
const serveDirectly = directHandler(telemetry, async (event: unknown) => {
  const answer = await verifyDirectly({ verify, verifyStretch: verifyOneStretch }, event);
  if ('verdict' in answer) tell(answer, event);
  return answer;
});

export function handler(
  event: APIGatewayProxyEventV2 | VerifyRequest | StretchRequest,
  context: Context,
): Promise<APIGatewayProxyStructuredResultV2 | VerificationReport | SegmentJson | RefusedRequest> {
  return isOfApi(event) ? serveApi(event, context) : serveDirectly(event, context);
}

async function verify(request: VerifyRequest): Promise<VerificationReport> {
  const { base, root, read, log } = await open();
  const points = { ...log.points, read };
  const { signatures } = request;
  const worker = invokeVerifier({ invoke, functionName: env.VERIFY_FUNCTION, signatures, clock, ids });
  const workers = { worker, onError };
  return verifyTable({ store: base.store, ledger, origin, root, points, seen: log.seen, workers, ...request });
}

async function verifyOneStretch({ signatures, ...stretch }: StretchRequest): Promise<SegmentJson> {
  const { base, root, read } = await open();
  const verifier = createEntryVerifier({ ledger, root, entries: base.store, signatures });
  return serializeSegment(await verifyStretch({ store: base.store, verifier, read }, stretch));
}

/** The daily audit has no reader: its verdict is a metric with an alarm, and a line that names the first bad entry. */
function tell({ verdict, firstBad, entries }: VerificationReport, asked: unknown): void {
  // Whatever the verdict: that there is one is the heartbeat of the audit.
  if ((asked as { readonly mode?: unknown }).mode === 'full')
    telemetry.metrics.addMetric('AuditFinished', MetricUnit.Count, 1);
  const isOk = verdict === 'OK';
  telemetry.metrics.addMetric('LedgerNotOk', MetricUnit.Count, isOk ? 0 : 1);
  telemetry.logger[isOk ? 'info' : 'error']('verified', { verdict, entries, firstBad });
}

function isOfApi(event: unknown): event is APIGatewayProxyEventV2 {
  return typeof event === 'object' && event !== null && 'requestContext' in event;
}
