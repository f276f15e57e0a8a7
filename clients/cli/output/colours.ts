/**
 * Colours, on a terminal that has them and for who wants them (https://no-color.org, TERM, FORCE_COLOR). They are put on finished
 * text, after whatever of the ledger could steer the terminal was made visible; without them it says the same.
 */
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

const RULES: readonly (readonly [RegExp, Style])[] = [
  // differences, and checks
  [/^ *\+ .*$/gm, 'green'],
  [/^ *- .*$/gm, 'red'],
  [/^ *~ .*$/gm, 'yellow'],
  [/^(?:ok {2}|pass)(?= {2})/gm, 'green'],
  [/^FAIL(?= {2})/gm, 'red'],
  // verdicts
  [/^OK(?=: )/gm, 'green'],
  [/^(?:[A-Z]+_)+[A-Z]+(?=: )|^(?:first bad| *DO NOT APPROVE): .*$/gm, ['bold', 'red']],
  // risk
  [/(?<=\brisk )L[34]\b|(?<= {2})L[34](?= {2})/g, ['bold', 'yellow']],
];

/** @param stream where it will stand */
export function coloured(text: string, stream: NodeJS.WriteStream = process.stdout): string {
  if (!stream.isTTY && process.env['FORCE_COLOR'] === undefined) return text;
  return RULES.reduce((told, [what, style]) => told.replace(what, (one) => styleText(style, one, { stream })), text);
}
