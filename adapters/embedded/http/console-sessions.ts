/**
 * Signing in to the console of this engine: a link that whoever holds a token asks for is exchanged once, within a minute, for a token that
 * only the page knows. Both are kept in memory as hashes, and end with the engine. What a session may do is its holder's business today.
 */
import { hash, randomBytes } from 'node:crypto';
import type { Clock } from '../../../core/ledger/index.ts';
import type { Principal } from '../../../core/policy/index.ts';
import { later, type EpochMs } from '../../../core/brands/index.ts';
import type { Tokens } from '../keys/tokens.ts';

export const LINK_SECONDS = 60;
const SESSION_SECONDS = 8 * 3_600;
/** Of each: whoever may ask for links must not fill the memory with them. The oldest goes. */
const MAX_KEPT = 1_000;
const SECRET_BYTES = 32;

type HolderOf = Tokens['principalOf'];

export interface ConsoleSessions {
  /** @param token of who is to be signed in @returns what the link carries; undefined: nobody has this token */
  link(token: string): string | undefined;
  /** @returns the token of a new session; undefined: the link was used, is too old, or never was */
  exchange(link: string): string | undefined;
  /** Whoever the session is for, as long as their own token stands. */
  principalOf(session: string): Principal | undefined;
  /** Signs out. */
  end(session: string): void;
}

export function createConsoleSessions(
  tokens: { readonly principalOf: HolderOf },
  clock: Pick<Clock, 'now'>,
): ConsoleSessions {
  const links = new Secrets(clock, LINK_SECONDS);
  const sessions = new Secrets(clock, SESSION_SECONDS);
  return {
    link: (token) => (tokens.principalOf(token) === undefined ? undefined : links.keep(token)),
    exchange: (link) => {
      const token = links.find(link);
      links.forget(link);
      return token === undefined || tokens.principalOf(token) === undefined ? undefined : sessions.keep(token);
    },
    principalOf: (session) => {
      const token = sessions.find(session);
      return token === undefined ? undefined : tokens.principalOf(token);
    },
    end: (session) => sessions.forget(session),
  };
}

/** Secret → token, for a time. */
class Secrets {
  private readonly kept = new Map<string, { readonly token: string; readonly until: EpochMs }>();
  private readonly clock: Pick<Clock, 'now'>;
  private readonly seconds: number;

  constructor(clock: Pick<Clock, 'now'>, seconds: number) {
    this.clock = clock;
    this.seconds = seconds;
  }

  keep(token: string): string {
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    const [oldest] = this.kept.keys();
    if (oldest !== undefined && this.kept.size >= MAX_KEPT) this.kept.delete(oldest);
    this.kept.set(hashOf(secret), { token, until: later(this.clock.now(), this.seconds * 1_000) });
    return secret;
  }

  find(secret: string): string | undefined {
    const found = this.kept.get(hashOf(secret));
    return found === undefined || this.clock.now() >= found.until ? undefined : found.token;
  }

  forget(secret: string): void {
    this.kept.delete(hashOf(secret));
  }
}

function hashOf(secret: string): string {
  return hash('sha256', secret, 'base64');
}
