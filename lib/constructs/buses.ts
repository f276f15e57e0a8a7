/**
 * The event buses: one per topic domain for what this system has recorded, kept for replay, and the ingress bus for what
 * AWS services and modules bring. Nothing on a domain bus is put on the ingress bus, so nothing goes round in circles.
 */
import { Stack, type CfnResource } from 'aws-cdk-lib';
import { EventBus, Match } from 'aws-cdk-lib/aws-events';
import { AccountPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { topicDomains } from '../../core/events/index.ts';
import { namesOf, type Deployment } from '../deployment.ts';

export class Buses extends Construct {
  readonly ingress: EventBus;
  readonly domains: readonly EventBus[];
  readonly topicDomains: readonly string[];

  constructor(scope: Construct, id: string, { deployment }: { readonly deployment: Deployment }) {
    super(scope, id);
    const names = namesOf(deployment);
    this.ingress = new EventBus(this, 'Ingress', {
      eventBusName: names.ingressBus,
      description: 'events of AWS services and modules, to be recorded',
    });
    this.topicDomains = topicDomains(Object.keys(deployment.config.topics));
    this.domains = this.topicDomains.map(
      (domain) =>
        new EventBus(this, `Domain-${domain}`, {
          eventBusName: names.bus(domain),
          description: `recorded events: ${domain}.*`,
        }),
    );
    if (deployment.emulated) return; // emulators know neither archives nor policies of a bus
    this.admit(deployment.ingressAccounts);
    for (const bus of this.domains) {
      bus.archive('Archive', {
        retention: deployment.stage.archiveRetention,
        eventPattern: { source: Match.prefix('') },
      });
    }
  }

  /** The buses alone, without their archives. */
  resources(): readonly CfnResource[] {
    return [this.ingress, ...this.domains].map((bus) => bus.node.defaultChild as CfnResource);
  }

  /** A bus belongs to its account; others must be named. */
  private admit(accounts: readonly string[]): void {
    const principals = [Stack.of(this).account, ...accounts].map((account) => new AccountPrincipal(account));
    this.ingress.addToResourcePolicy(
      new PolicyStatement({
        sid: 'NamedAccountsOnly',
        principals,
        actions: ['events:PutEvents'],
        resources: [this.ingress.eventBusArn],
      }),
    );
  }
}
