/** What has to be there when the state of a run is: attempts of a webhook in their log, and what its owner must know in the ledger. */
import type { Subscription, WebhookAttempt, WebhookChange } from '../../../core/events/index.ts';
import type { ItemWrite } from '../../../core/ledger/index.ts';
import type { RunDependencies } from './run-dependencies.ts';

export class BesideState {
  private readonly deps: Pick<RunDependencies, 'attempts' | 'items' | 'onWebhook'>;
  private readonly telling = new Set<Promise<void>>();
  private logged: ItemWrite[] = [];
  private count: number;

  /** @param attempts that were logged by the runs before */
  constructor(deps: Pick<RunDependencies, 'attempts' | 'items' | 'onWebhook'>, attempts = 0) {
    this.deps = deps;
    this.count = attempts;
  }

  /** For the state. */
  get attempts(): { readonly attempts?: number } {
    return this.count === 0 ? {} : { attempts: this.count };
  }

  log(subscription: Subscription, attempt: WebhookAttempt): void {
    this.logged.push(this.deps.attempts.writeOf(subscription, this.count, attempt));
    this.count += 1;
  }

  tell(change: WebhookChange): void {
    const telling = this.deps.onWebhook(change);
    telling.catch(() => undefined); // thrown where it is waited for
    this.telling.add(telling);
  }

  /** An alert that the state calls told is not told again. */
  async written(): Promise<void> {
    while (this.telling.size > 0 || this.logged.length > 0) {
      const [telling, logged] = [[...this.telling], this.logged];
      this.logged = [];
      await Promise.all([...telling, ...logged.map((write) => this.deps.items.write(write))]);
      for (const told of telling) this.telling.delete(told);
    }
  }
}
