/** `GET /metrics` of a running engine, as a scraper reads it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEngine, type Engine } from '../../../../adapters/embedded/index.ts';
import { config } from '../../../../nervous.config.ts';
import { readOpenMetrics } from '../../../support/open-metrics.ts';

/** What Prometheus 3 sends. */
const PROMETHEUS =
  'application/openmetrics-text;version=1.0.0;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';

let folder: string;
let engine: Engine;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nervous-metrics-'));
  engine = await startEngine({ config, dataDir: folder, auditMinutes: 0 });
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

function scrape(as: string | undefined, headers: Record<string, string> = {}): Promise<Response> {
  const authorization = as === undefined ? {} : { authorization: `Bearer ${engine.tokens[as]}` };
  return fetch(`${engine.url}/metrics`, { headers: { ...headers, ...authorization } });
}

describe('the metrics of an engine', () => {
  it('R10: stand in the OpenAPI document that this engine serves, with both of their forms', async () => {
    const document = (await (await fetch(`${engine.url}/v1/openapi.json`)).json()) as {
      readonly paths: Readonly<
        Record<string, { readonly get?: { readonly responses: Record<string, { content: object }> } }>
      >;
    };
    const { '200': metrics } = document.paths['/metrics']?.get?.responses ?? {};
    expect(Object.keys(metrics?.content ?? {}).map((type) => type.split(';')[0])).toEqual([
      'application/openmetrics-text',
      'text/plain',
    ]);
  });

  it('are OpenMetrics for who asks for it', async () => {
    const principal = engine.system.policy.principal('bank-feed');
    if (principal === undefined) throw new Error('the sample has no bank-feed');
    const event = { eventId: 'e-1', topic: 'transactions.new', payload: { amount: '1.00', kind: 'credit' } };
    await engine.system.publish(principal, [event, { ...event, eventId: 'e-2', topic: 'no.such' }]);
    await engine.system.publish(principal, [event]);
    await engine.log.loop.flush();
    const response = await scrape('reporting', { accept: PROMETHEUS });
    expect(response.headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    const values = new Map(readOpenMetrics(await response.text()).map(({ id, value }) => [id, value]));
    expect(values.get('nervous_published_events_total{status="accepted"}')).toBe(1);
    expect(values.get('nervous_published_events_total{status="duplicate"}')).toBe(1);
    expect(values.get('nervous_published_events_total{status="rejected"}')).toBe(1);
    expect(values.get('nervous_log_entries')).toBe(values.get('nervous_entries'));
    expect(values.get('nervous_log_checkpoint_age_seconds')).toBeGreaterThanOrEqual(0);
    expect(values.get('process_resident_memory_bytes')).toBeGreaterThan(1e6);
    expect([...values.keys()].filter((id) => id.startsWith('nervous_event_loop_lag_seconds'))).toHaveLength(3);
  });

  it('are Prometheus text for everybody else', async () => {
    const response = await scrape('eva');
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await response.text()).toMatch(/^# TYPE process_cpu_seconds_total counter$/m);
  });

  it('are for who may read everything', async () => {
    expect((await scrape('bank-feed')).status).toBe(403);
    expect((await scrape(undefined)).status).toBe(401);
  });
});
