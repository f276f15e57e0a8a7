/** Commands about what people should know of. */
import type { CommandGroup } from './row.ts';

export const NOTICES: CommandGroup = {
  name: 'notices',
  about: 'show what you should know of: decisions asked for, reminders, failures',
  rows: [
    {
      path: 'notices list',
      about: 'show your notices that you have not read',
      examples: ['nervous notices --as boris --data .data', 'nervous notices list --all --as boris --data .data'],
      isDefault: true,
      load: async () => (await import('../commands/notices/index.ts')).noticesCommand(),
    },
    {
      path: 'notices read',
      about: 'mark notices read: those named by their number, or all that there are now',
      examples: ['nervous notices read --as boris --data .data', 'nervous notices read 1204 --as boris --data .data'],
      load: async () => (await import('../commands/notices/index.ts')).readNoticesCommand(),
    },
  ],
};
