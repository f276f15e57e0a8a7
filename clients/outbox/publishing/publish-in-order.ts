/**
 * Publishes what waits, many events a request, those of one entity one after the other: the next is sent when the one before it
 * was acknowledged. Publishing is idempotent by the event's id, so whoever died after sending sends again.
 */
import type { EventResult } from '../../../api/index.ts';
import { ApiProblem } from '../../sdk/connection/problems.ts';
import { isTransient } from '../../sdk/connection/transport.ts';
import type { OutboxEvent } from './outbox-event.ts';

/** A client of any configuration: what it would let nobody publish does not get into an outbox. */
export interface Publisher {
  publishBatch(events: readonly never[]): Promise<readonly EventResult[]>;
}

export interface Waiting {
  readonly event: OutboxEvent;
}

/**
 * `done`: in the ledger, by this call or an earlier one. `refused`: the same event will be refused again. `later`: it may be taken the next time;
 * `counts` tells whether that is worth trying for ever. `unsent`: it waits for another one, or the service.
 */
export type Outcome =
  | { readonly kind: 'done' | 'unsent' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'later'; readonly reason: string; readonly counts: boolean; readonly afterMs: number };

export interface Published<One> {
  readonly outcomes: ReadonlyMap<One, Outcome>;
  /** why nothing more can be published for now: nobody answers, or nobody of this name may publish */
  readonly halted: Error | undefined;
}

/** A request's limits, with room for what surrounds the events. */
const MAX_EVENTS = 100;
const MAX_BYTES = 900 * 1024;
/** Refusals of a whole request that are about the event in it, when it is alone. */
const OF_THE_EVENT: readonly number[] = [400, 409, 413, 422];
/** Refusals that pass by themselves. */
const PASSING: readonly number[] = [408, 429, 502, 503, 504];
/** The topic was stopped: somebody opens it, or time does. */
const STOPPED = 'TOPIC_STOPPED';
const MAX_REASON_CHARS = 2_000;
const MS_PER_SECOND = 1_000;

/** @param waiting in their order */
export async function publishInOrder<One extends Waiting>(
  client: Publisher,
  waiting: readonly One[],
  signal?: AbortSignal,
): Promise<Published<One>> {
  const outcomes = new Map<One, Outcome>(waiting.map((one) => [one, { kind: 'unsent' }]));
  const lanes = lanesOf(waiting);
  while (lanes.size > 0 && signal?.aborted !== true) {
    const wave = nextWave(lanes);
    const answer = await publishWave(client, [...wave.values()]);
    if (answer.kind === 'halted') return { outcomes, halted: answer.why };
    for (const [i, [lane, one]] of [...wave].entries()) {
      const outcome = answer.outcomes[i] ?? { kind: 'unsent' };
      outcomes.set(one, outcome);
      const left = lanes.get(lane)?.slice(1) ?? [];
      if (left.length === 0 || outcome.kind === 'later' || outcome.kind === 'unsent') lanes.delete(lane);
      else lanes.set(lane, left);
    }
  }
  return { outcomes, halted: undefined };
}

/** By entity; what is about no entity waits for nobody. */
function lanesOf<One extends Waiting>(waiting: readonly One[]): Map<string, readonly One[]> {
  const lanes = new Map<string, readonly One[]>();
  for (const [i, one] of waiting.entries()) {
    const { entityId } = one.event;
    const lane = entityId === undefined ? `#${i}` : `entity ${entityId}`;
    lanes.set(lane, [...(lanes.get(lane) ?? []), one]);
  }
  return lanes;
}

/** The first of each lane, as many as a request takes. */
function nextWave<One extends Waiting>(lanes: ReadonlyMap<string, readonly One[]>): ReadonlyMap<string, One> {
  const wave = new Map<string, One>();
  let bytes = 0;
  for (const [lane, [one]] of lanes) {
    if (one === undefined) continue;
    bytes += Buffer.byteLength(JSON.stringify(one.event));
    if (wave.size > 0 && (bytes > MAX_BYTES || wave.size === MAX_EVENTS)) break;
    wave.set(lane, one);
  }
  return wave;
}

type Answer =
  | { readonly kind: 'answered'; readonly outcomes: readonly Outcome[] }
  | { readonly kind: 'halted'; readonly why: Error };

async function publishWave(client: Publisher, wave: readonly Waiting[]): Promise<Answer> {
  try {
    const results = await client.publishBatch(wave.map(({ event }) => event as never));
    return { kind: 'answered', outcomes: results.map(outcomeOf) };
  } catch (error) {
    const why = error instanceof Error ? error : new Error(String(error));
    if (!(error instanceof ApiProblem) || isTransient(error)) return { kind: 'halted', why };
    const { status, code } = error;
    const isOfOne = status >= 500 || (OF_THE_EVENT.includes(status) && code !== 'ANSWER_UNREADABLE');
    if (!isOfOne) return { kind: 'halted', why };
    if (wave.length > 1) return publishEach(client, wave);
    return { kind: 'answered', outcomes: [refusal(error, status >= 500, 0)] };
  }
}

/** One of them spoils the request: alone, each has its own answer. */
async function publishEach(client: Publisher, wave: readonly Waiting[]): Promise<Answer> {
  const outcomes: Outcome[] = [];
  for (const one of wave) {
    const answer = await publishWave(client, [one]);
    // What was answered so far is kept; the others stay unsent, and the next call meets what halted this one.
    if (answer.kind === 'halted') return outcomes.length === 0 ? answer : { kind: 'answered', outcomes };
    outcomes.push(...answer.outcomes);
  }
  return { kind: 'answered', outcomes };
}

function outcomeOf(result: EventResult): Outcome {
  if (result.status !== 'rejected') return { kind: 'done' };
  const { status, code, retryAfterSeconds } = result.problem;
  const comesAgain = PASSING.includes(status) || status >= 500 || code === STOPPED;
  const afterMs = retryAfterSeconds === undefined ? 0 : retryAfterSeconds * MS_PER_SECOND;
  return refusal(result.problem, comesAgain, afterMs);
}

type Problem = Pick<ApiProblem, 'status' | 'code' | 'detail' | 'errors'>;

function refusal({ status, code, detail, errors }: Problem, comesAgain: boolean, afterMs: number): Outcome {
  const faults = errors.map((one) => `${one.pointer} ${one.detail}`);
  const reason = [`${code}: ${detail}`, ...faults].join('; ').slice(0, MAX_REASON_CHARS);
  return comesAgain
    ? { kind: 'later', reason, counts: !PASSING.includes(status), afterMs }
    : { kind: 'refused', reason };
}
