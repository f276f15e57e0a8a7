/**
 * A function behind the HTTP API: the request through the HTTP contract, on a system opened once per cold start. Begun work
 * is finished before the answer, because the process may be frozen after it. What goes wrong is logged with the request's
 * id and answered without a word about the inside; tokens and bodies are never logged.
 */
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { toApiRequest } from '../../adapters/aws/http/api-request.ts';
import { toApiResult } from '../../adapters/aws/http/api-result.ts';
import { asContractError } from '../../adapters/aws/http/contract-error.ts';
import { createPrincipals } from '../../adapters/aws/http/principals.ts';
import type { AwsSystem } from '../../adapters/aws/wiring/open-system.ts';
import { createRequestHandler, type Served } from '../../api/create-request-handler.ts';
import { problemResponse } from '../../api/problem.ts';
import type { ApiResponse, Route, UsedBy } from '../../api/route.ts';
import type { NervousSystem } from '../../core/system/index.ts';
import { asError, directHandler, type Handle } from './handlers.ts';
import { once } from './once.ts';
import { traceKeys, type Telemetry } from './telemetry.ts';

export interface ApiHandlerOptions<Routes extends Route> {
  readonly telemetry: Telemetry;
  /** each on a part of the system that is opened */
  readonly routes: readonly Routes[];
  readonly env: { readonly PRINCIPAL_CLAIM: string; readonly IAM_PRINCIPALS: Readonly<Record<string, string>> };
  /** Called once; again only after it failed. */
  readonly open: () => Promise<OpenedSystem<UsedBy<Routes>>>;
}

/** What a request takes of it. */
export type OpenedSystem<System> = Pick<
  AwsSystem<Served<System> & Pick<NervousSystem, 'policy'>>,
  'system' | 'flush' | 'refreshPolicy'
>;

export type ApiHandler = Handle<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>;

export function apiHandler<Routes extends Route>({
  telemetry,
  routes,
  env,
  open,
}: ApiHandlerOptions<Routes>): ApiHandler {
  const handleRequest = createRequestHandler(routes);
  const opened = once(async () => {
    const aws = await open();
    const { policy } = aws.system;
    const principalOf = createPrincipals({ policy, claim: env.PRINCIPAL_CLAIM, iam: env.IAM_PRINCIPALS });
    return { ...aws, principalOf };
  });
  opened().catch(() => {}); // begins before the first request does, which is told when it failed
  const onError = (error: unknown): void => telemetry.logger.error('request failed', asError(error));

  const answer = async (event: APIGatewayProxyEventV2, context: Context): Promise<ApiResponse> => {
    try {
      const { system, flush, refreshPolicy, principalOf } = await opened();
      try {
        await refreshPolicy();
        const request = toApiRequest(event, { principalOf, remainingMs: () => context.getRemainingTimeInMillis() });
        return await handleRequest(request, system, { onError, translate: asContractError });
      } finally {
        await flush(); // also what was found when the policy was read, and nothing may be done
      }
    } catch (error) {
      return problemResponse(asContractError(error) ?? error, undefined, onError);
    }
  };

  return directHandler(telemetry, async (event: APIGatewayProxyEventV2, context: Context) => {
    const startedAt = performance.now();
    const { routeKey, requestContext, headers } = event;
    telemetry.logger.appendKeys({ request: requestContext.requestId, ...traceKeys(headers['traceparent']) });
    const response = await answer(event, context);
    const ms = Math.round(performance.now() - startedAt);
    telemetry.logger.info('answered', { route: routeKey, status: response.status, ms });
    telemetry.metrics.addMetric('RequestTime', MetricUnit.Milliseconds, ms);
    if (response.status >= 500) telemetry.metrics.addMetric('ServerErrors', MetricUnit.Count, 1);
    return toApiResult(response);
  });
}

/** For a function that others invoke, too. */
export function isOfApi(event: unknown): event is APIGatewayProxyEventV2 {
  return typeof event === 'object' && event !== null && 'requestContext' in event;
}
