/** Which service a command talks to, and as whom. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { createClient, type Client, type TransportOptions } from '../sdk/index.ts';
import { UsageError } from './output.ts';

export interface ConnectOptions {
  readonly url: string;
  readonly token?: string;
  readonly as?: string;
  readonly data?: string;
  readonly json?: boolean;
}

export const DEFAULT_PORT = 4150;
const DEFAULT_URL = `http://127.0.0.1:${DEFAULT_PORT}`;

/** A command with the options all commands that talk to a service share. */
export function connectedCommand(nameAndArguments: string, description: string): Command {
  const [name = '', ...args] = nameAndArguments.split(' ');
  const command = new Command(name);
  for (const arg of args) command.argument(arg);
  return command
    .description(description)
    .addOption(new Option('--url <url>', 'the service').env('NERVOUS_URL').default(DEFAULT_URL))
    .addOption(new Option('--token <token>', 'who you are').env('NERVOUS_TOKEN'))
    .option('--as <principal>', 'who you are, by the tokens of a local engine (with --data)')
    .option('--data <dir>', 'data folder of a local engine')
    .option('--json', 'for machines');
}

export function connect(options: ConnectOptions): Client {
  return createClient(targetOf(options));
}

/** @throws UsageError */
export function targetOf({ url, token, as, data }: ConnectOptions): TransportOptions {
  if (!URL.canParse(url) || !/^https?:/.test(url)) throw new UsageError(`--url "${url}" is not an http(s) URL`);
  if (as !== undefined) return { url, token: tokenOf(as, data) };
  return token === undefined ? { url } : { url, token };
}

function tokenOf(principal: string, data: string | undefined): string {
  if (data === undefined) throw new UsageError('--as needs --data <dir>: the folder with tokens.json of the engine');
  const path = join(data, 'tokens.json');
  const tokens = readTokens(path);
  const token: unknown = Object.hasOwn(tokens, principal) ? tokens[principal] : undefined;
  if (typeof token === 'string') return token;
  throw new UsageError(`"${principal}" has no token in "${path}": use one of ${Object.keys(tokens).join(', ')}`);
}

function readTokens(path: string): Record<string, unknown> {
  try {
    const { tokens } = JSON.parse(readFileSync(path, 'utf8')) as { tokens: Record<string, unknown> };
    return { ...tokens };
  } catch (cause) {
    throw new Error(`"${path}" cannot be read as a token file: is --data the folder of an engine?`, { cause });
  }
}
