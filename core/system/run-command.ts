/** Which use case a command is of. */
import type { Command, CommandResult } from './commands.ts';
import type { NervousSystem } from './nervous-system.ts';

type Commandable = Pick<NervousSystem, 'publish' | 'changes' | 'governing' | 'subscriptions'>;

export async function runCommand<C extends Command>(
  { publish, changes, governing, subscriptions }: Commandable,
  command: C,
): Promise<CommandResult<C>> {
  const result = await ((): Promise<unknown> => {
    switch (command.kind) {
      case 'publish':
        return publish(...command.args);
      case 'propose':
        return changes.propose(...command.args);
      case 'revise':
        return changes.revise(...command.args);
      case 'decide':
        return changes.decide(...command.args);
      case 'revoke':
        return changes.revoke(...command.args);
      case 'override':
        return changes.override(...command.args);
      case 'review':
        return changes.review(...command.args);
      case 'resolve':
        return changes.resolve(...command.args);
      case 'revert':
        return changes.revert(...command.args);
      case 'withdraw':
        return changes.withdraw(...command.args);
      case 'abort':
        return changes.abort(...command.args);
      case 'delegate':
        return governing.delegate(...command.args);
      case 'endDelegation':
        return governing.endDelegation(...command.args);
      case 'subscribe':
        return subscriptions.create(...command.args);
    }
  })();
  return result as CommandResult<C>;
}
