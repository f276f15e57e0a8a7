/**
 * Every bound of what a module lets in (least and most, what is optional, what is taken when nothing is said), written down in a file
 * beside the test: who moves one sees it in the diff, because callers and recorded entries rely on it. `-u` writes it anew.
 */
import { expect } from 'vitest';
import * as z from 'zod';

/** @param modules name of the file → what it exports. @param path from the test's folder */
export async function expectWrittenBounds(modules: Readonly<Record<string, object>>, path: string): Promise<void> {
  const found = Object.fromEntries(
    Object.entries(modules).flatMap(([name, exported]) =>
      [...schemasIn(exported)].map(([key, schema]) => [
        `${name}: ${key}`,
        z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }),
      ]),
    ),
  );
  await expect(JSON.stringify(found, null, 1)).toMatchFileSnapshot(path);
}

function* schemasIn(value: unknown, path = ''): Generator<[string, z.ZodType]> {
  if (value instanceof z.ZodType) yield [path, value];
  else if (typeof value === 'object' && value !== null && !Array.isArray(value))
    for (const [key, inner] of Object.entries(value)) yield* schemasIn(inner, path === '' ? key : `${path}.${key}`);
}
