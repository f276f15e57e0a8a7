/** The columns of a lake's tables as Glue and Athena name their types. They read Parquet by name, and know names in lower case only. */
import { columnsOf, type ClassName, type Column } from './columns.ts';

export interface GlueColumn {
  readonly name: string;
  readonly type: string;
}

export function glueColumnsOf(name: ClassName): readonly GlueColumn[] {
  return columnsOf(name).map((column) => ({ name: column.name, type: typeOf(column) }));
}

const TYPES = { text: 'string', int: 'int', long: 'bigint', texts: 'array<string>' } as const;

function typeOf(column: Column): string {
  if (!('fields' in column)) return TYPES[column.type];
  const struct = `struct<${column.fields.map((field) => `${field.name}:${typeOf(field)}`).join(',')}>`;
  return column.isList === true ? `array<${struct}>` : struct;
}
