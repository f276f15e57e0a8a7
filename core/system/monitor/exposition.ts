/**
 * Metrics as text for Prometheus and its kin: OpenMetrics 1.0 and the older Prometheus format 0.0.4. Knows how numbers are
 * written, not which.
 * https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md
 */

export interface MetricFamily {
  /** ends in its unit when it has one; of a counter without `_total` */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'summary' | 'info';
  readonly help: string;
  readonly unit?: 'seconds' | 'bytes';
  readonly samples: readonly MetricSample[];
}

export interface MetricSample {
  /** of a summary: `quantile` among them. Names are ours; values may be anybody's */
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

export const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
export const PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8';

const SUFFIX: Readonly<Record<MetricFamily['type'], string>> = {
  counter: '_total',
  gauge: '',
  summary: '',
  info: '_info',
};

export function openMetrics(families: readonly MetricFamily[]): string {
  const lines = families.flatMap((family) => {
    const { name, type, help, unit } = family;
    return [
      `# TYPE ${name} ${type}`,
      ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]),
      `# HELP ${name} ${escape(help)}`,
      ...samplesOf(family),
    ];
  });
  return `${[...lines, '# EOF'].join('\n')}\n`;
}

/** It knows no units and no info, and calls a counter by the name of its samples. */
export function prometheusText(families: readonly MetricFamily[]): string {
  const lines = families.flatMap((family) => {
    const name = `${family.name}${SUFFIX[family.type]}`;
    const type = family.type === 'info' ? 'gauge' : family.type;
    return [`# HELP ${name} ${escape(family.help)}`, `# TYPE ${name} ${type}`, ...samplesOf(family)];
  });
  return lines.map((line) => `${line}\n`).join('');
}

function samplesOf({ name, type, samples }: MetricFamily): readonly string[] {
  return samples.map(({ labels = {}, value }) => `${name}${SUFFIX[type]}${labelsOf(labels)} ${numeral(value)}`);
}

function labelsOf(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escape(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escape(text: string): string {
  return text.toWellFormed().replaceAll(/[\\"]/g, '\\$&').replaceAll('\n', '\\n');
}

function numeral(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
