/**
 * What a scenario may use: clients of the HTTP API for everything, and the few powers that differ between engines. An
 * engine that lacks a power skips the scenarios that need it and says so.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../../clients/sdk/index.ts';
import type { ChangeState, ChangeView } from '../../core/changes/index.ts';
import type { config } from '../../nervous.config.ts';

export type SampleClient = Client<typeof config>;

/** An event as EventBridge delivers it. */
export type BridgeEvent = Readonly<Record<string, unknown>> & { readonly id: string };

/** What `PutEvents` takes; EventBridge makes an id of its own. */
export interface BridgeEntry {
  readonly source: string;
  readonly detailType: string;
  readonly detail: object;
}

/** Powers beyond the API; an engine has them or not. */
export interface Powers {
  /** Changes one byte of a stored entry behind the engine's back. @returns how to put it back */
  tamper(entity: string, seq: number): Promise<() => Promise<void>>;
  /** Replaces an entity's document behind the engine's back. @returns how to put it back */
  tamperDocument(entity: string, document: object): Promise<(() => Promise<void>) | undefined>;
  /** Hands an event to ingress as EventBridge would, id and all. */
  deliver(event: BridgeEvent): Promise<void>;
  putOnIngressBus(entries: readonly BridgeEntry[]): Promise<void>;
  /** A batch may wait for hours until it is full. */
  readonly longBatches: true;
  /** Subscriptions can deliver to a function "scenario", which throws at amounts of 0.00. @returns ids of what it has done */
  functionCalls(): Promise<readonly string[]>;
  /** The limits that the sample executor keeps, by account; one named `lost-…` answers nobody, see sample-executor.ts. */
  limits(): Promise<Readonly<Record<string, number | null>>>;
  /** Kills whatever drives this change-set. */
  killWorkflow(changeId: string): Promise<void>;
}
export type Power = keyof Powers;

/** A request as other programs make it: what our client would never send, and headers that it does not show. */
export interface RawRequest {
  /** default: GET, and POST with a body */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Fixture extends Partial<Powers> {
  /** for messages, e.g. `embedded` */
  readonly engine: string;
  /** a client that speaks as this principal of nervous.config.ts */
  as(principal: string): SampleClient;
  /** One request with this principal's credentials, tried once. @param path with its query, e.g. `/v1/feed?limit=1` */
  request(principal: string, path: string, request?: RawRequest): Promise<Response>;
}

export interface Scenario {
  readonly name: string;
  readonly needs?: readonly Power[];
  /** Looks at the whole ledger, or damages it for a while: nothing else may run at the same time. */
  readonly alone?: boolean;
  run(fixture: Fixture): Promise<void>;
}

/** What should happen happens within this time on the slowest engine: an expiry found by a sweep each minute. */
const PATIENCE_MS = 160_000;
const POLL_EVERY_MS = 50;

/** An entity nobody else uses. */
export function freshAccount(): string {
  return `account:${randomUUID()}`;
}

/** @throws when it does not come true in time, saying what did not */
export async function until<Value>(
  what: string,
  look: () => Promise<Value | undefined> | Value | undefined,
): Promise<Value> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const value = await look();
    if (value !== undefined) return value;
    if (performance.now() > deadline) throw new Error(`waited ${PATIENCE_MS / 1000} s in vain: ${what}`);
    await sleep(POLL_EVERY_MS);
  }
}

/** Waits until the change-set is in one of these states. */
export function inState(fixture: Fixture, id: string, ...states: readonly ChangeState[]): Promise<ChangeView> {
  let last: string | undefined;
  return until(`change-set ${id} should be ${states.join(' or ')}`, async () => {
    const change = await fixture.as('eva').changeSet(id);
    last = change.state;
    return states.includes(change.state) ? change : undefined;
  }).catch((error: unknown) => {
    throw new Error(`${error instanceof Error ? error.message : String(error)}; it is ${last}`, { cause: error });
  });
}

/** The power, which the runner has made sure of. */
export function power<Name extends Power>(fixture: Fixture, name: Name): Powers[Name] {
  const found = (fixture as Partial<Powers>)[name] as Powers[Name] | undefined;
  if (found === undefined) throw new Error(`the ${fixture.engine} engine cannot ${name}: declare it in "needs"`);
  return found;
}
