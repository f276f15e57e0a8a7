/** Commands about events, who gets them, and the topics they are of. */
import type { CommandGroup } from './row.ts';

export const EVENTS: CommandGroup = {
  name: 'events',
  about: 'publish events, and see what is published',
  rows: [
    {
      path: 'events publish',
      about: 'publish one event',
      examples: [
        'nervous events publish transactions.new --entity account:1695 --payload \'{"amount":"3200.00","kind":"credit"}\' --as bank-feed --data .data',
        'nervous events publish transactions.new --payload @event.json --event-id t-9 --as bank-feed --data .data',
      ],
      was: ['publish'],
      load: async () => (await import('../commands/events/index.ts')).publishCommand(),
    },
    {
      path: 'events tail',
      about: 'show events as they are recorded',
      examples: [
        "nervous events tail --topics 'transactions.*' --as eva --data .data",
        'nervous events tail --entity account:1695 --no-follow --json --as eva --data .data',
        'nervous events tail --since 24h --until 1h --as eva --data .data',
      ],
      was: ['tail'],
      load: async () => (await import('../commands/events/index.ts')).tailCommand(),
    },
    {
      path: 'events replay',
      about: 'publish the events of an NDJSON file, or of a CSV file with a header',
      examples: [
        'nervous events replay events.ndjson --rate 500/s --as bank-feed --data .data',
        'nervous events replay table.csv --topic transactions.new --entity-column account --as bank-feed --data .data',
      ],
      was: ['replay'],
      load: async () => (await import('../commands/events/index.ts')).replayCommand(),
    },
    {
      path: 'events match',
      about: 'test whether an event matches a pattern; exit code 0: yes, 1: no',
      examples: [
        'nervous events match --rule pattern.json --event event.json',
        'nervous events match --jsonl pairs.ndjson',
      ],
      was: ['match'],
      load: async () => (await import('../commands/events/index.ts')).matchCommand(),
    },
    {
      path: 'events map',
      about: 'show publishers, topics and subscriptions, and where events can go round in circles',
      examples: [
        'nervous events map --as eva --data .data',
        'nervous events map --format mermaid --as eva --data .data',
      ],
      was: ['map'],
      load: async () => (await import('../commands/events/index.ts')).mapCommand(),
    },
  ],
};

export const SUBSCRIPTIONS: CommandGroup = {
  name: 'subscriptions',
  about: 'say who gets which events, and look after deliveries',
  rows: [
    {
      path: 'subscriptions list',
      about: 'list your subscriptions with their state',
      examples: ['nervous subscriptions list --as budget-engine --data .data'],
      was: ['subscriptions'],
      load: async () => (await import('../commands/events/index.ts')).listSubscriptionsCommand(),
    },
    {
      path: 'subscriptions show',
      about: 'show one subscription with its settings and its deliveries',
      examples: ['nervous subscriptions show budget --as budget-engine --data .data'],
      load: async () => (await import('../commands/events/index.ts')).showSubscriptionCommand(),
    },
    {
      path: 'subscriptions create',
      about: 'make a subscription; repeating the same id and settings changes nothing',
      examples: ["nervous subscriptions create 'transactions.*' --id budget --as budget-engine --data .data"],
      was: ['subscribe'],
      load: async () => (await import('../commands/events/index.ts')).createSubscriptionCommand(),
    },
    {
      path: 'subscriptions change',
      about: 'change the settings of a subscription; nothing is lost or delivered twice by that',
      examples: [
        'nervous subscriptions change budget --settings \'{"retry":{"maxAttempts":10},"filter":null}\' --as budget-engine --data .data',
      ],
      load: async () => (await import('../commands/events/index.ts')).changeSubscriptionCommand(),
    },
    {
      path: 'subscriptions pause',
      about: 'deliver nothing to a subscription until you resume it; nothing is lost meanwhile',
      examples: ['nervous subscriptions pause budget --as budget-engine --data .data'],
      load: async () => (await import('../commands/events/index.ts')).pauseCommand(),
    },
    {
      path: 'subscriptions resume',
      about: 'continue the deliveries of a subscription where they stopped',
      examples: ['nervous subscriptions resume budget --as budget-engine --data .data'],
      load: async () => (await import('../commands/events/index.ts')).resumeCommand(),
    },
    {
      path: 'subscriptions reset',
      about: 'close the breaker of a subscription, so that it gets events again at once',
      examples: ['nervous subscriptions reset budget --as budget-engine --data .data'],
      was: ['reset'],
      load: async () => (await import('../commands/events/index.ts')).resetSubscriptionCommand(),
    },
    {
      path: 'subscriptions delete',
      about: 'remove a subscription with its position, retries and dead letters',
      examples: ['nervous subscriptions delete budget --as budget-engine --data .data'],
      load: async () => (await import('../commands/events/index.ts')).deleteSubscriptionCommand(),
    },
    {
      path: 'subscriptions dead-letters',
      about: 'list the events whose delivery was given up',
      examples: ['nervous subscriptions dead-letters budget --as budget-engine --data .data'],
      was: ['dead-letters'],
      load: async () => (await import('../commands/events/index.ts')).deadLettersCommand(),
    },
    {
      path: 'subscriptions redrive',
      about: 'deliver dead letters again, with a new count of attempts',
      examples: [
        'nervous subscriptions redrive budget --as budget-engine --data .data',
        'nervous subscriptions redrive budget --position 17 21 --as budget-engine --data .data',
      ],
      was: ['redrive'],
      load: async () => (await import('../commands/events/index.ts')).redriveCommand(),
    },
  ],
};

