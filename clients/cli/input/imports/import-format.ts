/**
 * What is imported, by the system that exported it: how its records are framed, and where an entity, a time, a kind and an id
 * stand in one. It takes from a record only those four, and believes none of them.
 */
import { ENTITY_ID } from '../../../../core/ledger/index.ts';
import { decodeUtf8, parseStrict, type JsonValue } from '../../../../core/canonical/index.ts';
import { defined, isObject } from '../../../../core/values/index.ts';
import { UsageError } from '../../output/output.ts';
import { CsvError, headerOf, splitRecord } from '../csv.ts';
import { RowError } from '../csv-events.ts';
import { frameIon } from './frame-ion.ts';
import { frameCsv, frameJsonArray, frameLines, type Framing } from './framing.ts';
import { readJournalBlock, type LookUp } from './journal-block.ts';

export const FORMATS = ['qldb', 'cloudtrail', 'csv', 'ndjson'] as const;
export type ImportFormat = (typeof FORMATS)[number];

/** Templates in which `{name}` stands for what the record has there; of JSON, `{a.b}` is the member `b` of `a`. */
export interface ImportMapping {
  readonly entity: string;
  readonly time?: string;
  readonly kind?: string;
  readonly id?: string;
  /** of a table */
  readonly separator?: string;
}

export interface Claims {
  readonly time?: string;
  readonly kind?: string;
  readonly id?: string;
}

/** An entry to make. A record makes one; a block of a journal one for each revision in it. */
export interface ImportedEntry {
  readonly entityId: string;
  readonly claims: Claims;
}

export interface ImportReader {
  readonly framing: Framing;
  readonly maxBytes: number;
  /** Empty: there is nothing in it to record (a header, a blank line, a block without revisions). @throws RowError */
  readonly entriesOf: (bytes: Buffer) => readonly ImportedEntry[] | Promise<readonly ImportedEntry[]>;
}

const MIB = 1024 * 1024;
/** No row and no AWS event is longer; QLDB's largest transaction had 4 MiB, and more as text. */
const MAX_BYTES: Readonly<Record<ImportFormat, number>> = { qldb: 16 * MIB, cloudtrail: MIB, csv: MIB, ndjson: MIB };
const MAX_CLAIM = 256;
const PLACEHOLDER = /\{([^{}]+)\}/g;

const DEFAULTS: Readonly<Record<ImportFormat, Partial<ImportMapping>>> = {
  qldb: { entity: '{table}:{id}', time: '{time}', kind: '{table}', id: '{id}/{version}' },
  cloudtrail: {
    ...{ entity: 'cloudtrail:{recipientAccountId}', time: '{eventTime}', kind: '{eventName}', id: '{eventID}' },
  },
  csv: { separator: ',' },
  ndjson: {},
};

/** @throws UsageError */
export function mappingOf(format: ImportFormat, given: Partial<ImportMapping>): ImportMapping {
  const { separator, ...mapping } = { ...DEFAULTS[format], ...given };
  const { entity, ...others } = mapping;
  if (entity === undefined)
    throw new UsageError(`${format} needs --entity <template>, such as 'account:{account_id}': whose history is it?`);
  if (format !== 'csv' && given.separator !== undefined) throw new UsageError('--separator is for csv');
  if (separator !== undefined && !/^[\t\x20\x21\x23-\x7e]$/.test(separator))
    throw new UsageError('--separator takes one ASCII character, and not a quote');
  return { entity, ...others, ...defined({ separator }) };
}

