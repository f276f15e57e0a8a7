/**
 * The AWS resources of a subscription: one SQS queue and, unless it is fed in entity order, one EventBridge rule on each
 * bus its topics touch. Makes, compares and removes them; every call may be repeated after a crash anywhere.
 */
import {
  DeleteRuleCommand,
  ListRulesCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  type EventBridgeClient,
  type Rule,
} from '@aws-sdk/client-eventbridge';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  ListQueuesCommand,
  SetQueueAttributesCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { busRules, EventError, type BusRule, type Subscription } from '../../../core/events/index.ts';
import { defined, MS_PER_SECOND } from '../../../core/values/index.ts';
import { messageTemplate } from '../bus/message.ts';
import { busName, isRuleName, MAX_PREFIX_CHARS, queueName, ruleName, ruleNameOfQueue } from '../bus/names.ts';
import { isMissingQueue, queueUrl } from '../bus/queue-urls.ts';

/** EventBridge's default quota is 300; the rest is for the deployment's own. */
const MAX_RULES_PER_BUS = 250;
/** SQS's longest: an event nobody pulls for so long is in the ledger only. */
const RETENTION_SECONDS = 14 * 86_400;
const TARGET = 'queue';
const SUBSCRIPTION_TAG = 'nervous:subscription';
const LEDGER_TAG = 'nervous:ledger';

export interface SubscriptionResourcesOptions {
  readonly ledger: string;
  readonly events: EventBridgeClient;
  readonly queues: SQSClient;
  readonly busPrefix: string;
  readonly subscriptionPrefix: string;
  /** domains that have a bus */
  readonly domains: readonly string[];
  /** where SQS puts what was not acknowledged in time too often; the dead-letter writer empties them */
  readonly deadLetterQueueArn: string;
  readonly deadLetterFifoQueueArn: string;
  /** roles that may send to queues beside the rules; everybody else is refused, whatever their own policies allow */
  readonly senderRoleArns: readonly string[];
  /** where EventBridge puts what a subscription's queue did not take; the reconciler delivers it again */
  readonly undeliveredQueueArn: string;
}

/** What exists, by rule name (which is also the queue's, but for `.fifo`). */
export interface Found {
  readonly queues: ReadonlySet<string>;
  /** domain → rule name → what it is */
  readonly rules: ReadonlyMap<string, ReadonlyMap<string, { readonly pattern: string; readonly description: string }>>;
}

export class SubscriptionResources {
  private readonly options: SubscriptionResourcesOptions;

  constructor(options: SubscriptionResourcesOptions) {
    this.options = options;
    if (options.subscriptionPrefix.length > MAX_PREFIX_CHARS)
      throw new Error(
        `SUBSCRIPTION_PREFIX "${options.subscriptionPrefix}" is longer than ${MAX_PREFIX_CHARS} characters`,
      );
  }

  /** @throws EventError SUBSCRIPTION_INVALID: a bus has no room for another rule */
  async make(subscription: Subscription): Promise<void> {
    const { subscriptionPrefix } = this.options;
    const rules = this.rulesOf(subscription);
    for (const { domain } of rules) await this.requireRoom(domain, ruleName(subscriptionPrefix, subscription));
    await this.makeQueue(subscription, rules);
    for (const rule of rules) await this.makeRule(subscription, rule);
    if (subscription.changedFrom !== undefined) await this.removeOtherRules(subscription, rules);
  }

  /** Of the domains that it had before it was changed: its queue refuses what they send. */
  private async removeOtherRules(subscription: Subscription, rules: readonly BusRule[]): Promise<void> {
    const name = ruleName(this.options.subscriptionPrefix, subscription);
    const others = this.options.domains.filter((domain) => !rules.some((rule) => rule.domain === domain));
    for (const domain of others) await this.removeRule(domain, name);
  }

  /** Whether all that `make` makes exists and rules say what they should. */
  isMade(subscription: Subscription, found: Found): boolean {
    const { subscriptionPrefix } = this.options;
    const name = ruleName(subscriptionPrefix, subscription);
    return (
      found.queues.has(queueName(subscriptionPrefix, subscription)) &&
      this.rulesOf(subscription).every(({ domain, patterns }) => {
        const stands = found.rules.get(domain)?.get(name);
        return (
          stands?.description === this.descriptionOf(subscription) &&
          patterns.some((pattern) => stands.pattern === JSON.stringify(pattern))
        );
      })
    );
  }

  /** Removes what is there under the name of a rule: rules first, so that nothing is sent to a queue that is gone. */
  async remove(name: string): Promise<void> {
    for (const domain of this.options.domains) await this.removeRule(domain, name);
    for (const queue of [name, `${name}.fifo`]) await this.removeQueue(queue);
  }

  async removeSubscription(subscription: Subscription): Promise<void> {
    await this.remove(ruleName(this.options.subscriptionPrefix, subscription));
  }

