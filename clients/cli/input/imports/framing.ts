/**
 * Where a record begins and ends, byte for byte, for each way in which exports put records one after the other. What is between
 * them (line breaks, commas, comments) belongs to none. It neither decodes nor judges a record: that is what its hash is of.
 */

/** What the byte just seen is. */
export const BETWEEN = 0;
export const WITHIN = 1;
/** the last byte of a record */
export const LAST = 2;
/** behind the last byte of a record, and not of it */
export const BEHIND = 3;
export type ByteRole = typeof BETWEEN | typeof WITHIN | typeof LAST | typeof BEHIND;

export interface Framing {
  readonly next: (byte: number) => ByteRole;
  /** Bytes that are left when the file ends are a record (the last line needs no line break), or something that was cut off. */
  readonly endsAnywhere: () => boolean;
}

const LF = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];

/** One record a line (NDJSON). */
export function frameLines(): Framing {
  let isWithin = false;
  return {
    next: (byte) => {
      if (byte !== LF) {
        isWithin = true;
        return WITHIN;
      }
      const role = isWithin ? BEHIND : BETWEEN;
      isWithin = false;
      return role;
    },
    endsAnywhere: () => true,
  };
}

/** RFC 4180: a line break inside quotes is part of the record. A quote counts only where a field begins, or behind a byte order mark. */
export function frameCsv(separator: number): Framing {
  let at: 'record' | 'field' | 'plain' | 'quoted' | 'quote in quotes' = 'record';
  let marked = 0;
  return {
    next: (byte) => {
      if (byte === BYTE_ORDER_MARK[marked]) {
        marked += 1;
        return WITHIN;
      }
      marked = BYTE_ORDER_MARK.length;
      if (at === 'quoted') {
        if (byte === QUOTE) at = 'quote in quotes';
        return WITHIN;
      }
      if (byte === LF) {
        const role = at === 'record' ? BETWEEN : BEHIND;
        at = 'record';
        return role;
      }
      if (byte === QUOTE && at !== 'plain') at = 'quoted';
      else at = byte === separator ? 'field' : 'plain';
      return WITHIN;
    },
    endsAnywhere: () => at !== 'quoted',
  };
}

/** The objects that stand directly in an array, wherever that is: `{"Records":[…]}` as CloudTrail has it, or `[…]`. */
export function frameJsonArray(): Framing {
  /** what is open around records; deeper than this nobody puts them, and what is there is none */
  const open: number[] = [];
  let tooDeep = 0;
  /** braces and brackets that are open within a record: it may nest as deep as it likes */
  let inRecord = 0;
  let isInText = false;
  let isEscaped = false;
  const push = (byte: number): ByteRole => {
    if (inRecord > 0 || (byte === OPEN_BRACE && tooDeep === 0 && open.at(-1) === OPEN_BRACKET)) inRecord += 1;
    else if (open.length < MAX_OPEN) open.push(byte);
    else tooDeep += 1;
    return inRecord > 0 ? WITHIN : BETWEEN;
  };
  const pop = (): ByteRole => {
    if (inRecord > 0) {
      inRecord -= 1;
      return inRecord === 0 ? LAST : WITHIN;
    }
    if (tooDeep > 0) tooDeep -= 1;
    else open.pop();
    return BETWEEN;
  };
  return {
    next: (byte) => {
      const inside = inRecord > 0 ? WITHIN : BETWEEN;
      if (isInText) {
        if (isEscaped) isEscaped = false;
        else if (byte === BACKSLASH) isEscaped = true;
        else isInText = byte !== QUOTE;
        return inside;
      }
      if (byte === QUOTE) isInText = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) return push(byte);
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) return pop();
      return inside;
    },
    endsAnywhere: () => open.length + inRecord === 0 && !isInText,
  };
}

const MAX_OPEN = 1_024;
