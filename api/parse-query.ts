/**
 * The query string as names and values, refusing what two parsers could read differently: a name given twice, and
 * broken percent-encoding. application/x-www-form-urlencoded otherwise (`+` is a space).
 */
import { ApiError } from './errors.ts';

const NO_QUERY = {};

/** @throws ApiError REQUEST_INVALID */
export function parseQuery(text: string): Readonly<Record<string, string>> {
  if (text === '') return NO_QUERY;
  const values = new Map<string, string>();
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const name = decode(at === -1 ? pair : pair.slice(0, at));
    if (values.has(name)) throw invalid(name, 'is given twice');
    values.set(name, at === -1 ? '' : decode(pair.slice(at + 1), name));
  }
  return Object.fromEntries(values); // defines own properties, whatever the names are
}

function decode(text: string, name = text): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw invalid(name, 'is not percent-encoded UTF-8');
  }
}

const SHOWN_CHARS = 60;

function invalid(name: string, detail: string): ApiError {
  const shown = name.slice(0, SHOWN_CHARS);
  return new ApiError({
    code: 'REQUEST_INVALID',
    message: `query parameter "${shown}" ${detail}`,
    problems: [{ pointer: `/${shown.replaceAll('~', '~0').replaceAll('/', '~1')}`, detail }],
    place: 'query',
  });
}
