/**
 * Wildcard texts: `*` is any run of characters, `\*` and `\\` are the characters themselves; two stars in a row are refused.
 * Matching takes the leftmost place for each literal part, which is always right when `*` is the only metacharacter, so
 * there is no backtracking; a hostile wildcard costs at most its bounded length × the text. Knows nothing of JSON.
 */
import { must } from '../../errors/index.ts';

/** The literal texts around the stars: `a*b*` is `['a', 'b', '']`; one part means no star. */
export type Wildcard = readonly string[];

/** UTF-16 units; with a literal part of 100 000 one search in an event of the same size would take seconds. */
const MAX_WILDCARD_LENGTH = 1024;

export type WildcardParse =
  { readonly kind: 'wildcard'; readonly parts: Wildcard } | { readonly kind: 'refused'; readonly reason: string };

export function parseWildcard(text: string): WildcardParse {
  if (text.length > MAX_WILDCARD_LENGTH) return refused(`longer than ${MAX_WILDCARD_LENGTH} characters: shorten it`);
  const parts: string[] = [];
  let part = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    const next = text.charAt(at + 1);
    if (character === '*') {
      if (next === '*') return refused(`consecutive stars at character ${at}: write one *`);
      parts.push(part);
      part = '';
    } else if (character === '\\') {
      if (next !== '*' && next !== '\\') return refused(`lone backslash at character ${at}: write \\\\ or \\*`);
      part += next;
      at += 1;
    } else {
      part += character;
    }
  }
  return { kind: 'wildcard', parts: [...parts, part] };
}

export function matchesWildcard(parts: Wildcard, text: string): boolean {
  const first = must(parts[0], 'a part of the wildcard');
  const last = must(parts.at(-1), 'a part of the wildcard');
  if (parts.length === 1) return text === first;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  const end = text.length - last.length;
  let from = first.length;
  for (let index = 1; index < parts.length - 1; index += 1) {
    const part = must(parts[index], 'a part of the wildcard');
    const at = text.indexOf(part, from);
    if (at === -1) return false;
    from = at + part.length;
    if (from > end) return false;
  }
  return true;
}

function refused(reason: string): WildcardParse {
  return { kind: 'refused', reason };
}
