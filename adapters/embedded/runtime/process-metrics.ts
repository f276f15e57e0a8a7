/** What the engine knows of its own process and of the log it publishes, as metrics. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock, LogFiles } from '../../../core/ledger/index.ts';
import type { MetricFamily } from '../../../core/system/index.ts';
import { LOG_FOLDER } from '../log/open-log.ts';
import { MS_PER_SECOND } from '../../../core/values/index.ts';

const CHECKPOINT = 'checkpoint';
const NS_PER_SECOND = 1e9;
const US_PER_SECOND = 1e6;
const QUANTILES = [0.5, 0.99, 1] as const;

export interface ProcessMetrics {
  /** Of the event loop: since it was last read. */
  readonly read: () => Promise<readonly MetricFamily[]>;
  readonly stop: () => void;
}

export interface ProcessMetricsOptions {
  readonly dataDir: string;
  readonly files: Pick<LogFiles, 'read'>;
  readonly clock: Pick<Clock, 'now'>;
}

export function startProcessMetrics({ dataDir, files, clock }: ProcessMetricsOptions): ProcessMetrics {
  const delay = monitorEventLoopDelay();
  delay.enable();
  const startedAt = (clock.now() - process.uptime() * MS_PER_SECOND) / MS_PER_SECOND;
  return {
    read: async () => {
      const checkpoint = await files.read(CHECKPOINT);
      const lag = QUANTILES.map((quantile) => ({
        labels: { quantile: String(quantile) },
        value: delay.percentile(quantile * 100) / NS_PER_SECOND,
      }));
      delay.reset();
      return [
        ...processFamilies(startedAt, lag),
        ...(checkpoint === undefined
          ? []
          : logFamilies(checkpoint, clock.now() - statSync(join(dataDir, LOG_FOLDER, CHECKPOINT)).mtimeMs)),
      ];
    },
    stop: () => delay.disable(),
  };
}

/** The first three by the names that Prometheus' own clients give them. */
function processFamilies(startedAt: number, lag: MetricFamily['samples']): readonly MetricFamily[] {
  const { user, system } = process.cpuUsage();
  return [
    ofOne('process_resident_memory_bytes', 'bytes', 'Resident memory', process.memoryUsage.rss()),
    ofOne('process_start_time_seconds', 'seconds', 'When the process started, Unix time', startedAt),
    { ...ofOne('process_cpu_seconds', 'seconds', 'CPU time used', (user + system) / US_PER_SECOND), type: 'counter' },
    {
      ...{ name: 'nervous_event_loop_lag_seconds', type: 'summary', unit: 'seconds', samples: lag },
      help: 'How late timers of the process came since the last reading',
    },
  ];
}

/** @param ageMs of the file, which is written anew with every checkpoint, also when nothing was added */
function logFamilies(checkpoint: Uint8Array, ageMs: number): readonly MetricFamily[] {
  const [, size = ''] = new TextDecoder().decode(checkpoint).split('\n', 2);
  const age = Math.max(0, ageMs) / MS_PER_SECOND;
  return [
    {
      name: 'nervous_log_entries',
      type: 'gauge',
      help: 'Entries that the published checkpoint covers',
      samples: [{ value: Number(size) }],
    },
    ofOne('nervous_log_checkpoint_age_seconds', 'seconds', 'Age of the published checkpoint', age),
  ];
}

function ofOne(name: string, unit: 'seconds' | 'bytes', help: string, value: number): MetricFamily {
  return { name, type: 'gauge', unit, help, samples: [{ value }] };
}
