/**
 * The sample nervous system: the one file a user writes. It says which events exist, who may do what, how risky a change
 * is and who must approve it. Every engine, client and tool reads it; a wrong one fails at start with path, value and fix.
 */
import * as z from 'zod';
import { approvalTopics, defineConfig, sensitive } from './core/system/index.ts';

// Building blocks of payloads. Money is a decimal string: entries hold no fractions, so nothing is ever rounded.
const amount = z.string().regex(/^-?\d{1,15}\.\d{2}$/, 'must be an amount such as 700.00');
const positiveAmount = z.string().regex(/^\d{1,15}\.\d{2}$/, 'must be an amount without a sign, such as 700.00');
const currency = z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code such as CZK');
const date = z.iso.date();
const id = z.string().min(1).max(128);
const text = z.string().min(1).max(500);
/** The kinds of money movement: `cash-debit` is a withdrawal at the counter. */
const kind = z.enum(['credit', 'debit', 'cash-debit']);

/** What a large change needs, and one that the rules do not understand: risk looks too, and an hour passes before it runs. */
const strict = { level: 'L3' as const, roles: ['owner', 'risk'], approvals: 2, timelockMinutes: 60 };

export const config = defineConfig({
  // Name of the ledger, and its name for everybody: both are in every signature, so they never change.
  ledger: 'main',
  origin: 'nervous.example/dev/main',

  // Topics: `domain.name`, with a strict schema per version. Add a version rather than changing one that was used.
  topics: {
    'transactions.new': {
      description: 'Money moved on an account, as the bank booked it',
      versions: {
        1: z.strictObject({
          amount: positiveAmount,
          kind,
          currency: currency.optional(),
          date: date.optional(),
          operation: text.optional(),
          balance: amount.optional(),
          kSymbol: text.optional(),
          bank: text.optional(),
          account: text.optional(),
        }),
      },
    },
    'transactions.categorized': {
      description: 'A transaction was put into a budget category',
      versions: { 1: z.strictObject({ transactionId: id, category: text }) },
    },
    'transactions.reconciled': {
      description: 'A transaction was matched with the statement',
      versions: { 1: z.strictObject({ transactionId: id, statementId: id, difference: amount }) },
    },
    'budget.threshold_exceeded': {
      description: 'Spending passed a warning threshold',
      versions: { 1: z.strictObject({ category: text, spent: amount, limit: amount, percent: z.int().min(0) }) },
    },
    'budget.updated': {
      description: 'The limit of a category changed',
      versions: { 1: z.strictObject({ category: text, limit: amount, previous: amount.optional() }) },
    },
    'budget.violated': {
      description: 'Spending passed the limit',
      versions: { 1: z.strictObject({ category: text, spent: amount, limit: amount }) },
    },
    'agent.action_proposed': {
      description: 'An agent proposed a change-set',
      versions: { 1: z.strictObject({ agent: id, changeSet: id, summary: text }) },
    },
    'agent.action_executed': {
      description: 'What an agent proposed was carried out',
      versions: { 1: z.strictObject({ agent: id, changeSet: id }) },
    },
    'agent.policy_violated': {
      description: 'An agent tried something it may not do',
      // At most one a minute and agent: `count` refusals since the last one.
      versions: {
        1: z.strictObject({ agent: id, rule: text, detail: text.optional(), count: z.int().min(1).optional() }),
      },
    },
    // What the system tells of change-sets that wait for people: requested, reminded, escalated, decided, ended and more.
    ...approvalTopics,
    'user.login': {
      description: 'A person signed in',
      // Confidential: the entry commits to the address; what it was is kept beside the ledger, and can be erased.
      versions: {
        1: z.strictObject({ method: z.enum(['password', 'passkey', 'sso']), ip: sensitive(text).optional() }),
      },
    },
    'module.activated': {
      description: 'A module started',
      versions: { 1: z.strictObject({ module: id, version: text }) },
    },
    'error.occurred': {
      description: 'A module met an error that somebody should know of',
      versions: { 1: z.strictObject({ module: id, code: id, message: text }) },
    },
  },

  // Modules: programs that publish and subscribe. Nothing is allowed that does not stand here.
  modules: {
    'bank-feed': {
      description: 'Imports the transactions that the bank booked',
      publishes: ['transactions.new', 'module.activated', 'error.occurred'],
      reads: ['account:*'],
    },
    'budget-engine': {
      description: 'Categorizes transactions and watches budgets',
      publishes: [
        'transactions.categorized',
        'transactions.reconciled',
        'budget.*',
        'module.activated',
        'error.occurred',
      ],
      subscribes: ['transactions.*'],
      reads: ['account:*'],
      claims: ['*'], // pieces of work that it may hold (docs/work.md)
    },
    'agent-layer': {
      description: 'Runs the agents and signs people in',
      publishes: ['agent.*', 'user.login', 'module.activated', 'error.occurred'],
      subscribes: ['transactions.*', 'budget.*', 'approvals.*', 'work.*'],
      reads: ['account:*', 'work:*'],
      claims: ['*'],
    },
    reporting: {
      description: 'Sums up what happens, for people',
      publishes: ['module.activated', 'error.occurred'],
      subscribes: ['*'],
      reads: ['*'],
    },
  },

  // People, their accounts and roles, and the agents with the person who answers for each.
  roster: {
    roles: {
      // `registry:policy` is this roster and the risk table below, as the ledger has recorded them (docs/governance.md).
      owner: { reads: ['account:*', 'registry:*'], proposes: ['account:*', 'registry:*'] },
      peer: { reads: ['account:*'], proposes: ['account:*'] },
      risk: { reads: ['*'] },
      // May break the glass: override soft rules in an emergency, to be reviewed by two others (docs/approvals.md).
      security: {
        ...{ reads: ['*'], reveals: ['*'], proposes: ['account:*'], overrides: ['account:*'] },
        ...{ claims: ['*'], steals: ['*'] },
      },
      // Sees all subscriptions, dead letters, stops and change-sets, and sets deliveries going again; decides and publishes nothing.
      operator: {},
      auditor: {}, // may read everything and verify the whole ledger, by definition
    },
    people: [
      { personId: 'ana', name: 'Ana Novak', accounts: ['ana'], roles: ['owner'] },
      // Two accounts, one person: one vote.
      { personId: 'boris', name: 'Boris Dvorak', accounts: ['boris', 'boris-mobile'], roles: ['owner'] },
      { personId: 'clara', name: 'Clara Svoboda', accounts: ['clara'], roles: ['peer'] },
      { personId: 'dan', name: 'Dan Kral', accounts: ['dan'], roles: ['risk'] },
      { personId: 'eva', name: 'Eva Horak', accounts: ['eva'], roles: ['security', 'auditor'] },
      { personId: 'olga', name: 'Olga Mala', accounts: ['olga'], roles: ['operator'] },
    ],
    agents: [
      {
        id: 'budget-bot',
        owner: 'ana',
        logic: 'budget-bot@1.0.0',
        proven: true, // people have seen enough of its work: the rule "unproven agent" does not ask for more
        rights: {
          ...{ subscribes: ['transactions.*', 'budget.*'], reads: ['account:*'], proposes: ['account:*'] },
          claims: ['*'],
        },
      },
    ],
    // Nobody is both: not by the roster, and not by delegation.
    separation: [
      ['owner', 'risk'],
      ['owner', 'security'],
      ['risk', 'security'],
      ['operator', 'owner'],
      ['operator', 'risk'],
      ['operator', 'security'],
    ],
  },

  // Risk: rules on facts that the system computes itself (docs/life-of-a-change.md). All that match count, the strictest
  // wins; what no rule matches is L3.
  risk: {
    version: '1',
    decisionHours: 168,
    // Where amounts stand in documents. Whole units of currency are compared, rounded up.
    moneyPaths: ['/limit', '/loans/*/amount', '/loans/*/payment'],
    // Where personal data stands, and what an amount is counted in.
    sensitivePaths: ['/holder', '/currency'],
    // What else may change by these rules. Any other place is something that no rule understands: L3.
    knownPaths: ['/note', '/loans/*/months', '/loans/*/status', '/loans/*/date'],
    // People are reminded once a day; after two days security may fill the place of an owner or of risk.
    reminderHours: 24,
    escalation: { afterHours: 48, roles: { owner: ['security'], risk: ['security'] } },
    // Windows, in UTC, in which every change needs the strictest look.
    freezes: [{ name: 'turn of the year', from: '2025-12-30T00:00:00Z', until: '2026-01-03T00:00:00Z' }],
    rules: [
      {
        name: 'no money',
        when: {
          ...{ entity: [{ prefix: 'account:' }], reversible: [true] },
          ...{ money: { touched: [false] }, unknown: { touched: [false] } },
        },
        level: 'L1',
        roles: ['owner'],
        approvals: 1,
      },
      // What counts is the sum of a day, on the account and by who proposes with all they answer for: 250 small steps on one
      // account, or 30 accounts with a little each, are one large change.
      {
        name: 'small',
        when: {
          ...{ entity: [{ prefix: 'account:' }], reversible: [true], money: { touched: [true] } },
          ...{ onEntity: { recentMoved: [{ numeric: ['<=', 1_000] }] } },
          ...{ initiator: { recentMoved: [{ numeric: ['<=', 1_000] }] } },
        },
        level: 'L1',
        roles: ['owner'],
        approvals: 1,
      },
      {
        name: 'bounded money',
        when: {
          ...{ entity: [{ prefix: 'account:' }], money: { touched: [true] } },
          ...{ onEntity: { recentMoved: [{ numeric: ['>', 1_000, '<=', 250_000] }] } },
        },
        level: 'L2',
        roles: ['owner', 'peer'],
        approvals: 2,
      },
      {
        name: 'bounded money of one person',
        when: {
          ...{ entity: [{ prefix: 'account:' }], money: { touched: [true] } },
          ...{ initiator: { recentMoved: [{ numeric: ['>', 1_000, '<=', 250_000] }] } },
        },
        level: 'L2',
        roles: ['owner', 'peer'],
        approvals: 2,
      },
      {
        name: 'large money',
        when: { money: { moved: [{ numeric: ['>', 250_000] }] } },
        ...strict,
      },
      {
        name: 'bulk', // more than a thousand proposals of one initiator in a day
        when: { initiator: { recentChanges: [{ numeric: ['>', 1_000] }] } },
        ...strict,
      },
      {
        name: 'split on one account', // many small steps in a day are one large one
        when: { money: { touched: [true] }, onEntity: { recentMoved: [{ numeric: ['>', 250_000] }] } },
        ...strict,
      },
      {
        name: 'spread over accounts', // and so are small ones on many accounts
        when: { money: { touched: [true] }, initiator: { recentMoved: [{ numeric: ['>', 250_000] }] } },
        ...strict,
      },
      {
        name: 'nothing these rules understand', // a new key, an amount elsewhere or deeper
        when: { unknown: { touched: [true] } },
        ...strict,
      },
      {
        name: 'another currency', // the same number of something else
        when: { creates: [false], sensitive: { paths: ['/currency'] } },
        ...strict,
      },
      {
        name: 'carried out elsewhere', // whatever an executor says of itself can only raise the risk
        when: { operations: { types: ['executor.invoke'] } },
        ...strict,
      },
      {
        name: 'document deleted',
        when: { operations: { types: ['state.delete'] } },
        ...strict,
      },
      {
        name: 'unproven agent',
        when: { initiator: { kind: ['agent'], proven: [false] } },
        level: 'L2',
        roles: ['owner', 'peer'],
        approvals: 2,
      },
      {
        name: 'personal data',
        when: { sensitive: { paths: ['/holder'] } },
        ...strict,
      },
      {
        name: 'freeze',
        when: { freeze: { active: [true] } },
        ...strict,
      },
      {
        name: 'irreversible',
        when: { reversible: [false] },
        ...strict,
      },
      {
        name: 'registry', // who may do what is everybody's business
        when: { entity: [{ prefix: 'registry:' }] },
        level: 'L4',
        roles: ['owner', 'risk', 'security'],
        approvals: 3,
        timelockMinutes: 1_440,
      },
    ],
  },

  // What a change-set may do: patch a document (RFC 6902), replace or delete it, erase confidential fields of an entry, or
  // set an executor in motion. Executors are code outside the ledger (docs/executors.md); this sample declares none.
  operations: { enabled: ['state.patch', 'state.put', 'state.delete', 'field.erase', 'executor.invoke'] },

  // How much is too much (docs/protection.md). More than 100 events a second on a topic are a storm, and stop it; what is made for
  // more says so. The bank books a day at once, and the replay of the Berka data brings a million of them as fast as it can.
  protection: {
    rates: { sessions: { perMinute: 100 } },
    storm: { topics: { 'transactions.new': 'unlimited' } },
  },
});
