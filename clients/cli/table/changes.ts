/** Commands about change-sets and who decides on them. */
import type { CommandGroup } from './row.ts';

export const CHANGES: CommandGroup = {
  name: 'changes',
  about: 'propose changes, decide on them, and follow what comes of them',
  rows: [
    {
      path: 'changes inbox',
      about: 'list the change-sets that wait for your decision, or for one that somebody delegated to you',
      examples: ['nervous changes inbox --as boris --data .data'],
      was: ['inbox', 'tray'],
      load: async () => (await import('../commands/changes/index.ts')).inboxCommand(),
    },
    {
      path: 'changes list',
      about: 'list change-sets, the oldest first',
      examples: [
        'nervous changes list --state pending --as boris --data .data',
        'nervous changes list --person ana --level L3 --from 30d --as eva --data .data',
      ],
      was: ['list'],
      load: async () => (await import('../commands/changes/index.ts')).listChangesCommand(),
    },
    {
      path: 'changes show',
      about: 'show one change-set: what it changes, why, its risk, who has decided and who still must',
      examples: ['nervous changes show 019a7c2e --as boris --data .data'],
      was: ['show'],
      load: async () => (await import('../commands/changes/index.ts')).showChangeCommand(),
    },
    {
      path: 'changes diff',
      about: 'show in words what a change-set does to the document',
      examples: ['nervous changes diff 019a7c2e --as boris --data .data'],
      was: ['diff'],
      load: async () => (await import('../commands/changes/index.ts')).diffChangeCommand(),
    },
    {
      path: 'changes watch',
      about: 'show each step of a change-set as it is taken, until it has ended; exit code 0 when it was executed',
      examples: ['nervous changes watch 019a7c2e --as boris --data .data'],
      load: async () => (await import('../commands/changes/index.ts')).watchCommand(),
    },
    {
      path: 'changes propose',
      about: 'propose the change-set in a JSON file (- for stdin)',
      examples: [
        'nervous changes propose limit.json --dry-run --as budget-bot --data .data',
        'nervous changes propose limit.json --evidence statement.pdf --as budget-bot --data .data',
      ],
      was: ['propose'],
      load: async () => (await import('../commands/changes/index.ts')).proposeCommand(),
    },
    {
      path: 'changes revise',
      about: 'replace your proposal (- for stdin); this voids the votes given so far',
      examples: ['nervous changes revise 019a7c2e limit-2.json --as budget-bot --data .data'],
      was: ['revise'],
      load: async () => (await import('../commands/changes/index.ts')).reviseCommand(),
    },
    {
      path: 'changes approve',
      about: 'approve a change-set, exactly as it is shown',
      examples: ['nervous changes approve 019a7c2e --as boris --data .data'],
      was: ['approve'],
      load: async () => (await import('../commands/changes/index.ts')).decideCommand('approve'),
    },
    {
      path: 'changes reject',
      about: 'reject a change-set, exactly as it is shown',
      examples: ['nervous changes reject 019a7c2e --reason "the limit is too high" --as boris --data .data'],
      was: ['reject'],
      load: async () => (await import('../commands/changes/index.ts')).decideCommand('reject'),
    },
    {
      path: 'changes request-changes',
      about: 'ask for changes to a change-set, exactly as it is shown',
      examples: ['nervous changes request-changes 019a7c2e --reason "say until when" --as boris --data .data'],
      was: ['request-changes'],
      load: async () => (await import('../commands/changes/index.ts')).decideCommand('request-changes'),
    },
    {
      path: 'changes revoke',
      about: 'take your own vote back before the change-set runs',
      examples: ['nervous changes revoke 019a7c2e --reason "too soon" --as boris --data .data'],
      was: ['revoke'],
      load: async () => (await import('../commands/changes/index.ts')).revokeVoteCommand(),
    },
    {
      path: 'changes withdraw',
      about: 'withdraw a proposal of yours, or of an agent you answer for, before it runs',
      examples: ['nervous changes withdraw 019a7c2e --reason "wrong account" --as budget-bot --data .data'],
      was: ['withdraw'],
      load: async () => (await import('../commands/changes/index.ts')).withdrawCommand(),
    },
    {
      path: 'changes abort',
      about: 'stop a change-set that is executing, and undo what it has applied',
      examples: ['nervous changes abort 019a7c2e --reason "the bank answers errors" --as boris --data .data'],
      was: ['abort'],
      load: async () => (await import('../commands/changes/index.ts')).abortCommand(),
    },
    {
      path: 'changes revert',
      about: 'propose a new change-set that takes an executed one back',
      examples: ['nervous changes revert 019a7c2e --rationale "Wrong account" --as ana --data .data'],
      was: ['revert'],
      load: async () => (await import('../commands/changes/index.ts')).revertCommand(),
    },
    {
      path: 'changes override',
      about: 'break-glass: approve alone and at once; two others review it afterwards',
      examples: ['nervous changes override 019a7c2e --ticket INC-7 --reason "payments fail" --as eva --data .data'],
      was: ['override'],
      load: async () => (await import('../commands/changes/index.ts')).overrideCommand(),
    },
    {
      path: 'changes review',
      about: 'record whether a change-set that ran without the usual approval was justified',
      examples: [
        'nervous changes review 019a7c2e --verdict justified --reason "nobody else was there" --as boris --data .data',
      ],
      was: ['review'],
      load: async () => (await import('../commands/changes/index.ts')).reviewCommand(),
    },
    {
      path: 'changes resolve',
      about: 'record the outcome of a failed rollback; it ends when two people agree',
      examples: [
        'nervous changes resolve 019a7c2e --outcome rolled_back --reason "the bank confirms" --evidence letter.pdf --as boris --data .data',
      ],
      was: ['resolve'],
      load: async () => (await import('../commands/changes/index.ts')).resolveCommand(),
    },
  ],
};

