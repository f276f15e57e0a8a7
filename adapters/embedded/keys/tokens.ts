/**
 * Bearer tokens of the roster: one random secret per account, agent and module, made at first start and kept in one file
 * that only its owner may read. A token belongs to whom it was made for: when its id comes to mean another person, another
 * kind of principal or another's agent, it opens nothing, and a new one is made. Who may do what is core/policy's business.
 */
import { hash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { principalsOf, type Modules, type Policy, type Principal } from '../../../core/policy/index.ts';
import { writeDurably } from '../machine/durable-file.ts';
import { EngineError } from '../machine/errors.ts';

const FILE = 'tokens.json';
const OWNER_ONLY = 0o600;
const TOKEN_BYTES = 32;

const secret = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const issuedSchema = z.discriminatedUnion('kind', [
  z.strictObject({ token: secret, kind: z.literal('person'), person: z.string() }),
  z.strictObject({ token: secret, kind: z.literal('agent'), owner: z.string() }),
  z.strictObject({ token: secret, kind: z.literal('module') }),
]);
type Issued = z.output<typeof issuedSchema>;

const fileSchema = z
  .discriminatedUnion('version', [
    /** until 2026-11-21: does not say whose they are, so they become those of who has the id when it is read */
    z.strictObject({ version: z.literal(1), tokens: z.record(z.string(), secret) }),
    z.strictObject({ version: z.literal(2), tokens: z.record(z.string(), issuedSchema) }),
  ])
  .transform(({ tokens }) => new Map<string, string | Issued>(Object.entries(tokens)))
  .refine((tokens) => new Set(tokens.values().map(secretOf)).size === tokens.size);

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
      const today = known && policy.principal(known.id);
      return known !== undefined && today !== undefined && isSameHolder(known, today) ? today : undefined;
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
  const stored = existsSync(path) ? readTokens(path) : new Map<string, string | Issued>();
  const all = new Map([...principals].flatMap(([id, principal]) => issue(id, principal, stored.get(id))));
  const isUnchanged = all.size === stored.size && [...all].every(([id, issued]) => stored.get(id) === issued);
  if (isUnchanged) chmodSync(path, OWNER_ONLY);
  else writeDurably(path, `${JSON.stringify({ version: 2, tokens: Object.fromEntries(all) }, null, 2)}\n`, OWNER_ONLY);
  const byHash = new Map([...all].map(([id, { token }]) => [hashOf(token), principals.get(id)]));
  return {
    all: Object.fromEntries([...all].map(([id, { token }]) => [id, token])),
    principalOf: (token) => byHash.get(hashOf(token)),
  };
}

/** The token there is, if it was made for this principal; otherwise a new one. Services have none. */
function issue(id: string, principal: Principal, stored: string | Issued | undefined): [string, Issued][] {
  const token = typeof stored === 'string' ? stored : newToken();
  switch (principal.kind) {
    case 'person':
      return [[id, kept(stored, { token, kind: 'person', person: principal.personId })]];
    case 'agent':
      return [[id, kept(stored, { token, kind: 'agent', owner: principal.owner })]];
    case 'module':
      return [[id, kept(stored, { token, kind: 'module' })]];
    case 'service':
      return [];
  }
}

function kept(stored: string | Issued | undefined, fresh: Issued): Issued {
  if (stored === undefined || typeof stored === 'string') return fresh;
  return isDeepStrictEqual({ ...stored, token: '' }, { ...fresh, token: '' }) ? stored : fresh;
}

function isSameHolder(one: Principal, other: Principal): boolean {
  const holderOf = (principal: Principal): readonly unknown[] => [
    principal.kind,
    principal.kind === 'person' && principal.personId,
    principal.kind === 'agent' && principal.owner,
  ];
  return isDeepStrictEqual(holderOf(one), holderOf(other));
}

function secretOf(stored: string | Issued): string {
  return typeof stored === 'string' ? stored : stored.token;
}

function readTokens(path: string): ReadonlyMap<string, string | Issued> {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
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
