export { canonicalize, isCanonical, pointerOf, MAX_DEPTH } from './canonicalize.ts';
export type { CanonicalOptions, JsonObject, JsonValue } from './canonicalize.ts';
export { CanonicalError, type CanonicalErrorCode } from './errors.ts';
export {
  hiddenIn,
  hiddenProblem,
  showHidden,
  showHiddenJson,
  type HiddenCharacter,
  type Layout,
} from './hidden-text.ts';
export { leafHash, sha256, taggedHash, toHex } from './hash.ts';
export { decodeUtf8, parseStrict } from './parse-strict.ts';
