/** Commands about claims of work. */
import type { CommandGroup } from './row.ts';

export const WORK: CommandGroup = {
  name: 'work',
  about: 'claim pieces of work, so that nobody does them twice',
  rows: [
    {
      path: 'work claim',
      about: 'claim a piece of work, and get the fence that proves it',
      examples: ['nervous work claim deploy-dashboard --ttl 5m --as budget-bot --data .data'],
      load: async () => (await import('../commands/work/index.ts')).claimCommand(),
    },
    {
      path: 'work renew',
      about: 'begin a new term of your claim',
      examples: ['nervous work renew deploy-dashboard --fence 0 --as budget-bot --data .data'],
      load: async () => (await import('../commands/work/index.ts')).renewCommand(),
    },
    {
      path: 'work release',
      about: 'give work up, for others to claim',
      examples: ['nervous work release deploy-dashboard --fence 0 --reason "needs SQL" --as budget-bot --data .data'],
      load: async () => (await import('../commands/work/index.ts')).releaseCommand(),
    },
    {
      path: 'work complete',
      about: 'say that the work is done: nobody can claim it any more',
      examples: ['nervous work complete deploy-dashboard --fence 0 --as budget-bot --data .data'],
      load: async () => (await import('../commands/work/index.ts')).completeCommand(),
    },
    {
      path: 'work steal',
      about: 'take work from whoever holds it (with the right "steals")',
      examples: ['nervous work steal deploy-dashboard --reason "its session hangs" --as eva --data .data'],
      load: async () => (await import('../commands/work/index.ts')).stealCommand(),
    },
    {
      path: 'work list',
      about: 'list work, and who holds it',
      examples: ['nervous work list --state claimed --as budget-bot --data .data'],
      load: async () => (await import('../commands/work/index.ts')).listWorkCommand(),
    },
    {
      path: 'work show',
      about: 'show a piece of work with its newest claim',
      examples: ['nervous work show deploy-dashboard --as budget-bot --data .data'],
      load: async () => (await import('../commands/work/index.ts')).showWorkCommand(),
    },
  ],
};
