/** JSON the user hands in, read as strictly as the service does, so that no number or key is changed on the way. */
import { readFileSync } from 'node:fs';
import { isObject } from '../../../core/values/index.ts';
import { parseStrict, type JsonObject, type JsonValue } from '../../../core/canonical/index.ts';
import { UsageError } from '../output/output.ts';

/** `{"a":1}`, `@file.json`, or `@-` for stdin. */
export function readJsonArgument(text: string, name: string): JsonObject {
  return text.startsWith('@') ? readJsonFile(text.slice(1)) : parseObject(Buffer.from(text), name);
}

/** @param path `-` is stdin */
export function readJsonFile(path: string): JsonObject {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path === '-' ? 0 : path);
  } catch (cause) {
    throw new UsageError(`"${path}" cannot be read: ${(cause as Error).message}`, { cause });
  }
  return parseObject(bytes, path);
}

export function parseObject(bytes: Uint8Array, name: string): JsonObject {
  let value: JsonValue;
  try {
    value = parseStrict(bytes);
  } catch (cause) {
    throw new UsageError(`${name}: ${(cause as Error).message}`, { cause });
  }
  if (isObject(value)) return value;
  throw new UsageError(`${name}: must be a JSON object`);
}
