/** The commands of `execute`: one tagged union, so that a shell can route, count and log without knowing the areas. */
import type { Changes, Governing } from '../changes/index.ts';
import type { Publish, Subscriptions } from '../events/index.ts';

/** Every command is a method of a use case: its name, and its arguments. */
interface Methods {
  publish: Publish;
  propose: Changes['propose'];
  revise: Changes['revise'];
  decide: Changes['decide'];
  revoke: Changes['revoke'];
  override: Changes['override'];
  review: Changes['review'];
  resolve: Changes['resolve'];
  revert: Changes['revert'];
  withdraw: Changes['withdraw'];
  abort: Changes['abort'];
  delegate: Governing['delegate'];
  endDelegation: Governing['endDelegation'];
  subscribe: Subscriptions['create'];
}

export type CommandKind = keyof Methods;
export type Command = { [K in CommandKind]: { readonly kind: K; readonly args: Parameters<Methods[K]> } }[CommandKind];
export type CommandResult<C extends Command> = Awaited<ReturnType<Methods[C['kind']]>>;
