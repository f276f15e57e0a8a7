/**
 * One HTTP API over the functions of the route groups: the routes of the API's table, one kind of credentials, structured
 * access logs and a limit on requests. (A route of an HTTP API has one authorizer, so each kind of credentials has an entry point.)
 */
import { Stack } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  DomainName,
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  LogGroupLogDestination,
  type IHttpRouteAuthorizer,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Deployment } from '../deployment.ts';
import { acknowledge } from './acknowledge.ts';
import type { NervousFunction } from '../functions/nervous-function.ts';
import { removalPolicyOf } from './removal-policy.ts';

/** A route of the API's table with the function behind it. */
export interface EntryPointRoute {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** `none`: tells nothing that a stranger may not know */
  readonly auth: 'required' | 'none';
  readonly behind: NervousFunction;
}

export interface HttpEntryPointProps {
  readonly deployment: Deployment;
  readonly description: string;
  readonly authorizer: IHttpRouteAuthorizer;
  readonly routes: readonly EntryPointRoute[];
  /** answers what no route answers, as a problem */
  readonly otherwise: NervousFunction;
  readonly domain?: { readonly name: string; readonly certificateArn: string } | undefined;
}

export class HttpEntryPoint extends Construct {
  readonly api: HttpApi;
  readonly url: string;

  constructor(scope: Construct, id: string, props: HttpEntryPointProps) {
    super(scope, id);
    const { deployment, description, domain } = props;
    this.api = new HttpApi(this, 'Api', {
      apiName: `${deployment.name}-${id.toLowerCase()}`,
      description,
      createDefaultStage: false,
      defaultAuthorizer: props.authorizer,
    });
    this.addRoutes(props);
    const stage = this.addStage(deployment, domain);
    this.url = domain === undefined ? this.api.apiEndpoint : `https://${domain.name}`;
    stage.node.addDependency(...this.api.node.children.filter((child) => child instanceof HttpRoute));
  }

  private addRoutes({ routes, otherwise }: HttpEntryPointProps): void {
    const integrations = new Map<NervousFunction, HttpLambdaIntegration>();
    const to = (target: NervousFunction): HttpLambdaIntegration => {
      // one permission per function and API instead of one per route: a function's policy ends at 20 KB
      const made =
        integrations.get(target) ??
        new HttpLambdaIntegration(`To-${target.lambda}`, target.function, { scopePermissionToRoute: false });
      integrations.set(target, made);
      return made;
    };
    for (const { method, path, auth, behind } of routes) {
      const added = this.api.addRoutes({
        path,
        methods: [HttpMethod[method]],
        integration: to(behind),
        ...(auth === 'none' ? { authorizer: new HttpNoneAuthorizer() } : {}),
      });
      if (auth === 'none') {
        for (const route of added)
          acknowledge(route, 'APIG4', 'tells nothing that a stranger may not know (api/routes/service.ts)');
      }
    }
    new HttpRoute(this, 'Otherwise', { httpApi: this.api, routeKey: HttpRouteKey.DEFAULT, integration: to(otherwise) });
    this.permitOtherwise(otherwise);
  }

  /** That of the integration says <stage>/<method>/<path>, and what asks through `$default` has neither method nor path. */
  private permitOtherwise(otherwise: NervousFunction): void {
    const stack = Stack.of(this);
    const sourceArn = stack.formatArn({
      service: 'execute-api',
      resource: this.api.apiId,
      resourceName: `*/${HttpRouteKey.DEFAULT.key}`,
    });
    const principal = new ServicePrincipal('apigateway.amazonaws.com');
    otherwise.function.addPermission(`${this.node.id}-Otherwise`, { scope: this, principal, sourceArn });
  }

  private addStage({ stage }: Deployment, domain: HttpEntryPointProps['domain']): HttpStage {
    const accessLogs = new LogGroup(this, 'AccessLogs', {
      retention: stage.logRetention,
      removalPolicy: removalPolicyOf(stage),
    });
    return new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      detailedMetricsEnabled: true,
      throttle: { rateLimit: stage.throttle.requestsPerSecond, burstLimit: stage.throttle.burst },
      accessLogSettings: { destination: new LogGroupLogDestination(accessLogs), format: ACCESS_LOG_FORMAT },
      ...(domain === undefined ? {} : { domainMapping: { domainName: this.addDomain(domain) } }),
    });
  }

  private addDomain({ name, certificateArn }: NonNullable<HttpEntryPointProps['domain']>): DomainName {
    const certificate = Certificate.fromCertificateArn(this, 'Certificate', certificateArn);
    return new DomainName(this, 'Domain', { domainName: name, certificate });
  }
}

/** Who asked for what and how it ended; never a header or a body. */
const ACCESS_LOG_FORMAT = AccessLogFormat.custom(
  JSON.stringify({
    requestId: '$context.requestId',
    time: '$context.requestTime',
    ip: '$context.identity.sourceIp',
    subject: '$context.authorizer.claims.sub',
    caller: '$context.identity.userArn',
    route: '$context.routeKey',
    path: '$context.path',
    status: '$context.status',
    bytes: '$context.responseLength',
    latencyMs: '$context.responseLatency',
    error: '$context.error.message',
    integrationError: '$context.integrationErrorMessage',
  }),
);
