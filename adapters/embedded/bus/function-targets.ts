/** Functions that the engine was started with, and the subscriptions that deliver to them. */
import { targetOf, type Subscription } from '../../../core/events/index.ts';
import type { Problem } from '../../../core/errors/index.ts';
import type { Clock } from '../../../core/ledger/index.ts';
import { orBlank } from '../../../core/values/index.ts';
import { consume, type Consumer, type EventHandler, type MessageSource } from './consume.ts';

export type Functions = Readonly<Record<string, EventHandler>>;

export interface FunctionTargetsOptions {
  readonly functions: Functions;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

export class FunctionTargets {
  private readonly options: FunctionTargetsOptions;
  private readonly consumers = new Map<string, Consumer>();

  constructor(options: FunctionTargetsOptions) {
    this.options = options;
  }

  /** Why a subscription cannot be delivered to; undefined: it can, or its target is no function. */
  refusal(subscription: Subscription): Problem | undefined {
    const target = targetOf(subscription);
    if (target.kind !== 'function' || this.handlerOf(target.name) !== undefined) return undefined;
    const names = Object.keys(this.options.functions).sort();
    const known = names.length === 0 ? 'none' : names.join(', ');
    const detail = `this engine has no function "${target.name}" (it has: ${known}): start it with one of that name`;
    return { pointer: '/target/name', detail };
  }

  /** Begins delivering, if the target is a function. One that is not there is reported; its events wait. */
  start(subscription: Subscription, source: MessageSource): void {
    const { clock, onError } = this.options;
    const target = targetOf(subscription);
    if (target.kind !== 'function' || this.consumers.has(subscription.id)) return;
    const handler = this.handlerOf(target.name);
    if (handler === undefined) {
      const why = orBlank(this.refusal(subscription)?.detail);
      onError(new Error(`the events of subscription "${subscription.id}" wait: ${why}`));
      return;
    }
    const timeoutMs = subscription.ackTimeoutMs;
    const { concurrency } = target;
    this.consumers.set(subscription.id, consume({ source, handler, concurrency, timeoutMs, clock, onError }));
  }

  /** Whether what works for one must be begun anew for the other. */
  isChanged(before: Subscription, after: Subscription): boolean {
    const said = ({ target, ackTimeoutMs }: Subscription): string => JSON.stringify([target, ackTimeoutMs]);
    return targetOf(after).kind === 'function' && said(before) !== said(after);
  }

  /** Resolves when what is being handled is done and settled. */
  async stop(id: string): Promise<void> {
    const consumer = this.consumers.get(id);
    this.consumers.delete(id);
    await consumer?.stop();
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.consumers.keys()].map((id) => this.stop(id)));
  }

  private handlerOf(name: string): EventHandler | undefined {
    return Object.hasOwn(this.options.functions, name) ? this.options.functions[name] : undefined;
  }
}
