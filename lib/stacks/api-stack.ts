/**
 * The HTTP API: one function per group of routes, behind two entry points over the same functions: one for tokens of the OIDC
 * issuer (if there is one), one for IAM credentials. The routes come from the API's own table.
 */
import { CfnOutput, Duration, Lazy, Stack, type StackProps } from 'aws-cdk-lib';
import { HttpIamAuthorizer, HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import type { Construct } from 'constructs';
import { defined } from '../../core/values/index.ts';
import { ROUTE_GROUPS, type RouteGroup } from '../../api/index.ts';
import { HttpEntryPoint, type EntryPointRoute } from '../constructs/http-entry-point.ts';
import { NervousFunction } from '../functions/nervous-function.ts';
import { runEvery } from '../functions/schedule.ts';
import type { Deployment } from '../deployment.ts';
import { executorEnvironment, systemEnvironment } from '../functions/environment-variables.ts';
import type { LedgerResources } from '../ledger-resources.ts';

/** Verifying a whole ledger, invoked directly, takes as long as Lambda allows. */
const VERIFY_TIMEOUT = Duration.minutes(15);
/** The whole ledger, hashes and signatures, against its anchors; what it finds is an alarm. */
const AUDIT_INTERVAL = Duration.days(1);
const AUDIT = { mode: 'full', signatures: true };

/** Claims of work that nobody renewed end by themselves (docs/work.md). */
const RELEASE_INTERVAL = Duration.minutes(1);

export interface ApiStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly ledger: LedgerResources;
  /** names of the functions that events can be sent to, when the template is written */
  readonly functionNames: () => readonly string[];
}

export class ApiStack extends Stack {
  /** of the entry points, by name */
  readonly apiIds: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, { deployment, ledger, functionNames, ...props }: ApiStackProps) {
    super(scope, id, props);
    const behind = this.makeFunctions(deployment, ledger, functionNames);
    runEvery(behind.publish, RELEASE_INTERVAL, { event: { release: 'overdue' } });
    runEvery(behind.verify, AUDIT_INTERVAL, { event: AUDIT, retries: 2 });
    const routes: EntryPointRoute[] = Object.entries(ROUTE_GROUPS).flatMap(([group, grouped]) =>
      grouped.map(({ method, path, auth }) => ({
        ...{ method, path, behind: behind[group as RouteGroup] },
        auth: auth === 'none' ? auth : ('required' as const),
      })),
    );
    // An id may hold a slash. It comes percent-encoded, but the API decodes the path before it looks for a route.
    routes.push({ method: 'GET', path: '/v1/entities/{proxy+}', auth: 'required', behind: behind.read });
    routes.push({ method: 'GET', path: '/v1/work/{proxy+}', auth: 'required', behind: behind.publish });
    const common = { deployment, routes, otherwise: behind.service };
    const { jwt, customDomain } = deployment;
    const iam = new HttpEntryPoint(this, 'Iam', {
      ...common,
      description: 'for IAM credentials (SigV4)',
      authorizer: new HttpIamAuthorizer(),
      ...(jwt === undefined ? { domain: customDomain } : {}),
    });
    const main =
      jwt === undefined
        ? iam
        : new HttpEntryPoint(this, 'Jwt', {
            ...common,
            description: `for tokens of ${jwt.issuer}`,
            authorizer: new HttpJwtAuthorizer('Issuer', jwt.issuer, { jwtAudience: [...jwt.audience] }),
            domain: customDomain,
          });
    this.apiIds = { iam: iam.api.apiId, ...(main === iam ? {} : { jwt: main.api.apiId }) };
    new CfnOutput(this, 'ApiId', { value: main.api.apiId });
    new CfnOutput(this, 'ApiUrl', { value: main.url });
    new CfnOutput(this, 'IamApiId', { value: iam.api.apiId });
    new CfnOutput(this, 'IamApiUrl', { value: iam.url });
    new CfnOutput(this, 'VerifyFunctionName', { value: behind.verify.function.functionName });
  }

  private makeFunctions(
    deployment: Deployment,
    ledger: LedgerResources,
    functionNames: ApiStackProps['functionNames'],
  ): Record<RouteGroup, NervousFunction> {
    const environment = {
      ...systemEnvironment(this, deployment, ledger),
      ...executorEnvironment(deployment),
      FUNCTION_NAMES: Lazy.string({ produce: () => functionNames().join(' ') }),
      ...defined({ PRINCIPAL_CLAIM: deployment.principalClaim, IAM_PRINCIPALS: deployment.iamPrincipals }),
    };
    const make = (group: RouteGroup): NervousFunction =>
      new NervousFunction(this, `Group-${group}`, {
        deployment,
        ledger,
        lambda: group,
        environment,
        ...(group === 'verify' ? { timeout: VERIFY_TIMEOUT } : {}),
      });
    return {
      publish: make('publish'),
      read: make('read'),
      'change-sets': make('change-sets'),
      decisions: make('decisions'),
      subscriptions: make('subscriptions'),
      webhooks: make('webhooks'),
      verify: make('verify'),
      service: make('service'),
    };
  }
}
