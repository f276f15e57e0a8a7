/**
 * JSON Patch (RFC 6902) on an untrusted patch: every pointer is resolved through own properties and strict array indices
 * before the library may touch the document, and the result is bounded. It does not know what the document means.
 */
import { applyPatch } from 'rfc6902';
import * as z from 'zod';
import { canonicalize, type JsonObject, type JsonValue } from '../../canonical/index.ts';
import {
  assertDocument,
  documentBytes,
  isJsonObject,
  MAX_DOCUMENT_BYTES,
  RESERVED_KEYS,
  type Document,
} from './document.ts';
import { ChangeError } from './errors.ts';

const MAX_PATCH_STEPS = 100;
const MAX_POINTER_LENGTH = 512;

const pointer = z
  .string()
  .max(MAX_POINTER_LENGTH)
  .regex(
    /^(\/([^~/]|~[01])*)*$/,
    'must be a JSON pointer (RFC 6901): empty or starting with /, with ~0 for ~ and ~1 for /',
  )
  .refine((text) => !text.split('/').some((token) => RESERVED_KEYS.has(token)), 'names a key reserved by JavaScript');
const value = z.custom<JsonValue>((given) => given !== undefined, 'is missing: give the value');

/** The payload of `state.patch`. */
export const patchSchema = z
  .array(
    z.discriminatedUnion('op', [
      z.strictObject({ op: z.enum(['add', 'replace', 'test']), path: pointer, value }),
      z.strictObject({ op: z.literal('remove'), path: pointer }),
      z.strictObject({ op: z.enum(['move', 'copy']), from: pointer, path: pointer }),
    ]),
  )
  .min(1)
  .max(MAX_PATCH_STEPS);

export type JsonPatch = z.output<typeof patchSchema>;
type Step = JsonPatch[number];

/**
 * The document after the patch; the one given is not touched. An absent document is patched as if it were `{}`.
 * @throws ChangeError CHANGE_UNFIT naming the step that does not fit
 */
export function patchDocument(document: Document, patch: JsonPatch): JsonObject {
  let current: JsonValue = structuredClone(document ?? {});
  patch.forEach((step, i) => {
    try {
      current = applyStep(current, step);
      // Only copying grows a document beyond what the patch itself carries: bound it at once, not after the last doubling.
      if (step.op === 'copy' && documentBytes(current) > MAX_DOCUMENT_BYTES)
        misfit(`copies the document beyond its limit`);
    } catch (error) {
      if (error instanceof Misfit) throw misfitAt(i, step, error.message);
      throw error;
    }
  });
  const result: unknown = current;
  assertDocument(result);
  return result;
}

/** Private to this file: why one step does not fit; becomes a ChangeError with the step's position. */
class Misfit extends Error {}

function misfit(reason: string): never {
  throw new Misfit(reason);
}

function misfitAt(index: number, step: Step, reason: string): ChangeError {
  const detail = `${step.op} ${step.path === '' ? 'the whole document' : step.path} ${reason}`;
  return new ChangeError({
    code: 'CHANGE_UNFIT',
    message: `the patch does not fit the document: step ${index}: ${detail}`,
    problems: [{ pointer: `/${index}`, detail }],
  });
}

function applyStep(document: JsonValue, step: Step): JsonValue {
  switch (step.op) {
    case 'test':
      if (canonicalize(existing(document, step.path)) !== canonicalize(step.value)) misfit('finds another value there');
      return document;
    case 'add':
    case 'replace':
      if (step.path === '') return wholeDocument(structuredClone(step.value));
      (step.op === 'add' ? place : existing)(document, step.path);
      break;
    case 'remove':
      if (step.path === '') misfit('is not possible: a patch cannot remove the document');
      existing(document, step.path);
      break;
    case 'move':
    case 'copy': {
      const moved = existing(document, step.from);
      if (step.path === step.from) return document;
      if (step.op === 'move' && `${step.path}/`.startsWith(`${step.from}/`)) misfit('is inside what is moved');
      if (step.path === '') return wholeDocument(structuredClone(moved));
      break;
    }
  }
  return mutate(document, step);
}

/** Every pointer was checked, or is checked by the library against what the step itself changed. */
function mutate(document: JsonValue, step: Step): JsonValue {
  if (step.op === 'move') {
    const moved = structuredClone(existing(document, step.from));
    const without = mutate(document, { op: 'remove', path: step.from });
    return applyStep(without, { op: 'add', path: step.path, value: moved });
  }
  if (step.op === 'copy') {
    return applyStep(document, { op: 'add', path: step.path, value: existing(document, step.from) });
  }
  const [error] = applyPatch(document, [step]);
  if (error) misfit(`is refused: ${error.message}`);
  return document;
}

function wholeDocument(candidate: JsonValue): JsonValue {
  return isJsonObject(candidate) ? candidate : misfit('would leave something else than a JSON object');
}

/** The value a pointer leads to, through own properties only. */
function existing(document: JsonValue, path: string): JsonValue {
  return tokensOf(path).reduce<JsonValue>((parent, token) => {
    const member = Array.isArray(parent)
      ? (parent as readonly JsonValue[])[indexOf(token, parent.length - 1)]
      : isJsonObject(parent) && Object.hasOwn(parent, token)
        ? parent[token]
        : undefined;
    return member ?? (member === null ? null : misfit('finds nothing there'));
  }, document);
}

/** A place where something can be added: a member of an object, or an index up to the end of an array. */
function place(document: JsonValue, path: string): void {
  const parent = existing(document, path.slice(0, path.lastIndexOf('/')));
  const token = tokensOf(path).at(-1) as string;
  if (Array.isArray(parent)) {
    if (token !== '-') indexOf(token, parent.length);
  } else if (!isJsonObject(parent)) misfit('has no object or array above it');
}

function indexOf(token: string, last: number): number {
  if (!/^(0|[1-9][0-9]{0,8})$/.test(token) || Number(token) > last)
    misfit(`has no array index "${token.slice(0, 20).toWellFormed()}"`);
  return Number(token);
}

function tokensOf(path: string): string[] {
  return path
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}
