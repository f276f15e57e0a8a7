/**
 * What executors answer, read as untrusted input: bounded, checked, made printable. What is no proper plan is refused, what
 * is no proper answer is "unknown".
 */
import * as z from 'zod';
import type { PlanHash, PreconditionHash } from '../../brands/index.ts';
import { canonicalize, showHidden, taggedHash, type JsonObject, type JsonValue } from '../../canonical/index.ts';
import { assertPlain, isJsonObject } from '../model/document.ts';
import type { ExecutorDeclaration } from './executor-config.ts';
import type { Operation } from '../model/steps.ts';

const PLAN_TAG = 'nervous-system.executor.plan.v1';
/** Canonical bytes. Facts of all operations stand in one entry; inverse and precondition beside a document in another. */
const MAX_FACTS_BYTES = 1_024;
const MAX_INVERSE_BYTES = 8_192;
const MAX_PRECONDITION_BYTES = 1_024;
const MAX_REASON = 500;

export interface ExecutorPlan {
  /** facts for people and risk rules; they can only raise the risk */
  readonly facts: JsonObject;
  /** what must be so when it is applied, such as the version of what it changes; null: nothing */
  readonly precondition: JsonValue;
  /** the input that takes it back; null when nothing can */
  readonly inverse: JsonValue;
}

/**
 * `applied`: it has had its effect, once. `refused`: it has had none and never will, whatever happens. `not-applied`: none
 * so far. `unknown`: no answer, or none that makes sense.
 */
export type ExecutorAnswer = {
  readonly kind: 'applied' | 'refused' | 'not-applied' | 'unknown';
  readonly reason: string;
};

export const planSchema = z.strictObject({
  facts: z.custom<JsonObject>(isJsonObject, 'must be an object'),
  precondition: z.custom<JsonValue>(() => true).default(null),
  inverse: z.custom<JsonValue>(() => true).default(null),
});

/** @throws Error saying what is wrong with it */
export function readPlan(answer: unknown, { schema, reversible }: ExecutorDeclaration): ExecutorPlan {
  const plan = planSchema.parse(JSON.parse(canonicalize(answer, { integersOnly: true })));
  bounded('facts', plan.facts, MAX_FACTS_BYTES);
  bounded('precondition', plan.precondition, MAX_PRECONDITION_BYTES);
  if (!reversible) return { ...plan, inverse: null };
  bounded('inverse', plan.inverse, MAX_INVERSE_BYTES);
  // An inverse that the executor itself would refuse is found here, before anything has happened.
  const inverse = schema.safeParse(plan.inverse);
  if (!inverse.success) throw new Error('its inverse is not an input that its own schema allows');
  return plan;
}

function bounded(what: string, value: JsonValue, max: number): void {
  assertPlain(value);
  const bytes = Buffer.byteLength(canonicalize(value, { integersOnly: true }));
  if (bytes > max) throw new Error(`its ${what} has ${bytes} canonical bytes, at most ${max} are allowed`);
}

export const answerSchema = z.object({
  kind: z.enum(['applied', 'refused', 'not-applied', 'unknown']),
  reason: z.string().default(''),
});

export async function answerTo(call: () => Promise<unknown>): Promise<ExecutorAnswer> {
  try {
    const { kind, reason } = answerSchema.parse(await call());
    return { kind, reason: printable(reason) };
  } catch (error) {
    return { kind: 'unknown', reason: reasonOf(error) };
  }
}

/** What a caught value says, whatever it is: an executor may throw anything. */
export function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError) return 'its answer is none that was asked for';
  return error instanceof Error ? printable(error.message) : 'it failed without saying why';
}

function printable(text: string): string {
  // Half a character, from the executor or from the cut, would keep the failure from being recorded.
  // Reasons are shown to people: nothing that steers a terminal, hides or reorders text.
  return showHidden(text.slice(0, MAX_REASON).toWellFormed(), 'line').slice(0, MAX_REASON).toWellFormed();
}

/** Names a plan in assessments and intents. */
export function planHash(operation: Operation, { facts, precondition, inverse }: ExecutorPlan): PlanHash {
  const { executor, payload } = operation;
  return taggedHash(
    PLAN_TAG,
    canonicalize({ executor, payload, facts, precondition, inverse }, { integersOnly: true }),
  );
}

export function preconditionHash({ precondition }: ExecutorPlan): PreconditionHash {
  return taggedHash(PLAN_TAG, canonicalize(precondition, { integersOnly: true }));
}
