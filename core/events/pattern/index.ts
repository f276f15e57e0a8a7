/** Event patterns: read once, match many. The language is AWS EventBridge's; docs/patterns.md is its reference here. */
export { PatternError, type PatternErrorCode } from './errors.ts';
export type { JsonObject } from './json-object.ts';
export { matchPattern } from './match-pattern.ts';
export { parsePattern, type Pattern } from './parse-pattern.ts';
export { createRuleIndex, type RuleIndex } from './rule-index.ts';
