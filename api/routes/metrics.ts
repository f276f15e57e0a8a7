/**
 * Metrics for Prometheus and its kin. Served by an engine that is one process with numbers of its own; where there are many,
 * they write to their platform's metrics instead, so this is not part of the common table.
 */
import type { NervousSystem } from '../../core/system/index.ts';
import * as z from 'zod';
import {
  metricFamilies,
  OPEN_METRICS,
  openMetrics,
  PROMETHEUS_TEXT,
  prometheusText,
  type MetricFamily,
} from '../../core/system/index.ts';
import { negotiate } from '../negotiate.ts';
import { routesOn, type Route } from '../route.ts';

const route = routesOn<Pick<NervousSystem, 'monitor' | 'policy'>>();

const TYPES = ['text/plain', 'application/openmetrics-text'] as const;

/** @param ofProcess what the engine knows of its process, read at every request */
export function metricsRoute(
  ofProcess: () => Promise<readonly MetricFamily[]>,
): Route<Pick<NervousSystem, 'monitor' | 'policy'>> {
  return route({
    method: 'GET',
    path: '/metrics',
    operationId: 'getMetrics',
    tag: 'service',
    summary: 'Metrics, as OpenMetrics 1.0 or Prometheus text 0.0.4',
    responses: {
      200: { description: 'metrics', mediaType: OPEN_METRICS, alternatives: { [PROMETHEUS_TEXT]: z.string() } },
    },
    problems: ['FORBIDDEN'],
    handler: async (system, principal, { request: { headers } }) => {
      system.policy.require(principal, 'reads', '*'); // they tell of everybody's subscriptions
      const families = [...metricFamilies(await system.monitor()), ...(await ofProcess())];
      const isOpen = negotiate(headers['accept'], TYPES) === 'application/openmetrics-text';
      return {
        status: 200,
        headers: { 'content-type': isOpen ? OPEN_METRICS : PROMETHEUS_TEXT },
        body: new TextEncoder().encode(isOpen ? openMetrics(families) : prometheusText(families)),
      };
    },
  });
}
