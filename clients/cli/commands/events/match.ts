/**
 * `nervous events match`: does this event match this pattern? One pair from two files, answered by the exit code like grep, or a
 * stream of pairs, one answer line for each line whatever is wrong with it. No service is asked.
 */
import { once } from 'node:events';
import { createReadStream, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { Command } from 'commander';
import { matchPattern, parsePattern, type Pattern } from '../../../../core/events/index.ts';
import { EXIT } from '../../output/exit-codes.ts';
import { linesOf } from '../../output/lines.ts';
import { printable, UsageError } from '../../output/output.ts';

/** `grep`'s meaning of 1; what is wrong is 2 or more. */
const NO_MATCH = EXIT.problem;
/** Rules kept ready. Streams mostly repeat a few. */
const CACHED_RULES = 1000;
/** A line above this is refused unread, so that one line cannot fill the memory. */
const MAX_LINE_BYTES = 16 * 2 ** 20;

interface MatchOptions {
  readonly rule?: string;
  readonly event?: string;
  readonly jsonl?: string | true;
}

export function matchCommand(): Command {
  return new Command()
    .option('--rule <file>', 'the pattern, or - for stdin')
    .option('--event <file>', 'the event, or - for stdin')
    .option(
      '--jsonl [file]',
      '{"rule","event"} per line to {"matches"} or {"error"} per line (the default, from stdin)',
    )
    .option('--json', 'answer as {"matches"}')
    .action((options: MatchOptions & { readonly json?: boolean }) => match(options));
}

async function match({ rule, event, jsonl, json }: MatchOptions & { readonly json?: boolean }): Promise<void> {
  if (rule !== undefined && event !== undefined && jsonl === undefined) {
    matchOne(rule, event, json === true);
    return;
  }
  if (rule !== undefined || event !== undefined)
    throw new UsageError('give --rule and --event together, or neither: then pairs are read from --jsonl or stdin');
  if (jsonl === undefined && process.stdin.isTTY)
    throw new UsageError('give --rule <file> --event <file>, or --jsonl <file>, or pairs on stdin');
  await matchLines(typeof jsonl === 'string' && jsonl !== '-' ? createReadStream(jsonl) : process.stdin);
}

/** Whatever cannot be read is exit code 2, never mistaken for "no". */
function matchOne(ruleFile: string, eventFile: string, asJson: boolean): void {
  if (ruleFile === '-' && eventFile === '-') throw new UsageError('only one of --rule and --event can be stdin');
  const rule = jsonIn(ruleFile);
  const event = jsonIn(eventFile);
  let pattern: Pattern;
  try {
    pattern = parsePattern(rule);
  } catch (cause) {
    throw new UsageError(`${ruleFile}: ${(cause as Error).message}`, { cause });
  }
  const matches = matchPattern(pattern, event);
  process.stdout.write(`${asJson ? JSON.stringify({ matches }) : matches}\n`);
  process.exitCode = matches ? EXIT.ok : NO_MATCH;
}

function jsonIn(path: string): unknown {
  try {
    return JSON.parse(decode(readFileSync(path === '-' ? 0 : path)));
  } catch (cause) {
    throw new UsageError(`"${path}" cannot be read as JSON: ${(cause as Error).message}`, { cause });
  }
}

async function matchLines(input: Readable): Promise<void> {
  const rules = new Map<string, Pattern | Error>();
  try {
    for await (const lines of linesOf(input, MAX_LINE_BYTES)) {
      const answers = lines.map((line) => `${JSON.stringify(answerTo(line, rules))}\n`);
      // A reader slower than we are decides the pace.
      if (!process.stdout.write(answers.join(''))) await once(process.stdout, 'drain');
    }
  } catch (cause) {
    throw new UsageError(`the lines cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function answerTo(
  line: Uint8Array | undefined,
  rules: Map<string, Pattern | Error>,
): { readonly matches: boolean } | { readonly error: string } {
  try {
    if (line === undefined) throw new Error(`the line has more than ${MAX_LINE_BYTES} bytes`);
    const pair: unknown = JSON.parse(decode(line));
    if (typeof pair !== 'object' || pair === null || !('rule' in pair) || !('event' in pair))
      throw new Error('the line is not an object with "rule" and "event"');
    const pattern = patternOf(pair.rule, rules);
    const event: unknown = typeof pair.event === 'string' ? parseMember('event', pair.event) : pair.event;
    return { matches: matchPattern(pattern, event) };
  } catch (error) {
    return { error: printable((error as Error).message) };
  }
}

/** A refused rule is refused again without being read again. */
function patternOf(rule: unknown, rules: Map<string, Pattern | Error>): Pattern {
  const text = typeof rule === 'string' ? rule : JSON.stringify(rule);
  let known = rules.get(text);
  if (known === undefined) {
    known = compile(rule);
    if (rules.size >= CACHED_RULES) rules.clear();
    rules.set(text, known);
  }
  if (known instanceof Error) throw known;
  return known;
}

function compile(rule: unknown): Pattern | Error {
  try {
    return parsePattern(typeof rule === 'string' ? parseMember('rule', rule) : rule);
  } catch (error) {
    return error as Error;
  }
}

function parseMember(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`the text in "${name}" is not JSON: ${(cause as Error).message}`, { cause });
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Error('the bytes are not valid UTF-8');
  }
}
