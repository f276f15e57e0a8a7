/** Which service a command talks to, and as whom. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { findEngine } from '../../../adapters/embedded/runtime/engine-file.ts';
import { createClient, type Client, type TransportOptions } from '../../sdk/index.ts';
import { note, UsageError } from '../output/output.ts';
import { profileNamed, readProfiles, type Profile } from './profiles.ts';

export interface ConnectOptions {
  readonly url?: string;
  readonly token?: string;
  readonly as?: string;
  readonly data?: string;
  readonly profile?: string;
  readonly json?: boolean;
}

export const DEFAULT_PORT = 4150;
const DEFAULT_URL = `http://127.0.0.1:${DEFAULT_PORT}`;
const LOOPBACK = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** A command with the options all commands that talk to a service share. @param args such as `<id> [file]` */
export function connectedCommand(args = ''): Command {
  const command = args === '' ? new Command() : new Command().arguments(args);
  return command
    .option('--url <url>', `the service (env: NERVOUS_URL; default: the engine on --data, or ${DEFAULT_URL})`)
    .addOption(new Option('--token <token>', 'who you are').env('NERVOUS_TOKEN'))
    .option('--as <principal>', 'who you are: takes that token of a local engine (with --data)')
    .option('--data <dir>', 'data folder of a local engine')
    .option('--profile <name>', 'service and identity that "nervous login" stored (env: NERVOUS_PROFILE)')
    .option('--json', 'write JSON for programs');
}

export function connect(options: ConnectOptions): Client {
  return createClient(targetOf(options));
}

/** @throws UsageError */
export function targetOf(options: ConnectOptions): TransportOptions {
  const profile = profileFor(options);
  const { as, data } = options;
  const url = profile?.url ?? urlOf(options);
  if (!URL.canParse(url) || !/^https?:/.test(url)) throw new UsageError(`--url "${url}" is not an http(s) URL`);
  const token = profile === undefined ? options.token : profile.token;
  const credential = as === undefined ? token : tokenOf(as, data);
  if (credential !== undefined) warnOfPlainHttp(url);
  return credential === undefined ? { url } : { url, token: credential };
}

/**
 * A profile is where and who in one: its token goes nowhere else, and nobody else's token to its address. So whatever says the
 * one or the other takes its place, unless it is named. @throws UsageError
 */
function profileFor({ profile, url, token, as, data }: ConnectOptions): Profile | undefined {
  const { NERVOUS_PROFILE: standing = '', NERVOUS_TOKEN: given = '', NERVOUS_URL: address = '' } = process.env;
  const isTyped = [url, as, data, token === given ? undefined : token].some((one) => one !== undefined);
  if (profile !== undefined && isTyped)
    throw new UsageError('--profile says where and who: leave out --url, --token, --as and --data');
  if (profile === undefined && isTyped) return undefined;
  const named = profile ?? standing;
  if (named !== '') return profileNamed(named, readProfiles().profiles);
  if (given !== '' || address !== '') return undefined;
  const { current, profiles } = readProfiles();
  return current === undefined ? undefined : profiles.get(current);
}

/** What was typed goes before the folder that was named, and that before what the environment says. */
function urlOf({ url, data }: ConnectOptions): string {
  if (url !== undefined) return url;
  const engine = data === undefined ? undefined : findEngine(data);
  if (engine?.kind === 'running') return engine.url;
  return process.env['NERVOUS_URL'] ?? DEFAULT_URL;
}

const warned = new Set<string>();

/** Once a command: whoever is on the way reads the token, and is you from then on. */
export function warnOfPlainHttp(url: string): void {
  const { protocol, hostname, host } = new URL(url);
  if (protocol !== 'http:' || LOOPBACK.test(hostname) || warned.has(host)) return;
  warned.add(host);
  note(`nervous: warning: the token goes to ${host} unencrypted (http): put TLS before the service and use https`);
}

/** Is this an address that only this machine reaches? @param host as in `--host` or a URL */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host.includes(':') && !host.startsWith('[') ? `[${host}]` : host);
}

/** @throws UsageError */
export function tokenOf(principal: string, data: string | undefined): string {
  if (data === undefined) throw new UsageError('--as needs --data <dir>: the folder with tokens.json of the engine');
  const tokens = readTokens(data);
  const token = tokens.get(principal);
  if (token !== undefined) return token;
  throw new UsageError(
    `"${principal}" has no token in "${tokensFile(data)}": use one of ${[...tokens.keys()].join(', ')}`,
  );
}

export function tokensFile(data: string): string {
  return join(data, 'tokens.json');
}

function readTokens(data: string): ReadonlyMap<string, string> {
  const path = tokensFile(data);
  try {
    const { tokens } = JSON.parse(readFileSync(path, 'utf8')) as { readonly tokens: Record<string, unknown> };
    return new Map(
      Object.entries(tokens).flatMap(([id, kept]): [string, string][] => {
        // On its own, or together with whom it was given to.
        const token = typeof kept === 'string' ? kept : (kept as { readonly token?: unknown } | null)?.token;
        return typeof token === 'string' ? [[id, token]] : [];
      }),
    );
  } catch (cause) {
    throw new UsageError(`"${path}" cannot be read as a token file: is --data the folder of an engine?`, { cause });
  }
}