export const DELEGATIONS: CommandGroup = {
  name: 'delegations',
  about: 'let others cast your vote for a while',
  rows: [
    {
      path: 'delegations list',
      about: 'list the votes that you let others cast, and those that others let you cast',
      examples: ['nervous delegations list --as boris --data .data'],
      was: ['delegations'],
      load: async () => (await import('../commands/changes/index.ts')).listDelegationsCommand(),
    },
    {
      path: 'delegations create',
      about: 'let another person cast your vote for at most 30 days',
      examples: ['nervous delegations create dan --until 7d --reason "on holiday" --as boris --data .data'],
      was: ['delegate'],
      load: async () => (await import('../commands/changes/index.ts')).createDelegationCommand(),
    },
    {
      path: 'delegations end',
      about: 'end a delegation, so that only you cast your vote',
      examples: ['nervous delegations end 019a7c2e --as boris --data .data'],
      was: ['undelegate'],
      load: async () => (await import('../commands/changes/index.ts')).endDelegationCommand(),
    },
  ],
};

export const POLICY: CommandGroup = {
  name: 'policy',
  about: 'show and change the roster and the risk rules',
  rows: [
    {
      path: 'policy show',
      about: 'show which policy is in force, since when, and who approved it',
      examples: ['nervous policy show --as eva --data .data'],
      load: async () => (await import('../commands/changes/index.ts')).showPolicyCommand(),
    },
    {
      path: 'policy diff',
      about: 'show how the configuration differs from the policy in force; exit code 1 when it does',
      examples: ['nervous policy diff --config nervous.config.ts --as eva --data .data'],
      load: async () => (await import('../commands/changes/index.ts')).diffPolicyCommand(),
    },
    {
      path: 'policy lint',
      about: 'search the configuration for ways around its risk rules; exit code 1 when it finds one',
      examples: ['nervous policy lint', 'nervous policy lint --config other.config.ts --runs 200 --seed 7'],
      load: async () => (await import('../commands/changes/index.ts')).lintPolicyCommand(),
    },
    {
      path: 'policy propose',
      about: 'propose the roster and the risk rules of the configuration',
      examples: ['nervous policy propose --rationale "zoe joins the risk team" --as ana --data .data'],
      load: async () => (await import('../commands/changes/index.ts')).proposePolicyCommand(),
    },
    {
      path: 'policy create-key',
      about: 'make a key that a person signs decisions with, and show what to enrol',
      examples: ['nervous policy create-key ann --out ann.key.json'],
      load: async () => (await import('../commands/changes/index.ts')).createKeyCommand(),
    },
  ],
};

export const EXECUTOR: CommandGroup = {
  name: 'executor',
  about: 'test the code outside the ledger that change-sets start',
  rows: [
    {
      path: 'executor test',
      about: 'check that an executor does what the ledger relies on',
      examples: ['nervous executor test ./refunds-subject.ts'],
      load: async () => (await import('../commands/changes/index.ts')).testExecutorCommand(),
    },
  ],
};