/** @returns a reader for one pass through a file */
export function createReader(format: ImportFormat, mapping: ImportMapping): ImportReader {
  const maxBytes = MAX_BYTES[format];
  const one = (lookUp: LookUp): ImportedEntry => entryOf(lookUp, mapping);
  switch (format) {
    case 'qldb':
      return {
        ...{ framing: frameIon(), maxBytes },
        entriesOf: async (bytes) => (await readJournalBlock(bytes)).map(one),
      };
    case 'cloudtrail':
      return { framing: frameJsonArray(), maxBytes, entriesOf: (bytes) => [one(readObject(bytes))] };
    case 'ndjson':
      return {
        ...{ framing: frameLines(), maxBytes },
        entriesOf: (bytes) => (isBlank(bytes) ? [] : [one(readObject(bytes))]),
      };
    case 'csv': {
      const { separator = ',' } = mapping;
      const rows = createRows(separator);
      return {
        ...{ framing: frameCsv(separator.charCodeAt(0)), maxBytes },
        entriesOf: (bytes) => {
          const row = isBlank(bytes) ? undefined : rows(bytes);
          return row === undefined ? [] : [one(row)];
        },
      };
    }
  }
}

function entryOf(lookUp: LookUp, { entity, time, kind, id }: ImportMapping): ImportedEntry {
  const entityId = fill(entity, lookUp, 'the entity');
  if (!ENTITY_ID.test(entityId))
    throw new RowError(`"${entityId.slice(0, 50)}" is no entity id: 1-128 of A-Z a-z 0-9 . _ : / - are`);
  const claim = (template: string | undefined, what: string): string | undefined => {
    if (template === undefined) return undefined;
    const text = fill(template, lookUp, what);
    if (text.length > MAX_CLAIM) throw new RowError(`${what} has more than ${MAX_CLAIM} characters`);
    return text === '' ? undefined : text;
  };
  return {
    entityId,
    claims: defined({ time: claim(time, 'the time'), kind: claim(kind, 'the kind'), id: claim(id, 'the id') }),
  };
}

function fill(template: string, lookUp: LookUp, what: string): string {
  return template.replaceAll(PLACEHOLDER, (_, name: string) => {
    const text = lookUp(name);
    if (text === undefined) throw new RowError(`${what} should be "${template}", but there is no "${name}" in it`);
    return text;
  });
}

function readObject(bytes: Buffer): LookUp {
  let value: JsonValue;
  try {
    value = parseStrict(withoutMark(bytes), { anyRfc8785: true, largeAsText: true });
  } catch (error) {
    throw new RowError((error as Error).message, { cause: error });
  }
  if (!isObject(value)) throw new RowError('it is no JSON object');
  return (name) => textAt(value, name);
}

/** A name with dots may also be the name of a member. */
function textAt(value: object, name: string): string | undefined {
  if (Object.hasOwn(value, name)) return textOf((value as Readonly<Record<string, unknown>>)[name]);
  let here: unknown = value;
  for (const part of name.split('.')) {
    if (!isObject(here) || !Object.hasOwn(here, part)) return undefined;
    here = (here as Readonly<Record<string, unknown>>)[part];
  }
  return textOf(here);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? `${value}` : undefined;
}

/** @returns the columns of a row; undefined for the header. @throws CsvError, which no later row can mend */
function createRows(separator: string): (bytes: Buffer) => LookUp | undefined {
  let header: readonly string[] | undefined;
  return (bytes) => {
    const fields = splitRow(bytes, separator);
    if (header === undefined) {
      header = headerOf(fields, separator);
      if (header.some((name) => /\r(?!\n)/.test(name)))
        throw new CsvError('its lines end with CR alone: convert the line breaks to LF, and keep the file as it was');
      return undefined;
    }
    const columns = header;
    if (fields === undefined) throw new RowError('a quote is not closed, or stands inside a field');
    if (fields.length !== columns.length)
      throw new RowError(`${fields.length} fields, the header has ${columns.length}`);
    return (name) => {
      const at = columns.indexOf(name);
      if (at < 0) throw new CsvError(`there is no column "${name}": the file has ${columns.join(', ')}`);
      return fields[at];
    };
  };
}

function splitRow(bytes: Buffer, separator: string): readonly string[] | undefined {
  try {
    return splitRecord(decodeUtf8(withoutMark(bytes)).replace(/\r$/, ''), separator);
  } catch (error) {
    throw new RowError((error as Error).message, { cause: error });
  }
}

/** A file may begin with a byte order mark. It is one of the bytes that are hashed, and says nothing. */
function withoutMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x0d || byte === 0x09);
}
