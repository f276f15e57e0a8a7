/**
 * What the user sees: results on stdout, errors as one sentence on stderr, or JSON for machines. What comes from the ledger
 * was written by others, so nothing in it may steer the terminal.
 */
import { showHidden, showHiddenJson } from '../../../core/canonical/index.ts';
import { NervousError } from '../../../core/errors/index.ts';
import { orBlank } from '../../../core/values/index.ts';
import { ApiProblem, Unreachable } from '../../sdk/index.ts';
import { coloured } from './colours.ts';
import { EXIT } from './exit-codes.ts';

/** The command was not understood. */
export class UsageError extends Error {}

/** Ctrl-C ended the command before it had a result. */
export class Stopped extends Error {}

export interface OutputOptions {
  readonly json?: boolean;
}

export function show(options: OutputOptions, value: unknown, human: () => string): void {
  if (options.json === true) process.stdout.write(`${showHiddenJson(JSON.stringify(value))}\n`);
  else tell(human());
}

/** To people, on stdout. */
export function tell(text: string): void {
  process.stdout.write(`${coloured(printable(text))}\n`);
}

export function note(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
}

/** @returns the exit code */
export function showError(error: unknown, asJson: boolean): number {
  const { exitCode, ...problem } = describe(error);
  if (asJson) process.stderr.write(`${showHiddenJson(JSON.stringify(problem))}\n`);
  else
    note(`nervous: ${[problem.detail, ...problem.errors.slice(1).map(lineOf), ...nextLine(problem.code)].join('\n')}`);
  if (process.env['NERVOUS_DEBUG'] === '1' && error instanceof Error) note(orBlank(error.stack));
  return exitCode;
}

export function printable(text: string): string {
  return showHidden(text, 'text');
}

/** The service speaks of headers, which nobody types here. */
function withoutHeaders(detail: string): string {
  return detail.replace(/: send Authorization.*$/, '');
}

const WHO_YOU_ARE = 'give your identity with --token, NERVOUS_TOKEN, or --as <principal> --data <dir>';

interface Description {
  readonly code: string;
  readonly detail: string;
  readonly status?: number;
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[];
  readonly exitCode: number;
}

function describe(error: unknown): Description {
  if (error instanceof UsageError) return { code: 'USAGE', detail: error.message, errors: [], exitCode: EXIT.usage };
  if (error instanceof Stopped) return { code: 'STOPPED', detail: error.message, errors: [], exitCode: EXIT.stopped };
  if (error instanceof Unreachable)
    return { code: 'UNREACHABLE', detail: error.message, errors: [], exitCode: EXIT.unreachable };
  if (error instanceof ApiProblem) {
    const { code, status, errors } = error;
    const detail = code === 'UNAUTHENTICATED' ? `${withoutHeaders(error.detail)}: ${WHO_YOU_ARE}` : error.detail;
    return { code, detail, status, errors, exitCode: EXIT.problem };
  }
  if (error instanceof NervousError)
    return { code: (error as NervousError).code, detail: error.message, errors: [], exitCode: EXIT.problem };
  const detail = error instanceof Error ? error.message : String(error);
  return { code: 'FAILED', detail, errors: [], exitCode: EXIT.problem };
}

/** What to type next, where the service cannot know it: it speaks to programs, too. */
const NEXT: Readonly<Record<string, string>> = {
  UNREACHABLE: 'nervous dev starts one; --url <url> names another',
  CHANGE_NOT_FOUND: 'nervous changes list shows those that you may see',
  CHANGE_STATE_CONFLICT: 'nervous changes show <id> says where it is',
  SUBSCRIPTION_NOT_FOUND: 'nervous subscriptions list shows yours',
  TOPIC_UNKNOWN: 'nervous catalog list shows the topics',
  ENTITY_NOT_FOUND: 'nervous entities history --text <text> searches the ledger for it',
  FORBIDDEN: 'nervous policy show says who may what; --as <principal> --data <dir> is somebody else',
};

function nextLine(code: string): string[] {
  const next = NEXT[code];
  return next === undefined ? [] : [`  next: ${next}`];
}

function lineOf({ pointer, detail }: { readonly pointer: string; readonly detail: string }): string {
  return `  ${pointer}: ${detail}`;
}
