/** What did not go well while events were carried. */

/** `database`, `service`: the relay waits and tries again. `later`: an event will be tried again. `parked`: it will not. */
export interface OutboxProblem {
  readonly kind: 'database' | 'service' | 'later' | 'parked';
  readonly message: string;
  readonly eventId?: string;
  readonly cause?: unknown;
}

export function problemOf(kind: 'database' | 'service', cause: unknown): OutboxProblem {
  return { kind, message: cause instanceof Error ? cause.message : String(cause), cause };
}
