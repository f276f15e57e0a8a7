/**
 * A mail as bytes (RFC 5322, 2045-2047): text and HTML side by side, both base64, so that no line of what others wrote is a line
 * of the mail. Headers are ASCII without line breaks, whatever stands in them.
 */
import type { Mail } from '../../core/system/index.ts';

export interface MimeContext {
  readonly from: string;
  /** milliseconds since the Unix epoch */
  readonly now: number;
}

/** RFC 2045 section 6.8 */
const LINE_CHARS = 76;
/** Bytes of an encoded word: base64 of 45 bytes and its frame stay below 75 characters (RFC 2047 section 2). */
const WORD_BYTES = 45;
const LINE_BREAKS = /[\r\n]/;

/** @throws RangeError for an address or id with a line break */
export function mimeMessage({ id, to, subject, text, html }: Mail, { from, now }: MimeContext): string {
  const boundary = `=_${Buffer.from(id).toString('hex').slice(0, 60)}`;
  const headers = [
    ['From', from],
    ['To', to],
    ['Subject', encodedWords(subject)],
    ['Date', new Date(now).toUTCString().replace('GMT', '+0000')],
    ['Message-ID', `<${id}>`],
    ['Auto-Submitted', 'auto-generated'],
    ['MIME-Version', '1.0'],
    ['Content-Type', `multipart/alternative; boundary="${boundary}"`],
  ].map(([name, value]) => `${name}: ${onOneLine(value)}`);
  const part = (type: string, body: string): string =>
    `--${boundary}\r\nContent-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64(body)}`;
  return [...headers, '', part('text/plain', text), part('text/html', html), `--${boundary}--`, ''].join('\r\n');
}

function onOneLine(value = ''): string {
  if (LINE_BREAKS.test(value.replaceAll('\r\n ', ''))) throw new RangeError('a header of a mail has a line break');
  return value;
}

/** Cut between characters, so that each word is text by itself. */
function encodedWords(text: string): string {
  const words: string[] = [];
  for (const character of text) {
    const last = words.at(-1);
    if (last !== undefined && Buffer.byteLength(last + character) <= WORD_BYTES)
      words[words.length - 1] = last + character;
    else words.push(character);
  }
  return words.map((word) => `=?utf-8?B?${Buffer.from(word).toString('base64')}?=`).join('\r\n ');
}

function base64(text: string): string {
  const encoded = Buffer.from(text).toString('base64');
  return (encoded.match(new RegExp(`.{1,${LINE_CHARS}}`, 'g')) ?? []).join('\r\n');
}
