/**
 * Who is signed in. The token lives in this page's memory and nowhere else: whoever reloads the page signs in anew. The root key came beside
 * the link, behind the `#`, so the server that is to be verified never had a hand in it.
 */
import { createClient, type Client } from '../../../clients/sdk/client.ts';
import { ApiProblem, Unreachable } from '../../../clients/sdk/connection/problems.ts';
import { createSeen, type Seen } from './seen.ts';
import { parseRootKey, parseWitnessKey, type NamedKey } from '../verify/note.ts';

export interface Who {
  readonly kind: string;
  readonly id: string;
  readonly personId?: string;
}

export interface Session {
  readonly who: Who;
  readonly client: Client;
  readonly token: string;
  /** undefined: nothing can be verified by signature here */
  readonly root: NamedKey | undefined;
  /** those whose word about the log counts here */
  readonly witnesses: readonly NamedKey[];
  readonly seen: Seen;
}

export interface LinkIn extends GivenKeys {
  readonly link: string;
}

/** Verifier keys from somewhere other than the server. */
export interface GivenKeys {
  readonly vkey: string | undefined;
  readonly witnesses?: readonly string[];
}

const SESSION = '/console/session';

/** What the page was opened with. It is taken out of the address at once, so that neither history nor bookmarks have it. */
export function takeFragment(): LinkIn | undefined {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const link = fragment.get('link');
  if (link === null) return undefined;
  history.replaceState(null, '', `${location.pathname}#/`);
  return { link, vkey: fragment.get('vkey') ?? undefined, witnesses: fragment.getAll('witness') };
}

/** @throws SignInRefused */
export async function signInByLink({ link, ...keys }: LinkIn): Promise<Session> {
  const { token, principal } = await ask<{ token: string; principal: Who }>('POST', { body: JSON.stringify({ link }) });
  return sessionOf(token, principal, keys);
}

/** @throws SignInRefused */
export async function signInByToken(token: string, keys: GivenKeys): Promise<Session> {
  const { principal } = await ask<{ principal: Who }>('GET', { token });
  return sessionOf(token, principal, keys);
}

export async function signOut({ token }: Session): Promise<void> {
  await fetch(SESSION, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } }).catch(() => undefined);
}

class SignInRefused extends Error {}

function sessionOf(token: string, who: Who, { vkey, witnesses = [] }: GivenKeys): Session {
  const root = vkey === undefined ? undefined : parseRootKey(vkey);
  return {
    who,
    token,
    root,
    witnesses: witnesses.map(parseWitnessKey),
    seen: createSeen(),
    client: createClient({ url: location.origin, token }),
  };
}

async function ask<Answer>(method: string, { body, token }: { body?: string; token?: string }): Promise<Answer> {
  const headers: Record<string, string> = {
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const response = await fetch(SESSION, { method, headers, body: body ?? null }).catch(() => undefined);
  if (response === undefined) throw new SignInRefused('The service does not answer.');
  const answer: unknown = await response.json();
  if (!response.ok) throw new SignInRefused((answer as { detail?: string }).detail ?? 'The service refused.');
  return answer as Answer;
}

/** What went wrong, for people. */
export function reasonOf(error: unknown): string {
  if (error instanceof ApiProblem) return error.message;
  if (error instanceof Unreachable) return 'The service does not answer.';
  return error instanceof Error ? error.message : String(error);
}
