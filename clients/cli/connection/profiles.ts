/**
 * Services that a person works with, by names of their own: a file in their configuration folder, which nobody else may read,
 * because it holds tokens. It says where and who, and nothing in it is ever printed but names and addresses.
 */
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { codeOf } from '../../../core/errors/index.ts';
import { isObject } from '../../../core/values/index.ts';
import { note, UsageError } from '../output/output.ts';

export interface Profile {
  readonly url: string;
  readonly token?: string;
}

export interface Profiles {
  /** what is used where nothing else says where or who */
  readonly current?: string;
  readonly profiles: ReadonlyMap<string, Profile>;
}

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/i;
const [ONLY_MINE, ONLY_MY_FOLDER, OTHERS_MAY] = [0o600, 0o700, 0o077];

/** https://specifications.freedesktop.org/basedir-spec/latest/ */
export function profilesFile(): string {
  const { XDG_CONFIG_HOME: folder = '' } = process.env;
  return join(folder === '' ? join(homedir(), '.config') : folder, 'nervous-system', 'profiles.json');
}

/** @throws UsageError: the file cannot be understood */
export function readProfiles(): Profiles {
  const path = profilesFile();
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
    if (process.platform !== 'win32' && (statSync(path).mode & OTHERS_MAY) !== 0)
      note(`nervous: warning: others may read the tokens in "${path}": chmod 600 it`);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return { profiles: new Map() };
    throw new UsageError(`"${path}" cannot be read: ${(cause as Error).message}`, { cause });
  }
  return parsed(text, path);
}

function parsed(text: string, path: string): Profiles {
  const damaged = (cause?: unknown): UsageError =>
    new UsageError(`"${path}" is no file of profiles: mend it or remove it, and "nervous login" makes a new one`, {
      cause,
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw damaged(cause);
  }
  if (!isObject(value) || !isObject(value['profiles'])) throw damaged();
  const { current, profiles } = value;
  const found = new Map<string, Profile>();
  for (const [name, one] of Object.entries(profiles)) {
    if (!NAME.test(name) || !isObject(one) || typeof one['url'] !== 'string') throw damaged();
    const { url, token } = one;
    found.set(name, typeof token === 'string' ? { url, token } : { url });
  }
  return typeof current === 'string' && found.has(current) ? { current, profiles: found } : { profiles: found };
}

/** In one step: whoever reads it meanwhile has the one before or the new one. */
export function writeProfiles({ current, profiles }: Profiles): void {
  const path = profilesFile();
  mkdirSync(dirname(path), { recursive: true, mode: ONLY_MY_FOLDER });
  const next = `${path}.${process.pid}`;
  const said = { ...(current === undefined ? {} : { current }), profiles: Object.fromEntries(profiles) };
  try {
    writeFileSync(next, `${JSON.stringify(said, undefined, 2)}\n`, { mode: ONLY_MINE, flag: 'wx' });
    chmodSync(next, ONLY_MINE);
    renameSync(next, path);
  } finally {
    rmSync(next, { force: true });
  }
}

/** @throws UsageError */
export function storeProfile(name: string, profile: Profile): void {
  requireName(name);
  requireUrl(profile.url);
  const { current, profiles } = readProfiles();
  writeProfiles({ ...(current === undefined ? {} : { current }), profiles: new Map([...profiles, [name, profile]]) });
}

/** @throws UsageError */
export function useProfile(name: string): void {
  const { profiles } = readProfiles();
  profileNamed(name, profiles);
  writeProfiles({ current: name, profiles });
}

/** @throws UsageError */
export function profileNamed(name: string, profiles: Profiles['profiles']): Profile {
  const found = profiles.get(name);
  if (found !== undefined) return found;
  const names = [...profiles.keys()].join(', ');
  throw new UsageError(
    `there is no profile "${name}": ${names === '' ? 'nervous login makes one' : `there are ${names}`}`,
  );
}

/** @throws UsageError */
export function requireName(name: string): void {
  if (!NAME.test(name)) throw new UsageError(`"${name}" cannot name a profile: take letters, digits, ".", "_" and "-"`);
}

/** @throws UsageError */
export function requireUrl(url: string): void {
  if (!URL.canParse(url) || !/^https?:/.test(url)) throw new UsageError(`"${url}" is not an http(s) URL`);
}

/** @param where it was given @throws UsageError */
export function requireToken(token: string, where: string): void {
  if (!/^[\x21-\x7e]+$/.test(token)) throw new UsageError(`${where} is no token: one word is expected`);
}
