/**
 * Bearer tokens of the roster: one random secret per account, agent and module, made at first start and kept in one file
 * that only its owner may read. Who a principal is and what it may do is core/policy's business.
 */
import { hash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { principalsOf, type Modules, type Policy, type Principal } from '../../core/policy/index.ts';
import { writeDurably } from './durable-file.ts';
import { EngineError } from './errors.ts';

const FILE = 'tokens.json';
const OWNER_ONLY = 0o600;
const TOKEN_BYTES = 32;

const fileSchema = z.strictObject({
  version: z.literal(1),
  tokens: z
    .record(z.string(), z.string().regex(/^[A-Za-z0-9_-]{43}$/))
    .refine((tokens) => new Set(Object.values(tokens)).size === Object.keys(tokens).length),
});

export interface Tokens {
  /** principal id → token: for the operator, once */
  readonly all: Readonly<Record<string, string>>;
  /** Compares hashes only, so the time it takes says nothing about how near a guess was. */
  readonly principalOf: (token: string) => Principal | undefined;
}

export interface LiveTokens extends Tokens {
  /** The roster in force is another one: newcomers get a token now. */
  readonly renew: () => void;
}

/**
 * Tokens of the roster in force: who is taken out of it is nobody at once, whatever the file says.
 * @throws EngineError DATA_UNREADABLE
 */
export function openLiveTokens(options: {
  readonly dataDir: string;
  readonly policy: Policy;
  readonly modules: Modules;
  readonly onError: (error: unknown) => void;
}): LiveTokens {
  const { dataDir, policy, modules, onError } = options;
  const open = (): Tokens => openTokens(dataDir, principalsOf(policy.roster, modules));
  let tokens = open();
  return {
    get all() {
      return tokens.all;
    },
    principalOf: (token) => {
      const known = tokens.principalOf(token);
      return known === undefined ? undefined : policy.principal(known.id);
    },
    renew: () => {
      try {
        tokens = open();
      } catch (error) {
        onError(error);
      }
    },
  };
}

/**
 * Tokens of exactly these principals: known ones keep theirs, new ones get one, others lose it.
 * @throws EngineError DATA_UNREADABLE
 */
export function openTokens(dataDir: string, principals: ReadonlyMap<string, Principal>): Tokens {
  const path = join(dataDir, FILE);
  const stored = existsSync(path) ? readTokens(path) : new Map<string, string>();
  const all = new Map([...principals.keys()].map((id) => [id, stored.get(id) ?? newToken()]));
  const isUnchanged = all.size === stored.size && [...all].every(([id, token]) => stored.get(id) === token);
  if (isUnchanged) chmodSync(path, OWNER_ONLY);
  else writeDurably(path, `${JSON.stringify({ version: 1, tokens: Object.fromEntries(all) }, null, 2)}\n`, OWNER_ONLY);
  const byHash = new Map([...all].map(([id, token]) => [hashOf(token), principals.get(id)]));
  return { all: Object.fromEntries(all), principalOf: (token) => byHash.get(hashOf(token)) };
}

function readTokens(path: string): ReadonlyMap<string, string> {
  try {
    return new Map(Object.entries(fileSchema.parse(JSON.parse(readFileSync(path, 'utf8'))).tokens));
  } catch (cause) {
    throw new EngineError({
      code: 'DATA_UNREADABLE',
      message: `"${path}" is not a token file: restore it, or delete it to give every principal a new token`,
      cause,
    });
  }
}

function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

function hashOf(token: string): string {
  return hash('sha256', token, 'base64');
}
