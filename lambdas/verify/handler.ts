/** POST /v1/verify for ledgers that verify within the gateway's 29 s, and direct invocation for those that do not. */
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { config } from '#config';
import { invokeFunction, invokeLater } from '../../adapters/aws/request/invoke-function.ts';
import { invokeVerifier, type SegmentRequest } from '../../adapters/aws/verify/invoke-verifier.ts';
import { openAwsSystem } from '../../adapters/aws/wiring/open-system.ts';
import { createLogFiles } from '../../adapters/aws/wiring/log-files.ts';
import { openLogPoints } from '../../adapters/aws/wiring/log-points.ts';
import { openRootKey } from '../../adapters/aws/wiring/root-key.ts';
import { createTableVerifier } from '../../adapters/aws/wiring/table-verifier.ts';
import { serializeSegment, type SegmentJson } from '../../adapters/aws/verify/segment-json.ts';
import { systemClock as clock, systemIds as ids } from '../../adapters/aws/request/system-clock.ts';
import { verifyInLegs, type Continued } from '../../adapters/aws/verify/verify-in-legs.ts';
import { verifyTableSegment } from '../../adapters/aws/verify/verify-table-segment.ts';
import { verifyTable } from '../../adapters/aws/verify/verify-table.ts';
import { ledgerRoutes as routes } from '../../api/routes/ledger.ts';
import type { VerificationReport } from '../../core/ledger/index.ts';
import { createEntryVerifier, verifying as useCases } from '../../core/system/index.ts';
import { apiHandler, isOfApi } from '../_middleware/api-handler.ts';
import { entryPointMetrics } from '../_middleware/entry-point-metrics.ts';
import { directHandler } from '../_middleware/handlers.ts';
import { once } from '../_middleware/once.ts';
import { readEnv } from '../_middleware/read-env.ts';
import { telemetryOf } from '../_middleware/telemetry.ts';
import { env as schema } from './env.ts';
import {
  verifyDirectly,
  type DirectVerifiers,
  type Continuation,
  type LegRequest,
  type RefusedRequest,
  type VerifyRequest,
} from './verify-directly.ts';

const telemetry = telemetryOf('verify');
const env = readEnv(schema, telemetry.logger);
const { ledger, origin } = config;
const [invoke, callAgain] = [invokeFunction(process.env), invokeLater(process.env)];
const onError = (error: unknown): void => telemetry.logger.warn('not verified', { error });

const open = once(async () => {
  const files = createLogFiles(env);
  const log = await openLogPoints(env, origin);
  const aws = await openAwsSystem({
    ...{ config, env, useCases },
    hooks: { onError, ...entryPointMetrics() },
    rootSigner: openRootKey(env),
    ports: (base) => ({
      ...{ logFiles: files, logPoints: log.points },
      verifyLog: createTableVerifier(base, files.read, log),
    }),
  });
  return { ...aws, log, read: files.read };
});
const serveApi = apiHandler({ telemetry, routes, env, open });
const serveDirectly = directHandler(telemetry, async (event: unknown, context: Context) => {
  const remainingMs = (): number => context.getRemainingTimeInMillis();
  const verifyNow: DirectVerifiers['verify'] = (request, continuation) =>
    verify(request, { continuation, remainingMs });
  const answer = await verifyDirectly({ verify: verifyNow, verifySegment: verifyOneSegment }, event);
  if ('verdict' in answer) tell(answer, event);
  else if (answer.kind === 'continues') telemetry.logger.info('handed over', { run: answer.run, leg: answer.leg });
  return answer;
});

export function handler(
  event: APIGatewayProxyEventV2 | VerifyRequest | SegmentRequest | LegRequest,
  context: Context,
): Promise<APIGatewayProxyStructuredResultV2 | VerificationReport | Continued | SegmentJson | RefusedRequest> {
  return isOfApi(event) ? serveApi(event, context) : serveDirectly(event, context);
}

async function verify(
  request: VerifyRequest,
  {
    continuation,
    remainingMs,
  }: { readonly continuation: Continuation | undefined; readonly remainingMs: () => number },
): Promise<VerificationReport | Continued> {
  const { base, root, read, log } = await open();
  const points = { ...log.points, read };
  const { signatures } = request;
  const worker = invokeVerifier({ invoke, functionName: env.VERIFY_FUNCTION, signatures, clock, ids });
  const workers = { worker, onError };
  const { store } = base;
  const options = { ...{ store, ledger, origin, root, points, seen: log.seen, workers }, ...request };
  if (continuation === undefined) return verifyTable(options);
  return verifyInLegs(
    {
      ...{ ledger, items: store, remainingMs, clock, newId: () => ids.next() },
      verify: (leg) => verifyTable({ ...options, leg }),
      goOn: (name) => callAgain(env.VERIFY_FUNCTION, JSON.stringify(continuation.nextOf(name))),
    },
    continuation.name,
  );
}

async function verifyOneSegment({ signatures, ...window }: SegmentRequest): Promise<SegmentJson> {
  const { base, root, read } = await open();
  const verifier = createEntryVerifier({ ledger, root, entries: base.store, signatures });
  return serializeSegment(await verifyTableSegment({ store: base.store, verifier, read }, window));
}

/** The daily audit has no reader: its verdict is a metric with an alarm, and a line that names the first bad entry. */
function tell({ verdict, firstBad, entries }: VerificationReport, asked: unknown): void {
  // Whatever the verdict: that there is one is the heartbeat of the audit.
  const { mode } = asked as { readonly mode?: unknown };
  if (mode === 'full' || mode === 'leg') telemetry.metrics.addMetric('AuditFinished', MetricUnit.Count, 1);
  const isOk = verdict === 'OK';
  telemetry.metrics.addMetric('LedgerNotOk', MetricUnit.Count, isOk ? 0 : 1);
  telemetry.logger[isOk ? 'info' : 'error']('verified', { verdict, entries, firstBad });
}