  async find(): Promise<Found> {
    const { domains, subscriptionPrefix } = this.options;
    const rules = new Map<string, ReadonlyMap<string, { readonly pattern: string; readonly description: string }>>();
    for (const domain of domains) {
      const found = (await this.listRules(domain)).filter(({ Name = '' }) => Name.startsWith(`${subscriptionPrefix}-`));
      const named = found.map(({ Name = '', EventPattern: pattern = '', Description: description = '' }) => {
        return [Name, { pattern, description }] as const;
      });
      rules.set(domain, new Map(named));
    }
    return { queues: await this.listQueues(), rules };
  }

  /** Names under which something exists that belongs to none of `subscriptions`. */
  orphans(found: Found, subscriptions: readonly Subscription[]): readonly string[] {
    const owned = new Set(subscriptions.map((one) => ruleName(this.options.subscriptionPrefix, one)));
    const names = [
      ...[...found.queues].map(ruleNameOfQueue),
      ...[...found.rules.values()].flatMap((one) => [...one.keys()]),
    ];
    return [...new Set(names)].filter((name) => isRuleName(this.options.subscriptionPrefix, name) && !owned.has(name));
  }

  /** Also of a domain that the configuration no longer has. @returns how many rules were removed */
  async clearBus(domain: string): Promise<number> {
    const names = (await this.listRules(domain)).map(({ Name = '' }) => Name);
    const ours = names.filter((name) => isRuleName(this.options.subscriptionPrefix, name));
    for (const name of ours) await this.removeRule(domain, name);
    return ours.length;
  }

  private rulesOf(subscription: Subscription): readonly BusRule[] {
    const { ledger, domains } = this.options;
    return subscription.order === 'entity' ? [] : busRules(ledger, subscription, domains);
  }

  private async requireRoom(domain: string, name: string): Promise<void> {
    const rules = await this.listRules(domain);
    if (rules.length < MAX_RULES_PER_BUS || rules.some(({ Name }) => Name === name)) return;
    throw new EventError({
      code: 'SUBSCRIPTION_INVALID',
      message:
        `bus "${busName(this.options.busPrefix, domain)}" has ${rules.length} rules, ${MAX_RULES_PER_BUS} is the limit: ` +
        'delete subscriptions that are no longer used, or subscribe with order "entity", which needs no rule',
    });
  }

