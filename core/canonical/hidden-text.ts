/**
 * Text that people read must be what it looks like. Which characters hide, reorder or break what stands around them is one list,
 * here: controls (Cc) and separators of UAX #44, Bidi_Control of UAX #9 and UTR #36 2.5, and what UAX #44 calls
 * Default_Ignorable_Code_Point (invisible in every font), as UTS #39 3.1 keeps them out of identifiers. Written out, so that no
 * later Unicode version changes what an older entry may say. New text with one is refused; text that is there is shown escaped.
 */
import { must } from '../errors/index.ts';

/** From, to, what it does. */
const HIDDEN: readonly (readonly [number, number, string])[] = [
  [0x00, 0x1f, 'a control character'],
  [0x7f, 0x9f, 'a control character'],
  [0xad, 0xad, 'an invisible hyphen'],
  [0x34f, 0x34f, 'an invisible joiner'],
  [0x61c, 0x61c, 'a character that reorders text'],
  [0x115f, 0x1160, 'an invisible letter'],
  [0x17b4, 0x17b5, 'an invisible vowel'],
  [0x180b, 0x180f, 'an invisible selector'],
  [0x200b, 0x200d, 'a character without width'],
  [0x200e, 0x200f, 'a character that reorders text'],
  [0x2028, 0x2029, 'a line break that few programs show'],
  [0x202a, 0x202e, 'a character that reorders text'],
  [0x2060, 0x2065, 'an invisible character'],
  [0x2066, 0x2069, 'a character that reorders text'],
  [0x206a, 0x206f, 'an invisible character'],
  [0x3164, 0x3164, 'an invisible letter'],
  [0xfe00, 0xfe0f, 'a variation selector that nothing shows'],
  [0xfeff, 0xfeff, 'a character without width'],
  [0xffa0, 0xffa0, 'an invisible letter'],
  [0xfff0, 0xfffb, 'an invisible annotation'],
  [0x1bca0, 0x1bca3, 'an invisible format character'],
  [0x1d173, 0x1d17a, 'an invisible format character'],
  [0xe0000, 0xe0fff, 'an invisible tag or selector'],
];
/** Lines may break where text is allowed. */
const LINE_FEED = 0x0a;
const TAB = 0x09;

const ANY = new RegExp(`[${HIDDEN.map(([from, to]) => `\\u{${hex(from)}}-\\u{${hex(to)}}`).join('')}]`, 'gu');
/** A selector shows where it changes the letter before it: text or emoji, a variant of a Han character; and in a keycap. */
const SHOWN_SELECTOR =
  /^(?:\p{Extended_Pictographic}[\ufe0e\ufe0f]|\p{Script=Han}[\ufe00-\ufe02\u{e0100}-\u{e01ef}])$/u;
const KEYCAP = /^[#*0-9]\ufe0f\u20e3$/;

/** How text may be laid out: `line`: one line. `text`: with line feeds and tabs. */
export type Layout = 'line' | 'text';

export interface HiddenCharacter {
  /** UTF-16 index in the text */
  readonly index: number;
  readonly codePoint: number;
  /** such as `U+202E (a character that reorders text)` */
  readonly name: string;
}

/** The first character that people would not see as it is; undefined: there is none. */
export function hiddenIn(text: string, layout: Layout): HiddenCharacter | undefined {
  for (const { 0: character, index } of text.matchAll(ANY)) {
    const codePoint = must(character.codePointAt(0), 'the character');
    if (isShown(text, { index, codePoint, character }, layout)) continue;
    return { index, codePoint, name: `U+${hex(codePoint)} (${kindOf(codePoint)})` };
  }
  return undefined;
}

/** What is wrong with the text, and what to do; undefined: nothing. */
export function hiddenProblem(text: string, layout: Layout): string | undefined {
  const hidden = hiddenIn(text, layout);
  return hidden && `has ${hidden.name} at character ${hidden.index + 1}: people would not see it; leave it out`;
}

/** The same text with what hides written out: `\u202e`, `\u{e0041}`. */
export function showHidden(text: string, layout: Layout): string {
  return text.replaceAll(ANY, (character, index: number) => {
    const codePoint = must(character.codePointAt(0), 'the character');
    if (isShown(text, { index, codePoint, character }, layout)) return character;
    const digits = codePoint.toString(16);
    return codePoint > 0xffff ? `\\u{${digits}}` : `\\u${digits.padStart(4, '0')}`;
  });
}

/** The same JSON, in which nothing hides: what does is written as escapes, which mean the same to whoever parses it. */
export function showHiddenJson(json: string): string {
  return json.replaceAll(ANY, (character) => {
    if (character === '\n' || character === '\t') return character;
    const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
  });
}

interface Found {
  readonly index: number;
  readonly codePoint: number;
  readonly character: string;
}

function isShown(text: string, { index, codePoint, character }: Found, layout: Layout): boolean {
  if (codePoint === LINE_FEED || codePoint === TAB) return layout === 'text';
  const letter = Array.from(text.slice(Math.max(0, index - 2), index))
    .slice(-1)
    .join('');
  return SHOWN_SELECTOR.test(letter + character) || KEYCAP.test(text.slice(Math.max(0, index - 1), index + 2));
}

function kindOf(codePoint: number): string {
  return HIDDEN.find(([from, to]) => codePoint >= from && codePoint <= to)?.[2] ?? 'hidden';
}

function hex(codePoint: number): string {
  return codePoint.toString(16).toUpperCase().padStart(4, '0');
}
