/**
 * A small OIDC issuer for tests: discovery, JWKS and RS256 tokens, the only algorithm an HTTP API accepts. It serves on
 * 127.0.0.1 while the stacks stand; its key can be handed over to test processes, which then sign tokens themselves.
 */
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { importJWK, SignJWT, type JWK } from 'jose';

const KEY_ID = 'test-1';
const ALGORITHM = 'RS256';
const RSA_BITS = 2048;
/** s; longer than any test run */
const TOKEN_LIFETIME = 7_200;

/** All that is needed to sign tokens elsewhere; plain JSON. */
export interface IssuerKey {
  /** the `iss` claim, and where discovery is served */
  readonly issuer: string;
  readonly audience: string;
  readonly privateJwk: JWK;
}

export interface OidcIssuer {
  readonly key: IssuerKey;
  close(): Promise<void>;
}

export async function startOidcIssuer(audience = 'nervous-system-test'): Promise<OidcIssuer> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: RSA_BITS });
  const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: KEY_ID, alg: ALGORITHM, use: 'sig' }] };
  const server = createServer((request, response) => {
    const document = documents().get(request.url ?? '');
    response.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(document ?? { error: 'not_found' }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const documents = (): ReadonlyMap<string, object> =>
    new Map<string, object>([
      ['/.well-known/openid-configuration', discovery(issuer)],
      ['/jwks.json', jwks],
    ]);
  return {
    key: { issuer, audience, privateJwk: privateKey.export({ format: 'jwk' }) },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** @param claims more claims, or others: `{ exp: 1 }` makes a token that has expired */
export async function tokenOf(
  { issuer, audience, privateJwk }: IssuerKey,
  principal: string,
  claims: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const standard = { iss: issuer, aud: audience, sub: principal, iat: now, exp: now + TOKEN_LIFETIME };
  return new SignJWT({ ...standard, ...claims })
    .setProtectedHeader({ alg: ALGORITHM, kid: KEY_ID, typ: 'JWT' })
    .sign(await importJWK(privateJwk, ALGORITHM));
}

function discovery(issuer: string): object {
  return {
    issuer,
    jwks_uri: `${issuer}/jwks.json`,
    id_token_signing_alg_values_supported: [ALGORITHM],
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
  };
}
