/**
 * An executor in memory, as good as the contract asks: limits of accounts, each with a version. Tests break it from outside:
 * `before` and `after` run around each call and may throw, hang or answer something else.
 */
import type { JsonObject, JsonValue } from '../../../core/canonical/index.ts';
import { verifyGrant, type ExecutorRequest, type Executors } from '../../../core/changes/index.ts';
import type { Clock } from '../../../core/ledger/index.ts';

type Mark = 'applied' | 'undone' | 'refused';

export interface Breaks {
  /** before anything is done; what it returns is answered instead */
  before?: (request: ExecutorRequest) => unknown;
  /** after everything was done; what it returns is answered instead */
  after?: (request: ExecutorRequest) => unknown;
}

export class FakeExecutor implements Executors {
  readonly limits = new Map<string, { limit: number | null; version: number }>();
  readonly marks = new Map<string, Mark>();
  readonly calls: ExecutorRequest[] = [];
  readonly breaks: Breaks = {};
  /** effects had, however often it was asked */
  effects = 0;
  private readonly trust: { readonly publicKey: Uint8Array; readonly name: string };
  private readonly clock: Clock;
  private readonly id: string;

  constructor(trust: { readonly publicKey: Uint8Array; readonly name: string }, clock: Clock, id = 'limits@1') {
    this.trust = trust;
    this.clock = clock;
    this.id = id;
  }

  async call(_target: unknown, request: ExecutorRequest): Promise<unknown> {
    this.calls.push(request);
    const instead = await this.breaks.before?.(request);
    if (instead !== undefined) return instead;
    const answer = this.answer(request);
    return (await this.breaks.after?.(request)) ?? answer;
  }

  kinds(): string[] {
    return this.calls.map(({ kind }) => kind);
  }

  private answer(request: ExecutorRequest): unknown {
    switch (request.kind) {
      case 'plan': {
        const { account, limit } = request.input as { account: string; limit: number | null };
        const now = this.limits.get(account) ?? { limit: null, version: 0 };
        return {
          facts: { amount: Math.abs((limit ?? 0) - (now.limit ?? 0)) },
          precondition: { version: now.version },
          inverse: { account, limit: now.limit },
        };
      }
      case 'status': {
        const [operation, direction] = splitKey(request.opKey);
        const mark = this.marks.get(operation);
        if (direction === 'undo') return { kind: mark === 'undone' ? 'applied' : 'not-applied' };
        return { kind: mark === undefined ? 'not-applied' : mark === 'applied' ? 'applied' : 'refused' };
      }
      case 'apply':
      case 'undo':
        return this.act(request);
    }
  }

  private act(request: Extract<ExecutorRequest, { readonly kind: 'apply' | 'undo' }>): JsonObject {
    const { kind: direction, grant, input } = request;
    const precondition = request.kind === 'apply' ? request.precondition : undefined;
    const verified = verifyGrant(grant, {
      ...{ publicKeys: [this.trust.publicKey], issuer: this.trust.name, executor: this.id, direction, input },
      ...{ precondition, now: this.clock.now() },
    });
    if (verified.kind === 'refused') return { kind: 'refused', reason: verified.reason };
    const [operation] = splitKey(verified.claims.jti);
    const mark = this.marks.get(operation);
    if (direction === 'undo') {
      if (mark === 'applied') this.set(input);
      this.marks.set(operation, 'undone');
      return { kind: 'applied' };
    }
    if (mark !== undefined) return mark === 'applied' ? { kind: 'applied' } : { kind: 'refused', reason: mark };
    const { account } = input as { account: string };
    const version = this.limits.get(account)?.version ?? 0;
    if ((precondition as { version: number }).version !== version) {
      this.marks.set(operation, 'refused');
      return { kind: 'refused', reason: `the account is at version ${version}` };
    }
    this.set(input);
    this.marks.set(operation, 'applied');
    return { kind: 'applied' };
  }

  private set(input: JsonValue): void {
    const { account, limit } = input as { account: string; limit: number | null };
    this.limits.set(account, { limit, version: (this.limits.get(account)?.version ?? 0) + 1 });
    this.effects += 1;
  }
}

/** `change:revision:index` and the direction. */
function splitKey(opKey: string): [string, string] {
  const at = opKey.lastIndexOf(':');
  return [opKey.slice(0, at), opKey.slice(at + 1)];
}