  private async makeQueue(subscription: Subscription, rules: readonly BusRule[]): Promise<void> {
    const { queues, ledger, subscriptionPrefix } = this.options;
    const name = queueName(subscriptionPrefix, subscription);
    const attributes = this.queueAttributes(subscription, rules);
    const fifo = { FifoQueue: 'true', DeduplicationScope: 'messageGroup', FifoThroughputLimit: 'perMessageGroupId' };
    try {
      await queues.send(
        new CreateQueueCommand({
          QueueName: name,
          Attributes: { ...attributes, ...(subscription.order === 'entity' ? fifo : {}) },
          tags: { [SUBSCRIPTION_TAG]: subscription.id, [LEDGER_TAG]: ledger },
        }),
      );
    } catch (error) {
      if (!isNamed(error, /QueueNameExists|QueueAlreadyExists/)) throw error;
      const QueueUrl = await queueUrl(queues, name);
      await queues.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: attributes }));
    }
  }

  private queueAttributes(subscription: Subscription, rules: readonly BusRule[]): Record<string, string> {
    const { deadLetterQueueArn, deadLetterFifoQueueArn, subscriptionPrefix } = this.options;
    const { delayMs = 0 } = subscription;
    const deadLetterTargetArn = subscription.order === 'entity' ? deadLetterFifoQueueArn : deadLetterQueueArn;
    return {
      MessageRetentionPeriod: String(RETENTION_SECONDS),
      VisibilityTimeout: String(Math.max(1, Math.ceil(subscription.ackTimeoutMs / MS_PER_SECOND))),
      DelaySeconds: String(Math.ceil(delayMs / MS_PER_SECOND)), // said always: it may have been another
      SqsManagedSseEnabled: 'true',
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: subscription.retry.maxAttempts }),
      Policy: JSON.stringify(
        this.queuePolicy(this.arnOfQueue(queueName(subscriptionPrefix, subscription)), subscription, rules),
      ),
    };
  }

  private queuePolicy(queueArn: string, subscription: Subscription, rules: readonly BusRule[]): unknown {
    const { busPrefix, subscriptionPrefix } = this.options;
    const [, partition, , region, account] = queueArn.split(':');
    const ruleArns = rules.map(
      ({ domain }) =>
        `arn:${partition}:events:${region}:${account}:rule/${busName(busPrefix, domain)}/${ruleName(subscriptionPrefix, subscription)}`,
    );
    const onlyTls = {
      Sid: 'OnlyTls',
      ...{ Effect: 'Deny', Principal: '*', Action: 'sqs:*', Resource: queueArn },
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    };
    const ownRules = {
      Sid: 'OwnRulesSend',
      ...{
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: queueArn,
      },
      Condition: { ArnEquals: { 'aws:SourceArn': ruleArns } },
    };
    // A key that a request does not have differs from every value: rules send without a principal's ARN, roles without a source.
    const nobodyElse = {
      Sid: 'NobodyElseSends',
      ...{ Effect: 'Deny', Principal: '*', Action: 'sqs:SendMessage', Resource: queueArn },
      Condition: {
        ArnNotEquals: {
          'aws:PrincipalArn': this.options.senderRoleArns,
          ...(ruleArns.length === 0 ? {} : { 'aws:SourceArn': ruleArns }),
        },
      },
    };
    const statements = [onlyTls, nobodyElse];
    return { Version: '2012-10-17', Statement: ruleArns.length === 0 ? statements : [...statements, ownRules] };
  }

  /** A queue of ours lives where the dead-letter queue lives. */
  private arnOfQueue(name: string): string {
    return [...this.options.deadLetterQueueArn.split(':').slice(0, -1), name].join(':');
  }

  private async makeRule(subscription: Subscription, { domain, patterns }: BusRule): Promise<void> {
    const { events, busPrefix, subscriptionPrefix, undeliveredQueueArn } = this.options;
    const name = ruleName(subscriptionPrefix, subscription);
    const EventBusName = busName(busPrefix, domain);
    const rule = { Name: name, EventBusName, Description: this.descriptionOf(subscription) };
    const [widest] = patterns.slice(-1);
    for (const pattern of patterns) {
      try {
        await events.send(new PutRuleCommand({ ...rule, EventPattern: JSON.stringify(pattern) }));
        break;
      } catch (error) {
        // EventBridge takes less than its language allows, for instance 30 rules with wildcards a bus: be content with less
        if (pattern === widest || !isNamed(error, /InvalidEventPattern|LimitExceeded/)) throw error;
      }
    }
    await events.send(
      new PutTargetsCommand({
        ...{ Rule: name, EventBusName },
        Targets: [
          {
            Id: TARGET,
            Arn: this.arnOfQueue(queueName(subscriptionPrefix, subscription)),
            InputTransformer: { InputPathsMap: { event: '$.detail' }, InputTemplate: messageTemplate(subscription.id) },
            DeadLetterConfig: { Arn: undeliveredQueueArn },
          },
        ],
      }),
    );
  }

  /** Told by every list of rules, so it also says how they are made: a rule of an earlier version differs, and is made anew. */
  private descriptionOf({ id }: Subscription): string {
    return `subscription ${id} of ledger ${this.options.ledger}; what fails is kept`;
  }

  private async removeRule(domain: string, name: string): Promise<void> {
    const { events, busPrefix } = this.options;
    const EventBusName = busName(busPrefix, domain);
    try {
      await events.send(new RemoveTargetsCommand({ Rule: name, EventBusName, Ids: [TARGET] }));
      await events.send(new DeleteRuleCommand({ Name: name, EventBusName }));
    } catch (error) {
      if (!isNamed(error, /ResourceNotFound/)) throw error;
    }
  }

  private async removeQueue(name: string): Promise<void> {
    const { queues } = this.options;
    const QueueUrl = await queueUrl(queues, name);
    if (QueueUrl === undefined) return;
    await queues.send(new DeleteQueueCommand({ QueueUrl })).catch((error: unknown) => {
      if (!isMissingQueue(error)) throw error;
    });
  }

  private async listRules(domain: string): Promise<readonly Rule[]> {
    const { events, busPrefix } = this.options;
    const rules: Rule[] = [];
    let next: string | undefined;
    do {
      const page = await events.send(
        new ListRulesCommand({
          EventBusName: busName(busPrefix, domain),
          ...defined({ NextToken: next }),
        }),
      );
      rules.push(...(page.Rules ?? []));
      next = page.NextToken;
    } while (next !== undefined);
    return rules;
  }

  private async listQueues(): Promise<ReadonlySet<string>> {
    const { queues, subscriptionPrefix } = this.options;
    const names = new Set<string>();
    let next: string | undefined;
    do {
      const page = await queues.send(
        new ListQueuesCommand({
          QueueNamePrefix: `${subscriptionPrefix}-`,
          MaxResults: 1_000,
          ...defined({ NextToken: next }),
        }),
      );
      for (const url of page.QueueUrls ?? []) names.add(url.slice(url.lastIndexOf('/') + 1));
      next = page.NextToken;
    } while (next !== undefined);
    return names;
  }
}

function isNamed(error: unknown, names: RegExp): boolean {
  return error instanceof Error && names.test(error.name);
}
