/**
 * Where in the text of a configuration a value stands, so that an error can name the line. It reads object and list literals
 * as they are written; what is computed or imported has no place, and nothing is guessed for it.
 */
import { must } from '../../../core/errors/index.ts';
import { orNone } from '../../../core/values/index.ts';

/** @param pointer RFC 6901 @returns line of the deepest part that is found, from 1; undefined: not even the first is */
export function lineOf(source: string, pointer: string): number | undefined {
  const keys = pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const start = /defineConfig\s*\(|export\s+default|config\s*(:[^=]+)?=/.exec(source);
  let at = start === null ? -1 : source.indexOf('{', start.index + start[0].length - 1);
  let found: number | undefined;
  for (const key of keys) {
    const member = at < 0 ? undefined : membersAt(source, at).find(({ name }) => name === key);
    if (member === undefined) break;
    found = member.start;
    at = /[{[]/.test(source.charAt(member.value)) ? member.value : -1;
  }
  return found === undefined ? undefined : source.slice(0, found).split('\n').length;
}

interface Member {
  readonly name: string;
  readonly start: number;
  /** where its value begins */
  readonly value: number;
}

/** Of the object or list that opens at this place. */
function membersAt(source: string, open: number): readonly Member[] {
  const isList = source[open] === '[';
  const members: Member[] = [];
  for (let at = skipBlank(source, open + 1), index = 0; at < source.length; index += 1) {
    if (source[at] === ']' || source[at] === '}') break;
    const key = isList ? undefined : KEY.exec(source.slice(at, at + MAX_KEY));
    if (isList) members.push({ name: String(index), start: at, value: at });
    else if (key !== null && key !== undefined) {
      const name = must(key[1] ?? key[2] ?? key[3], 'the name of a member');
      members.push({ name, start: at, value: skipBlank(source, at + key[0].length) });
    }
    at = skipBlank(source, endOfValue(source, at));
    if (source[at] === ',') at = skipBlank(source, at + 1);
  }
  return members;
}

const MAX_KEY = 200;
const KEY = /^(?:([A-Za-z_$][\w$]*|\d+)|'([^'\n]*)'|"([^"\n]*)")\s*:/;
const BLANK = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
/** A slash after one of these begins a regular expression, elsewhere it divides. */
const BEFORE_REGEX = /[(,=:[!&|?{};]\s*$/;
const REGEX = /\/(?:[^\\/\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y;
const TEXT = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\[\s\S])*`/y;

function skipBlank(source: string, at: number): number {
  return at + orNone(matchAt(BLANK, source, at)?.length);
}

/** The comma behind it, or what closes the list or object it is in. */
function endOfValue(source: string, from: number): number {
  let depth = 0;
  for (let at = from; at < source.length;) {
    const skipped =
      matchAt(BLANK, source, at) ??
      matchAt(TEXT, source, at) ??
      (BEFORE_REGEX.test(source.slice(Math.max(0, at - 20), at)) ? matchAt(REGEX, source, at) : undefined);
    if (skipped !== undefined) {
      at += skipped.length;
      continue;
    }
    const char = source.charAt(at);
    if (depth === 0 && /[,)\]}]/.test(char)) return at;
    if (/[([{]/.test(char)) depth += 1;
    if (/[)\]}]/.test(char)) depth -= 1;
    at += 1;
  }
  return source.length;
}

/** undefined: nothing, or nothing but nothing, matches there */
function matchAt(form: RegExp, source: string, at: number): string | undefined {
  form.lastIndex = at;
  const [text] = form.exec(source) ?? [];
  return text === '' ? undefined : text;
}
