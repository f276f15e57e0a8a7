/**
 * Comparison without letter case, as event-ruler does it: every character of the pattern stands for its own lower-case and
 * upper-case form, one character at a time. So a pattern `ß` accepts `ß` and `SS`, but a pattern `ss` does not accept `ß`.
 * No locale, no normalization: `é` as one code point and as two are different texts.
 */

interface Letter {
  readonly lower: string;
  readonly upper: string;
}

/** A pattern text made ready: one entry per code point. */
export type Letters = readonly Letter[];

export function lettersOf(text: string): Letters {
  return Array.from(text, (character) => ({ lower: character.toLowerCase(), upper: character.toUpperCase() }));
}

export function equalsIgnoringCase(letters: Letters, text: string): boolean {
  return endOfPrefix(letters, text) === text.length;
}

export function startsIgnoringCase(letters: Letters, text: string): boolean {
  return endOfPrefix(letters, text) !== -1;
}

export function endsIgnoringCase(letters: Letters, text: string): boolean {
  let end = text.length;
  for (let index = letters.length - 1; index >= 0; index -= 1) {
    const letter = letters[index];
    if (letter === undefined) return false;
    if (text.endsWith(letter.lower, end)) end -= letter.lower.length;
    else if (text.endsWith(letter.upper, end)) end -= letter.upper.length;
    else return false;
  }
  return true;
}

/** Where the letters end in the text, or -1. No letter's one form begins its other form, so the first that fits is right. */
function endOfPrefix(letters: Letters, text: string): number {
  let at = 0;
  for (const letter of letters) {
    if (text.startsWith(letter.lower, at)) at += letter.lower.length;
    else if (text.startsWith(letter.upper, at)) at += letter.upper.length;
    else return -1;
  }
  return at;
}