export const WEBHOOKS: CommandGroup = {
  name: 'webhooks',
  about: 'look after subscriptions that are sent by HTTP',
  rows: [
    {
      path: 'webhooks list',
      about: 'list your webhooks with their state',
      examples: ['nervous webhooks list --as budget-engine --data .data'],
      load: async () => (await import('../commands/events/index.ts')).listWebhooksCommand(),
    },
    {
      path: 'webhooks show',
      about: 'show a webhook: its settings, how it stands, and its newest attempt',
      examples: ['nervous webhooks show hook --as budget-engine --data .data'],
      load: async () => (await import('../commands/events/index.ts')).showWebhookCommand(),
    },
    {
      path: 'webhooks create',
      about: 'make a webhook and its secret, which is shown once',
      examples: [
        "nervous webhooks create https://hooks.example.org/in 'transactions.*' --id hook --as budget-engine --data .data",
      ],
      load: async () => (await import('../commands/events/index.ts')).createWebhookCommand(),
    },
    {
      path: 'webhooks rotate',
      about: 'make a new secret, which is shown once',
      examples: ['nervous webhooks rotate hook --overlap 2h --as budget-engine --data .data'],
      load: async () => (await import('../commands/events/index.ts')).rotateWebhookCommand(),
    },
    {
      path: 'webhooks enable',
      about: 'send again from where it stopped',
      examples: ['nervous webhooks enable hook --as budget-engine --data .data'],
      load: async () => (await import('../commands/events/index.ts')).enableWebhookCommand(),
    },
    {
      path: 'webhooks disable',
      about: 'send nothing until it is enabled; nothing is lost meanwhile',
      examples: ['nervous webhooks disable hook --as budget-engine --data .data'],
      load: async () => (await import('../commands/events/index.ts')).disableWebhookCommand(),
    },
    {
      path: 'webhooks delete',
      about: 'remove a webhook with its position, retries and dead letters',
      examples: ['nervous webhooks delete hook --as budget-engine --data .data'],
      load: async () => (await import('../commands/events/index.ts')).deleteWebhookCommand(),
    },
    {
      path: 'webhooks keys',
      about: 'show the public key with which the ledger signs webhooks',
      examples: ['nervous webhooks keys --as budget-engine --data .data'],
      load: async () => (await import('../commands/events/index.ts')).webhookKeysCommand(),
    },
    {
      path: 'webhooks verify',
      about: 'ask the receiver whether it wants the webhook; then deliveries begin',
      examples: ['nervous webhooks verify hook --as budget-engine --data .data'],
      load: async () => (await import('../commands/events/index.ts')).verifyWebhookCommand(),
    },
    {
      path: 'webhooks test',
      about: 'send a test event, once',
      examples: ['nervous webhooks test hook --as budget-engine --data .data'],
      load: async () => (await import('../commands/events/index.ts')).testWebhookCommand(),
    },
    {
      path: 'webhooks attempts',
      about: 'list the newest attempts, with what was answered',
      examples: ['nervous webhooks attempts hook --limit 5 --as budget-engine --data .data'],
      load: async () => (await import('../commands/events/index.ts')).attemptsCommand(),
    },
    {
      path: 'webhooks resend',
      about: 'send one event again',
      examples: ['nervous webhooks resend hook 17 --as budget-engine --data .data'],
      load: async () => (await import('../commands/events/index.ts')).resendCommand(),
    },
    {
      path: 'webhooks recover',
      about: 'send again what was recorded since',
      examples: ['nervous webhooks recover hook 24h --as budget-engine --data .data'],
      load: async () => (await import('../commands/events/index.ts')).recoverCommand(),
    },
    {
      path: 'webhooks listen',
      about: 'receive webhooks on this machine, verify and print them',
      examples: ['nervous webhooks listen transactions.new --port 4160 --as budget-engine --data .data'],
      load: async () => (await import('../commands/events/index.ts')).listenCommand(),
    },
  ],
};

