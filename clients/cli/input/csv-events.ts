/**
 * How a row of a table becomes an event: by a template of the event in which `{column}` stands for what the row has there.
 * It does not judge the event; the service does.
 */
import type { JsonObject, JsonValue } from '../../../core/canonical/index.ts';
import { defined, orBlank } from '../../../core/values/index.ts';
import type { CsvRecord } from './csv.ts';
import { UsageError } from '../output/output.ts';

export interface TableMapping {
  /** the event, with placeholders; stands instead of everything else */
  readonly template?: JsonObject;
  readonly topic?: string;
  readonly entityColumn?: string;
  readonly idColumn?: string;
}

/** What is wrong with one row: it cannot be put into the template. */
export class RowError extends Error {}

type Convert = (value: string, column: string) => JsonValue;

/** {column} · {column:int} · {column:boolean}, each with ? for "leave it out when empty" */
const PLACEHOLDER = /\{([^{}:?]+)(?::(int|boolean))?(\?)?\}/g;
const ONLY = new RegExp(`^${PLACEHOLDER.source}$`);

const CONVERT: Readonly<Record<string, Convert>> = {
  int: (value, column) => {
    if (/^-?\d+$/.test(value) && Number.isSafeInteger(Number(value))) return Number(value);
    throw new RowError(`column "${column}" is "${value.slice(0, 50)}", not a whole number`);
  },
  boolean: (value, column) => {
    if (/^(true|false)$/i.test(value)) return value.toLowerCase() === 'true';
    throw new RowError(`column "${column}" is "${value.slice(0, 50)}", neither true nor false`);
  },
};

/** @throws UsageError: neither a template nor a topic. What is returned throws RowError. */
export function eventOfRow(mapping: TableMapping): (record: CsvRecord) => JsonObject {
  const { template, topic, entityColumn, idColumn } = mapping;
  if (template !== undefined) return (record) => (fill(template, record) ?? {}) as JsonObject;
  if (topic === undefined)
    throw new UsageError(
      'a table needs --mapping, or --topic with --entity-column: a row alone does not name its topic',
    );
  return (record) => {
    const { [orBlank(entityColumn)]: entityId, [orBlank(idColumn)]: eventId, ...payload } = record;
    if (entityColumn !== undefined && entityId === undefined) throw new RowError(noColumn(entityColumn, record));
    if (idColumn !== undefined && eventId === undefined) throw new RowError(noColumn(idColumn, record));
    return {
      topic,
      ...defined({ entityId, eventId }),
      payload,
    };
  };
}

/** undefined: to be left out */
function fill(template: JsonValue, record: CsvRecord): JsonValue | undefined {
  if (typeof template === 'string') return fillText(template, record);
  if (typeof template !== 'object' || template === null) return template;
  if (Array.isArray(template))
    return (template as readonly JsonValue[]).map((item) => fill(item, record)).filter((item) => item !== undefined);
  const members = Object.entries(template).flatMap(([name, value]): [string, JsonValue][] => {
    const filled = fill(value, record);
    return filled === undefined ? [] : [[name, filled]];
  });
  return Object.fromEntries(members);
}

function fillText(template: string, record: CsvRecord): JsonValue | undefined {
  const [, only, type, optional] = ONLY.exec(template) ?? [];
  if (only === undefined) return template.replaceAll(PLACEHOLDER, (_, column: string) => valueOf(column, record));
  const value = valueOf(only, record);
  if (optional !== undefined && value === '') return undefined;
  return type === undefined ? value : (CONVERT[type] as Convert)(value, only);
}

function valueOf(column: string, record: CsvRecord): string {
  const value = Object.hasOwn(record, column) ? record[column] : undefined;
  if (value === undefined) throw new RowError(noColumn(column, record));
  return value;
}

function noColumn(column: string, record: CsvRecord): string {
  return `there is no column "${column}": the file has ${Object.keys(record).join(', ')}`;
}
