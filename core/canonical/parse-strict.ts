/**
 * Parses JSON from an untrusted sender, refusing what two parsers could read differently: duplicate keys, invalid UTF-8,
 * lone surrogates, numbers a double cannot hold, prototype keys, control characters, trailing text. RFC 8259 with the
 * restrictions of RFC 7493 (I-JSON). The engine's own JSON.parse keeps the last of two equal keys; this does not.
 */
import { CanonicalError } from './errors.ts';
import { MAX_DEPTH, pointerOf, type JsonValue } from './canonicalize.ts';

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const PLAIN_STRING = /[^"\\\u0000-\u001f]*/y;
const WHITESPACE = /[ \t\n\r]*/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};
/** Keys that mean something else than data to JavaScript code; no schema of ours needs them. */
const PROTOTYPE_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

const OWN = { enumerable: true, configurable: true, writable: true };

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export interface ParseOptions {
  /** Accept all that RFC 8785 can write: any key, any double. An integer that a double would change is still refused. */
  readonly anyRfc8785?: boolean;
  /** A number that a double would change is the text that stands there: for who reads what others wrote, and cannot ask them to. */
  readonly largeAsText?: boolean;
}

/**
 * @param input UTF-8 bytes, or text already decoded
 * @throws CanonicalError NOT_I_JSON or TOO_DEEP, naming the place
 */
export function parseStrict(input: Uint8Array | string, options: ParseOptions = {}): JsonValue {
  const text = typeof input === 'string' ? input : decodeUtf8(input);
  const reader = new Reader(text, options);
  const value = reader.value();
  reader.end();
  return value;
}

/** @throws CanonicalError NOT_I_JSON when the bytes are not UTF-8 (RFC 3629) */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new CanonicalError('NOT_I_JSON', '', 'the bytes are not valid UTF-8');
  }
}

class Reader {
  private at = 0;
  private readonly path: (string | number)[] = [];
  private readonly text: string;
  private readonly anyRfc8785: boolean;
  private readonly largeAsText: boolean;

  constructor(text: string, { anyRfc8785 = false, largeAsText = false }: ParseOptions) {
    this.text = text;
    this.anyRfc8785 = anyRfc8785;
    this.largeAsText = largeAsText;
  }

  value(): JsonValue {
    this.skipWhitespace();
    const char = this.text[this.at];
    switch (char) {
      case '{':
        return this.nested(() => this.object());
      case '[':
        return this.nested(() => this.array());
      case '"':
        return this.string();
      case 't':
        return this.word('true', true);
      case 'f':
        return this.word('false', false);
      case 'n':
        return this.word('null', null);
      default:
        return this.number();
    }
  }

  end(): void {
    this.skipWhitespace();
    if (this.at < this.text.length) throw this.refuse('text follows the JSON value');
  }

  private nested<T>(read: () => T): T {
    if (this.path.length >= MAX_DEPTH) {
      throw new CanonicalError('TOO_DEEP', pointerOf(this.path), `nested deeper than ${MAX_DEPTH} levels`);
    }
    this.at++;
    return read();
  }

  private object(): JsonValue {
    const object: Record<string, JsonValue> = {};
    if (this.accept('}')) return object;
    do {
      this.skipWhitespace();
      if (this.text[this.at] !== '"') throw this.refuse('expected a key in double quotes');
      const key = this.string();
      this.path.push(key);
      if (!this.anyRfc8785 && PROTOTYPE_KEYS.has(key))
        throw this.refuse(`the key "${key}" is reserved by JavaScript: rename it`);
      if (Object.hasOwn(object, key)) throw this.refuse(`the key "${key}" appears twice in one object`);
      this.expect(':');
      const value = this.value();
      if (key === '__proto__')
        Object.defineProperty(object, key, { ...OWN, value }); // assignment would not make a key
      else object[key] = value;
      this.path.pop();
    } while (this.accept(','));
    this.expect('}');
    return object;
  }

  private array(): JsonValue {
    const items: JsonValue[] = [];
    if (this.accept(']')) return items;
    do {
      this.path.push(items.length);
      items.push(this.value());
      this.path.pop();
    } while (this.accept(','));
    this.expect(']');
    return items;
  }

  private string(): string {
    let value = '';
    this.at++;
    for (;;) {
      value += this.match(PLAIN_STRING);
      const char = this.text[this.at];
      if (char === '"') break;
      if (char !== '\\')
        throw this.refuse(
          char === undefined ? 'a string does not end' : 'a control character in a string must be escaped',
        );
      value += this.escape();
    }
    this.at++;
    if (!value.isWellFormed()) throw this.refuse('a string with a lone surrogate is not Unicode text');
    return value;
  }

  private escape(): string {
    const letter = this.text.charAt(this.at + 1);
    if (letter === 'u') {
      const hex = this.text.slice(this.at + 2, this.at + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw this.refuse('\\u must be followed by four hexadecimal digits');
      this.at += 6;
      return String.fromCharCode(Number.parseInt(hex, 16));
    }
    const char = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined;
    if (char === undefined) throw this.refuse(`\\${letter} is not a JSON escape`);
    this.at += 2;
    return char;
  }

  private number(): number | string {
    const token = this.match(NUMBER);
    if (token === '')
      throw this.refuse(this.at >= this.text.length ? 'the text ends too early' : 'expected a JSON value');
    const value = Number(token);
    const isWhole = /^-?[0-9]+$/.test(token);
    if (this.largeAsText && !(Number.isFinite(value) && (!isWhole || Number.isSafeInteger(value)))) return token;
    if (!Number.isFinite(value)) throw this.refuse(`${token} is larger than a double can hold: write it as a string`);
    if (isWhole && !Number.isSafeInteger(value)) {
      if (this.anyRfc8785 && keepsInteger(token, value)) return value;
      throw this.refuse(`${token} is 2^53 or more, where doubles skip integers: write it as a string`);
    }
    return value;
  }

  private word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) throw this.refuse('expected a JSON value');
    this.at += word.length;
    return value;
  }

  private skipWhitespace(): void {
    this.match(WHITESPACE);
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const [found] = pattern.exec(this.text) ?? [''];
    this.at += found.length;
    return found;
  }

  private accept(char: string): boolean {
    this.skipWhitespace();
    if (this.text[this.at] !== char) return false;
    this.at++;
    return true;
  }

  private expect(char: string): void {
    if (!this.accept(char)) throw this.refuse(`expected "${char}"`);
  }

  private refuse(detail: string): CanonicalError {
    return new CanonicalError('NOT_I_JSON', pointerOf(this.path), `${detail} (at character ${this.at})`);
  }
}

/** True when the double is that integer, or is written as that integer. */
function keepsInteger(token: string, value: number): boolean {
  const [digits = '', exponent = '0'] = String(value).split('e');
  const [whole = '', fraction = ''] = digits.split('.');
  const written = whole + fraction.padEnd(Number(exponent), '0');
  return BigInt(written) === BigInt(token) || BigInt(value) === BigInt(token);
}
