/** What a test knows of the deployment, and how it reaches the HTTP API: an emulator has no DNS names of its own. */
import { createPublicKey } from 'node:crypto';
import { GetPublicKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { inject } from 'vitest';
import { createClient, type Client } from '../../../clients/sdk/index.ts';
import type { config } from '../../../nervous.config.ts';
import type { Fixture } from '../../scenarios/index.ts';
import type { Deployed } from '../global-setup.ts';
import { tokenOf } from './oidc-issuer.ts';
import type { AwsTarget } from './target.ts';

export function deployed(): Deployed {
  return inject('deployed');
}

/** The named output of whichever stack has it. */
export function output(name: string): string {
  const found = Object.values(deployed().outputs).flatMap((stack) => (stack[name] === undefined ? [] : [stack[name]]));
  if (found[0] === undefined) throw new Error(`no stack has an output named ${name}`);
  return found[0];
}

/** Base URL without a trailing slash of the `$default` stage of an HTTP API. */
export function httpApiUrl(apiId: string): string {
  const { endpoint, environment } = deployed();
  if (endpoint !== undefined) return `${endpoint}/_aws/execute-api/${apiId}/$default`;
  return `https://${apiId}.execute-api.${environment.AWS_REGION ?? 'us-east-1'}.amazonaws.com`;
}

/** A client of an HTTP API of this deployment that speaks as a principal of nervous.config.ts. */
export function clientOf(apiId: string, principal: string): Client<typeof config> {
  return createClient<typeof config>({ url: httpApiUrl(apiId), token: () => tokenOf(deployed().issuer, principal) });
}

/** One request of a principal to an HTTP API of this deployment, with a token. */
export async function requestWithToken(
  apiId: string,
  ...[principal, path, { method, headers = {}, body } = {}]: Parameters<Fixture['request']>
): Promise<Response> {
  return fetch(httpApiUrl(apiId) + path, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { ...headers, authorization: `Bearer ${await tokenOf(deployed().issuer, principal)}` },
    ...(body === undefined ? {} : { body }),
  });
}

/** The 32 bytes of an Ed25519 key in KMS. */
export async function publicKey(KeyId: string): Promise<Uint8Array> {
  const { PublicKey } = await new KMSClient().send(new GetPublicKeyCommand({ KeyId }));
  const key = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: 'der', type: 'spki' });
  return key.export({ format: 'der', type: 'spki' }).subarray(-32);
}

/** For running the CDK again on the same deployment, e.g. `deploy({ ...again(), context: { ... } })`. */
export function again(): { target: AwsTarget; runDir: string } {
  const { kind, endpoint, environment, runDir } = deployed();
  return { target: { kind, endpoint, environment, stop: () => Promise.resolve() }, runDir };
}
