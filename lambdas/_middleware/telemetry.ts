/**
 * What every function tells about itself: structured logs, metrics in EMF, and the W3C trace it is part of. Spans are
 * Lambda's own, of requests that ask for a trace: the X-Ray SDK would be a fifth of a bundle and adds no more here.
 */
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';

export const NAMESPACE = 'nervous-system';
/**
 * The dimension `service` of what is measured of the system as a whole: its name, which begins the names of its functions
 * and holds no dash, so that two systems of one account are not counted together.
 */
export const SYSTEM_SERVICE = (process.env['AWS_LAMBDA_FUNCTION_NAME'] ?? 'nervous').replace(/-.*$/, '');
/** https://www.w3.org/TR/trace-context/#traceparent-header */
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;

export interface Telemetry {
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** @param service the function's folder */
export function telemetryOf(service: string): Telemetry {
  return {
    logger: new Logger({ serviceName: service }),
    metrics: new Metrics({ namespace: NAMESPACE, serviceName: service }),
  };
}

/** For logs: which trace this is part of. Nothing when it is no traceparent, whoever sent it. */
export function traceKeys(traceparent: unknown): { readonly trace_id?: string; readonly parent_id?: string } {
  const [, trace_id, parent_id] = (typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent) : null) ?? [];
  return trace_id === undefined || parent_id === undefined ? {} : { trace_id, parent_id };
}
