/**
 * Clients that enter through the IAM entry point: for each principal of the sample an IAM role of its own, assumed with STS, whose
 * session signs every request. The deployment is told of the roles by ARN before they are made (global-setup.ts).
 */
import { CreateRoleCommand, EntityAlreadyExistsException, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { createClient, type AwsCredentials, type Client } from '../../../clients/sdk/index.ts';
import { sigV4Headers, type SigV4Options } from '../../../clients/sdk/connection/sigv4.ts';
import type { config } from '../../../nervous.config.ts';
import type { Fixture } from '../../scenarios/index.ts';
import { until } from '../../scenarios/fixture.ts';
import { deployed, httpApiUrl, output } from './deployed.ts';
import { PATH, roleOf } from './iam-principals-of.ts';

/** What a client signs with; STS gives an hour. */
const sessions = new Map<string, Promise<AwsCredentials>>();

/** @param principal one of nervous.config.ts, or a name that stands for nobody: it has a role, but the deployment does not know it */
export function iamClientOf(principal: string): Client<typeof config> {
  return createClient<typeof config>({ url: httpApiUrl(output('IamApiId')), sigv4: signerOf(principal) });
}

/** One request, signed as this principal's role. */
export const requestSigned: Fixture['request'] = async (
  principal,
  path,
  { method: asked, headers = {}, body } = {},
) => {
  const url = httpApiUrl(output('IamApiId')) + path;
  const method = asked ?? (body === undefined ? 'GET' : 'POST');
  const signed = await sigV4Headers(signerOf(principal), { method, url, body: body ?? '', at: new Date() });
  return fetch(url, { method, headers: { ...headers, ...signed }, ...(body === undefined ? {} : { body }) });
};

function signerOf(principal: string): SigV4Options {
  const credentials = (): Promise<AwsCredentials> => {
    const session = sessions.get(principal) ?? assume(principal);
    sessions.set(principal, session);
    return session;
  };
  return { region: deployed().environment['AWS_REGION'] ?? 'us-east-1', credentials };
}

export async function assume(principal: string, { mayInvoke = true } = {}): Promise<AwsCredentials> {
  const { Account: account = '' } = await new STSClient().send(new GetCallerIdentityCommand({}));
  const RoleName = roleOf(principal);
  const iam = new IAMClient();
  const trust = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: `arn:aws:iam::${account}:root` } };
  await iam
    .send(new CreateRoleCommand({ RoleName, Path: PATH, AssumeRolePolicyDocument: policy(trust) }))
    .catch((error: unknown) => {
      if (!(error instanceof EntityAlreadyExistsException)) throw error;
    });
  const api = `arn:aws:execute-api:*:${account}:${output('IamApiId')}/*`;
  const invoke = { Effect: mayInvoke ? 'Allow' : 'Deny', Action: 'execute-api:Invoke', Resource: api };
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'invoke', PolicyDocument: policy(invoke) }));
  const RoleArn = `arn:aws:iam::${account}:role${PATH}${RoleName}`;
  // On AWS a new role can be assumed after a few seconds.
  return until(`${RoleName} can be assumed`, async () => {
    const answer = await new STSClient()
      .send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'test' }))
      .catch(() => undefined);
    const { AccessKeyId, SecretAccessKey, SessionToken } = answer?.Credentials ?? {};
    if (AccessKeyId === undefined || SecretAccessKey === undefined) return undefined;
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      ...(SessionToken === undefined ? {} : { sessionToken: SessionToken }),
    };
  });
}

function policy(statement: object): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
}
