/**
 * The event buses: one per topic domain for what this system has recorded, kept for replay, and the ingress bus for what
 * AWS services and modules bring. Nothing on a domain bus is put on the ingress bus, so nothing goes round in circles.
 */
import { Stack, type CfnResource } from 'aws-cdk-lib';
import { EventBus, Match } from 'aws-cdk-lib/aws-events';
import { AccountPrincipal, Effect, PolicyStatement, StarPrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { topicDomains } from '../../core/events/index.ts';
import { namesOf, type Deployment } from '../deployment.ts';
import { rolesThatMay } from './roles-that-may.ts';

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
    const relays = rolesThatMay('events:PutEvents', 'buses', deployment);
    for (const bus of this.domains) {
      onlyRelaysPut(bus, relays);
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

/**
 * What is on a domain's bus was recorded: nobody else in the account puts events there, whatever their own policies allow. AWS's own
 * services (a replay of the archive) are spared; who may change this policy is not touched by it.
 */
function onlyRelaysPut(bus: EventBus, relays: readonly string[]): void {
  bus.addToResourcePolicy(
    new PolicyStatement({
      sid: 'OnlyRelaysPut',
      effect: Effect.DENY,
      principals: [new StarPrincipal()],
      actions: ['events:PutEvents'],
      resources: [bus.eventBusArn],
      conditions: {
        ArnNotEquals: { 'aws:PrincipalArn': [...relays] },
        BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
      },
    }),
  );
}
