/**
 * Tables of a lake as Parquet: one row group for 20,000 rows, ZSTD by Node. The library is loaded when it is first needed, because most
 * installations have no lake and need not have it.
 */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type * as Reader from 'hyparquet';
import type { SchemaElement } from 'hyparquet';
import type * as Writer from 'hyparquet-writer';
import type { JsonObject, JsonValue } from '../../core/canonical/index.ts';
import { codeOf, must } from '../../core/errors/index.ts';
import { columnsOf, LakeError, type Column, type LakeTable } from '../../core/lake/index.ts';
import { isObject } from '../../core/values/index.ts';

const ROWS_PER_GROUP = 20_000;
/** What a file that somebody else made could make of itself in memory is bounded. */
const MAX_PAGE_BYTES = 256 * 1024 * 1024;
const CREATED_BY = 'nervous-system';

/** @throws LakeError LAKE_NEEDS_PARQUET */
export async function openParquetTables(): Promise<LakeTable> {
  const [{ parquetWriteBuffer }, { parquetReadObjects, parquetMetadata, parquetSchema }] = await libraries();
  return {
    write: async (className, events) => {
      const columns = columnsOf(className);
      const rows = events.map((event) => storedGroup(columns, event));
      const bytes = parquetWriteBuffer({
        schema: schemaOf(columns),
        columnData: columns.map(({ name }) => ({ name, data: rows.map((row) => row[name]) })),
        codec: 'ZSTD',
        compressors: { ZSTD: (page) => zstdCompressSync(page) },
        rowGroupSize: ROWS_PER_GROUP,
        createdBy: CREATED_BY,
      });
      return new Uint8Array(bytes);
    },
    read: async (className, bytes) => {
      const columns = columnsOf(className);
      const file = Uint8Array.from(bytes).buffer;
      try {
        const metadata = parquetMetadata(file);
        if (
          parquetSchema(metadata)
            .children.map(({ element }) => element.name)
            .join() !== names(columns)
        )
          return undefined;
        const rows = await parquetReadObjects({
          file,
          metadata,
          compressors: { ZSTD: (page) => zstdDecompressSync(page, { maxOutputLength: MAX_PAGE_BYTES }) },
        });
        return rows.map((row) => eventOf(columns, row));
      } catch {
        // Whatever the library makes of bytes that are no table: they are none.
        return undefined;
      }
    },
  };
}

async function libraries(): Promise<[typeof Writer, typeof Reader]> {
  try {
    return await Promise.all([import('hyparquet-writer'), import('hyparquet')]);
  } catch (cause) {
    if (codeOf(cause) !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new LakeError({
      code: 'LAKE_NEEDS_PARQUET',
      message: 'a lake needs the packages hyparquet-writer and hyparquet: npm install hyparquet-writer hyparquet',
      cause,
    });
  }
}

function schemaOf(columns: readonly Column[]): SchemaElement[] {
  return [{ name: 'root', num_children: columns.length }, ...columns.flatMap(elementsOf)];
}

function elementsOf(column: Column): SchemaElement[] {
  const { name } = column;
  const repetition_type = 'required' in column ? 'REQUIRED' : 'OPTIONAL';
  if ('fields' in column) {
    const own = { num_children: column.fields.length };
    const fields = column.fields.flatMap(elementsOf);
    return column.isList === true
      ? [...listOf(name), { name: 'element', repetition_type: 'OPTIONAL', ...own }, ...fields]
      : [{ name, repetition_type, ...own }, ...fields];
  }
  if (column.type === 'texts')
    return [...listOf(name), { name: 'element', repetition_type: 'OPTIONAL', ...TYPES.text }];
  return [{ name, repetition_type, ...TYPES[column.type] }];
}

const TYPES = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  int: { type: 'INT32' },
  long: { type: 'INT64' },
} as const;

function listOf(name: string): SchemaElement[] {
  return [
    { name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  ];
}

/** A value as the library wants it; what has no column would be lost, so it is a fault of the program. */
function stored(column: Column, value: JsonValue | undefined): unknown {
  if (value === undefined) return undefined;
  if (!('fields' in column)) return column.type === 'long' ? BigInt(value as number) : value;
  if (Array.isArray(value)) return value.map((one: JsonObject) => storedGroup(column.fields, one));
  return storedGroup(column.fields, value as JsonObject);
}

function storedGroup(fields: readonly Column[], group: JsonObject): Readonly<Record<string, unknown>> {
  for (const name of Object.keys(group))
    must(
      fields.find((field) => field.name === name),
      `a column for a field of a lake's event`,
    );
  return Object.fromEntries(fields.map((field) => [field.name, stored(field, group[field.name])]));
}

/** As it was before: what is null in a table was not there. */
function eventOf(columns: readonly Column[], row: Readonly<Record<string, unknown>>): JsonObject {
  return Object.fromEntries(
    columns.flatMap((column) => {
      const value = read(column, row[column.name]);
      return value === undefined ? [] : [[column.name, value]];
    }),
  );
}

function read(column: Column, value: unknown): JsonValue | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value))
    return 'fields' in column
      ? value.map((one: unknown) => (isObject(one) ? eventOf(column.fields, one) : {}))
      : value.map(String);
  if (!('fields' in column)) return value as JsonValue;
  const group = isObject(value) ? eventOf(column.fields, value) : {};
  // A group of nothing but nulls was not there: no event has an empty one.
  return Object.keys(group).length === 0 ? undefined : group;
}

function names(columns: readonly Column[]): string {
  return columns.map(({ name }) => name).join();
}
