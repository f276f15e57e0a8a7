/** Is it a JSON object? Apart from the schemas (stored.ts), because clients in browsers ask it and have no zod. */
import type { JsonObject } from '../canonical/index.ts';

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