export const CATALOG: CommandGroup = {
  name: 'catalog',
  about: 'show topics and versions, and check whether a change breaks readers',
  rows: [
    {
      path: 'catalog list',
      about: 'list topics with versions and descriptions',
      examples: ['nervous catalog list', 'nervous catalog list --url http://127.0.0.1:4150 --as eva --data .data'],
      load: async () => (await import('../commands/events/index.ts')).listCatalogCommand(),
    },
    {
      path: 'catalog snapshot',
      about: 'print the catalog as JSON: commit it, and check later changes against it',
      examples: ['nervous catalog snapshot > catalog.json'],
      load: async () => (await import('../commands/events/index.ts')).snapshotCommand(),
    },
    {
      path: 'catalog diff',
      about: 'show what changed from one snapshot to another, or to the current catalog',
      examples: ['nervous catalog diff catalog.json'],
      load: async () => (await import('../commands/events/index.ts')).diffCatalogCommand(),
    },
    {
      path: 'catalog check',
      about: 'fail when the current catalog breaks what the snapshot promised',
      examples: ['nervous catalog check --against catalog.json'],
      load: async () => (await import('../commands/events/index.ts')).checkCatalogCommand(),
    },
    {
      path: 'catalog schema',
      about: "print the JSON Schema of a topic's payload",
      examples: ['nervous catalog schema transactions.new', 'nervous catalog schema transactions.new@1 --draft-04'],
      load: async () => (await import('../commands/events/index.ts')).schemaCommand(),
    },
    {
      path: 'catalog asyncapi',
      about: 'print the catalog as AsyncAPI 3',
      examples: ['nervous catalog asyncapi > asyncapi.json'],
      load: async () => (await import('../commands/events/index.ts')).asyncApiCommand(),
    },
    {
      path: 'catalog reference',
      about: 'print the catalog as a page of Markdown',
      examples: ['nervous catalog reference > topics.md'],
      load: async () => (await import('../commands/events/index.ts')).referenceCommand(),
    },
  ],
};

export const GUARDS: CommandGroup = {
  name: 'guards',
  about: 'see which topics protection stopped, and open them',
  rows: [
    {
      path: 'guards list',
      about: 'list topics, and whether protection stopped them',
      examples: ['nervous guards list --as eva --data .data'],
      was: ['guards'],
      load: async () => (await import('../commands/events/index.ts')).listGuardsCommand(),
    },
    {
      path: 'guards reset',
      about: 'open a stopped topic (auditors, security)',
      examples: ['nervous guards reset transactions.new --reason "the loop is mended" --as eva --data .data'],
      load: async () => (await import('../commands/events/index.ts')).resetGuardCommand(),
    },
  ],
};
