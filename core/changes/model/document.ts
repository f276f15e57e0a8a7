/**
 * An entity's document: what is accepted as one, its hash, and the difference between two. A document is a JSON object
 * (I-JSON, integers only, decimals as strings) or absent (null). The document store decides where they are kept.
 */
import type { DocumentHash } from '../../brands/index.ts';
import { canonicalize, pointerOf, taggedHash, type JsonObject, type JsonValue } from '../../canonical/index.ts';
import { ChangeError } from './errors.ts';

/** Canonical bytes of a document; with it an intent entry, which carries one, stays below the entry's limit. */
export const MAX_DOCUMENT_BYTES = 32_768;
/** Levels of a document; an entry adds a few of its own below the canonical limit. */
const MAX_DOCUMENT_DEPTH = 32;
const DOCUMENT_TAG = 'nervous-system.document.v1';
/** Keys that mean something else than data to JavaScript code. */
export const RESERVED_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** null: there is none. */
export type Document = JsonObject | null;

/** A document in its place in history. Version 0 is the absence before the first write; every write adds one. */
export type VersionedDocument = { readonly document: Document; readonly version: number; readonly hash: DocumentHash };

/** One operation of a JSON Patch (RFC 6902). */
export type PatchStep =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: JsonValue }
  | { readonly op: 'remove'; readonly path: string };

/** @throws ChangeError CHANGE_INVALID; CanonicalError NOT_I_JSON | TOO_DEEP */
export function assertDocument(value: unknown): asserts value is JsonObject {
  if (!isJsonObject(value)) {
    throw invalid('', `a document is a JSON object, got ${Array.isArray(value) ? 'an array' : String(value)}`);
  }
  const bytes = documentBytes(value);
  if (bytes > MAX_DOCUMENT_BYTES) {
    throw invalid('', `the document would have ${bytes} canonical bytes, at most ${MAX_DOCUMENT_BYTES} are allowed`);
  }
  assertPlain(value);
}

/** Refuses keys that JavaScript code could mistake for something else, and nesting an entry could not hold. */
export function assertPlain(value: JsonValue, path: readonly string[] = []): void {
  if (typeof value !== 'object' || value === null) return;
  if (path.length >= MAX_DOCUMENT_DEPTH) {
    throw invalid(pointerOf(path), `is nested deeper than ${MAX_DOCUMENT_DEPTH} levels: flatten it`);
  }
  for (const [key, member] of Object.entries<JsonValue>(value)) {
    const at = [...path, key];
    if (RESERVED_KEYS.has(key)) throw invalid(pointerOf(at), `the key "${key}" is reserved by JavaScript: rename it`);
    assertPlain(member, at);
  }
}

/** Length of the canonical UTF-8 form. @throws CanonicalError */
export function documentBytes(document: JsonValue): number {
  return Buffer.byteLength(canonicalize(document, { integersOnly: true }));
}

/** Hex SHA-256 of a document or its absence. */
export function documentHash(document: Document): DocumentHash {
  return taggedHash(DOCUMENT_TAG, canonicalize(document, { integersOnly: true }));
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The RFC 6902 patch that turns one value into another. Arrays of one length are compared by place, others replaced:
 * linear in the size of both, unlike a shortest edit.
 */
export function diffDocuments(before: JsonValue, after: JsonValue, path: readonly string[] = []): PatchStep[] {
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return (before as readonly JsonValue[]).flatMap((item, i) =>
      diffDocuments(item, after[i] as JsonValue, [...path, String(i)]),
    );
  }
  if (isJsonObject(before) && isJsonObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) => diffMember(before, after, [...path, key]));
  }
  if (canonicalize(before) === canonicalize(after)) return [];
  return [{ op: 'replace', path: pointerOf(path), value: after }];
}

function diffMember(before: JsonObject, after: JsonObject, path: readonly string[]): PatchStep[] {
  const key = path.at(-1) as string;
  const [old, now] = [before[key], after[key]];
  if (now === undefined) return [{ op: 'remove', path: pointerOf(path) }];
  if (old === undefined) return [{ op: 'add', path: pointerOf(path), value: now }];
  return diffDocuments(old, now, path);
}

function invalid(pointer: string, detail: string): ChangeError {
  const message = pointer === '' ? detail : `${pointer}: ${detail}`;
  return new ChangeError({ code: 'CHANGE_INVALID', message, problems: [{ pointer, detail }] });
}
