/**
 * The structs at the top of a text in Amazon Ion, which is how QLDB exports by default: no commas between them, many lines each. It
 * knows of Ion what may hold a brace that is none: texts, symbols, lobs and comments.
 * https://amazon-ion.github.io/ion-docs/docs/spec.html
 */
import { BETWEEN, LAST, WITHIN, type Framing } from './framing.ts';

const LF = 0x0a;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const STAR = 0x2a;
const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const NEVER = -1;

/** Where the byte before left us. */
type Mode =
  | 'plain'
  | 'text'
  | 'one apostrophe'
  | 'two apostrophes'
  | 'symbol'
  | 'long text'
  | 'slash'
  | 'line comment'
  | 'comment'
  | 'lob'
  | 'text in lob';

export function frameIon(): Framing {
  const reader = new IonReader();
  return {
    next: (byte) => {
      const wasWithin = reader.depth > 0;
      reader.take(byte);
      if (reader.depth > 0) return WITHIN;
      return wasWithin ? LAST : BETWEEN;
    },
    endsAnywhere: () => reader.depth === 0,
  };
}

class IonReader {
  depth = 0;
  private mode: Mode = 'plain';
  private isEscaped = false;
  /** in a row, inside a long text */
  private apostrophes = 0;
  /** the byte before, where it may be the first of a pair; a byte is part of one pair only */
  private before = 0;

  private readonly after: Readonly<Record<Mode, (byte: number) => Mode>> = {
    plain: (byte) => this.afterPlain(byte),
    text: (byte) => this.afterText(byte, QUOTE, 'plain'),
    'text in lob': (byte) => this.afterText(byte, QUOTE, 'lob'),
    symbol: (byte) => this.afterText(byte, APOSTROPHE, 'plain'),
    'one apostrophe': (byte) => {
      this.mode = 'symbol';
      return byte === APOSTROPHE ? 'two apostrophes' : this.afterText(byte, APOSTROPHE, 'plain');
    },
    // An empty symbol, unless a third one makes it the beginning of a long text.
    'two apostrophes': (byte) => {
      this.apostrophes = 0;
      return byte === APOSTROPHE ? 'long text' : this.afterPlain(byte);
    },
    'long text': (byte) => {
      this.apostrophes = byte === APOSTROPHE && !this.isEscaped ? this.apostrophes + 1 : 0;
      return this.apostrophes === 3 ? 'plain' : this.afterText(byte, NEVER, 'plain');
    },
    slash: (byte) => {
      if (byte === SLASH) return 'line comment';
      return byte === STAR ? 'comment' : this.afterPlain(byte);
    },
    'line comment': (byte) => (byte === LF ? 'plain' : 'line comment'),
    comment: (byte) => (byte === SLASH && this.before === STAR ? 'plain' : 'comment'),
    lob: (byte) => {
      if (byte === QUOTE) return 'text in lob';
      if (byte !== CLOSE_BRACE || this.before !== CLOSE_BRACE) return 'lob';
      this.depth = Math.max(0, this.depth - 2);
      return 'plain';
    },
  };

  take(byte: number): void {
    const was = this.mode;
    this.mode = this.after[was](byte);
    this.before = this.mode === was || (this.mode === 'plain' && byte === OPEN_BRACE) ? byte : 0;
  }

  private afterPlain(byte: number): Mode {
    if (byte === QUOTE) return 'text';
    if (byte === APOSTROPHE) return 'one apostrophe';
    if (byte === SLASH) return 'slash';
    if (byte === CLOSE_BRACE && this.depth > 0) this.depth -= 1;
    if (byte !== OPEN_BRACE) return 'plain';
    this.depth += 1;
    return this.before === OPEN_BRACE ? 'lob' : 'plain';
  }

  private afterText(byte: number, end: number, behind: Mode): Mode {
    if (this.isEscaped) this.isEscaped = false;
    else if (byte === BACKSLASH) this.isEscaped = true;
    else if (byte === end) return behind;
    return this.mode;
  }
}
