/**
 * Grants: the root key's word to an executor that it may do this one thing now. A compact JWS (RFC 7515) with EdDSA
 * (RFC 8037) that names the operation, the exact input and an end; executors refuse everything else. Nothing else that the
 * root key signs looks like one: those texts have line feeds, a JWS has none. It does not know whether a grant was used:
 * that is the executor's to remember, in the transaction of its effect.
 */
import { hash, verify } from 'node:crypto';
import * as z from 'zod';
import { canonicalize, type JsonValue } from '../../canonical/index.ts';
import { noteVerifier, type RootSigner } from '../../ledger/index.ts';
import { workRefSchema } from '../../work/index.ts';

/** Signed texts stay below KMS's 4,096 bytes: claims carry hashes, never the input itself. */
const HEADER = Buffer.from('{"alg":"EdDSA","typ":"nervous-grant+jwt"}').toString('base64url');
const MAX_TOKEN_LENGTH = 4_096;

const hexHash = z.string().regex(/^[0-9a-f]{64}$/);

export const claimsSchema = z.strictObject({
  /** origin of the ledger whose root key signed */
  iss: z.string(),
  /** the executor, `name@version` */
  aud: z.string(),
  /** the operation key `change:revision:index:direction`: what is done once */
  jti: z.string(),
  /** seconds since the Unix epoch (RFC 7519 NumericDate): from then on the grant is over */
  exp: z.int().min(0),
  change: z.string(),
  revision: z.int().min(1),
  /** what was approved */
  contentHash: hexHash,
  index: z.int().min(0),
  direction: z.enum(['apply', 'undo']),
  /** SHA-256, hex, of the canonical JSON (RFC 8785) of `{"input":…,"precondition":…}` */
  inputHash: hexHash,
  /** the claim under which it was proposed, which stood when this was signed; undoing rests on none */
  work: workRefSchema.exactOptional(),
});
export type GrantClaims = z.output<typeof claimsSchema>;

export interface GrantExpectations {
  /** raw root keys of the ledger, 32 bytes each: the one in use, and while one is being rotated the next too */
  readonly publicKeys: readonly Uint8Array[];
  /** origin of the ledger */
  readonly issuer: string;
  /** `name@version` */
  readonly executor: string;
  readonly direction: GrantClaims['direction'];
  /** what the executor was handed beside the grant */
  readonly input: JsonValue;
  readonly precondition?: JsonValue | undefined;
  /** milliseconds since the Unix epoch, by the executor's own clock */
  readonly now: number;
}

export type VerifiedGrant =
  | { readonly kind: 'grant'; readonly claims: GrantClaims }
  /** nothing may be done */
  | { readonly kind: 'refused'; readonly reason: string };

/** One signature of the root key. */
export async function signGrant(root: Pick<RootSigner, 'sign'>, claims: GrantClaims): Promise<string> {
  const signed = `${HEADER}.${Buffer.from(canonicalize(claims)).toString('base64url')}`;
  return `${signed}.${Buffer.from(await root.sign(Buffer.from(signed))).toString('base64url')}`;
}

/** Everything in a grant is checked here but whether it was used. The token and the input are untrusted. */
export function verifyGrant(token: unknown, expected: GrantExpectations): VerifiedGrant {
  const claims = openToken(token, expected.publicKeys);
  if (typeof claims === 'string') return refused(claims);
  const { issuer, executor, direction, now, input, precondition } = expected;
  if (claims.iss !== issuer) return refused(`the grant is of the ledger "${claims.iss}", not of "${issuer}"`);
  if (claims.aud !== executor) return refused(`the grant is for ${claims.aud}, this is ${executor}`);
  if (claims.direction !== direction) return refused(`the grant is to ${claims.direction}, not to ${direction}`);
  if (claims.jti !== operationKey(claims)) return refused('the grant contradicts itself about its operation');
  // No leeway: the ledger counts on it that nothing happens on a grant that is over.
  if (now >= claims.exp * 1000) return refused('the grant has expired');
  if (claims.inputHash !== grantInputHash(input, precondition))
    return refused('the grant is for another input or precondition');
  return { kind: 'grant', claims };
}

/** What is done once: `change:revision:index:direction`. */
export function operationKey(of: Pick<GrantClaims, 'change' | 'revision' | 'index' | 'direction'>): string {
  return `${of.change}:${of.revision}:${of.index}:${of.direction}`;
}

export function grantInputHash(input: JsonValue, precondition: JsonValue = null): string {
  return hash('sha256', canonicalize({ input, precondition }, { integersOnly: true }), 'hex');
}

/** The claims of a token that one of the keys signed, or what is wrong with it. */
function openToken(token: unknown, publicKeys: readonly Uint8Array[]): GrantClaims | string {
  if (typeof token !== 'string' || token.length > MAX_TOKEN_LENGTH) return 'the grant is no token';
  const [header, payload, signature, ...more] = token.split('.');
  // One header is possible, so none that asks for another algorithm, or for none, is ever read.
  if (header !== HEADER || payload === undefined || signature === undefined || more.length > 0)
    return 'the grant is no token of the form that this ledger signs';
  const signed = Buffer.from(`${header}.${payload}`);
  const bytes = Buffer.from(signature, 'base64url');
  if (!publicKeys.some((raw) => verify(null, signed, noteVerifier('', raw).key, bytes)))
    return 'the grant is not signed by the root key';
  const claims = claimsSchema.safeParse(jsonOf(payload));
  return claims.success ? claims.data : 'the grant does not say what a grant says';
}

function jsonOf(payload: string): unknown {
  try {
    return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

function refused(reason: string): VerifiedGrant {
  return { kind: 'refused', reason };
}
