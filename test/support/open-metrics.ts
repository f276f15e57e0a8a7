/**
 * A strict reader of OpenMetrics 1.0 text, after the ABNF and the rules of the specification, as far as we use it. It throws
 * where a conforming reader may.
 * https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md
 */
export interface OpenMetricsSample {
  /** name and labels as they were written */
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Family {
  readonly name: string;
  readonly type: string;
  unit?: string;
  help?: string;
  samples: number;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const ESCAPED = '(?:[^\\n"\\\\]|\\\\[n"\\\\])*';
const LABEL = `([a-zA-Z_][a-zA-Z0-9_]*)="(${ESCAPED})"`;
const METADATA = new RegExp(`^# (TYPE|UNIT|HELP) (${NAME}) (${ESCAPED})$`);
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)?\\})? (NaN|[+-]Inf|-?[0-9.]+(?:e[+-]?[0-9]+)?)$`);
const SUFFIXES: Readonly<Record<string, RegExp>> = {
  counter: /^_(total|created)$/,
  gauge: /^$/,
  info: /^_info$/,
  summary: /^(_sum|_count|_created)?$/,
};

export function readOpenMetrics(text: string): readonly OpenMetricsSample[] {
  const lines = text.split('\n');
  if (lines.pop() !== '' || lines.pop() !== '# EOF') throw new Error('does not end in "# EOF" and a line feed');
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  let current: Family | undefined;
  const samples = lines.flatMap((line): OpenMetricsSample[] => {
    const metadata = METADATA.exec(line);
    if (metadata !== null) {
      current = describe(families, current, metadata);
      return [];
    }
    const sample = readSample(line, current);
    if (seen.has(sample.id)) throw new Error(`twice: ${sample.id}`);
    seen.add(sample.id);
    return [sample];
  });
  for (const { name, help } of families.values()) if (help === undefined) throw new Error(`${name} has no HELP`);
  return samples;
}

function describe(families: Map<string, Family>, current: Family | undefined, match: RegExpExecArray): Family {
  const [line, keyword, name = '', value = ''] = match;
  if (keyword === 'TYPE') {
    if (families.has(name)) throw new Error(`${name} begins twice`);
    if (!Object.hasOwn(SUFFIXES, value)) throw new Error(`unknown type: ${line}`);
    if (value === 'counter' && name.endsWith('_total')) throw new Error(`a counter is named without _total: ${line}`);
    const family = { name, type: value, samples: 0 };
    families.set(name, family);
    return family;
  }
  if (current === undefined || current.name !== name || current.samples > 0) throw new Error(`out of place: ${line}`);
  if (keyword === 'UNIT') {
    if (!name.endsWith(`_${value}`) || current.unit !== undefined) throw new Error(`not the unit of the name: ${line}`);
    current.unit = value;
  } else {
    if (current.help !== undefined) throw new Error(`twice: ${line}`);
    current.help = value;
  }
  return current;
}

function readSample(line: string, family: Family | undefined): OpenMetricsSample {
  const match = SAMPLE.exec(line);
  if (match === null) throw new Error(`not a line of OpenMetrics: ${JSON.stringify(line)}`);
  const [, name = '', pairs = ''] = match;
  const number = match.at(-1) ?? '';
  if (family === undefined || !name.startsWith(family.name)) throw new Error(`of no family: ${line}`);
  if (SUFFIXES[family.type]?.test(name.slice(family.name.length)) !== true) throw new Error(`not of its type: ${line}`);
  family.samples += 1;
  const labels: Record<string, string> = {};
  for (const [, label = '', value = ''] of pairs.matchAll(new RegExp(LABEL, 'g'))) {
    if (Object.hasOwn(labels, label)) throw new Error(`a label twice: ${line}`);
    labels[label] = value.replaceAll(/\\([n"\\])/g, (_, char: string) => (char === 'n' ? '\n' : char));
  }
  const value = Number(number.replace('Inf', 'Infinity'));
  if (family.type === 'counter' && !(value >= 0)) throw new Error(`a counter below zero: ${line}`);
  return { id: line.slice(0, line.length - number.length - 1), labels, value };
}
