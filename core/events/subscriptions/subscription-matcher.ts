/** Which events a subscription wants: by topic, by its filter, and by name when it is targeted. Looks at events alone. */
import { matchesGlob } from '../../policy/index.ts';
import { eventBridgeShape, type DeliveredEvent } from '../envelope/delivered-event.ts';
import { EventError } from '../catalog/errors.ts';
import { matchPattern, parsePattern, PatternError, type JsonObject, type Pattern } from '../pattern/index.ts';

interface Interest {
  readonly topics: readonly string[];
  readonly filter?: JsonObject;
  /** `targeted`: only events that name the module */
  readonly mode?: string;
  readonly module?: string;
}

/** The test whether a subscription wants an event. Compile once per subscription. */
export function subscriptionMatcher(
  ledger: string,
  { topics, filter, mode, module }: Interest,
): (event: DeliveredEvent) => boolean {
  const pattern = compileFilter(filter);
  const exact = new Set(topics.filter((topic) => !topic.endsWith('*')));
  const globs = topics.filter((topic) => topic.endsWith('*'));
  return (event) => {
    if (!exact.has(event.topic) && !globs.some((glob) => matchesGlob(glob, event.topic))) return false;
    if (mode === 'targeted' && !isTarget(module, event)) return false;
    return pattern === undefined || matchPattern(pattern, eventBridgeShape(ledger, event));
  };
}

/** What an index of rules finds the subscription by: lets through too much rather than too little. */
export function subscriptionPattern({ topics, filter }: Interest): Pattern {
  const byTopic = {
    'detail-type': topics.map((topic) => (topic.endsWith('*') ? { prefix: topic.slice(0, -1) } : topic)),
  };
  try {
    return parsePattern({ ...filter, ...byTopic });
  } catch {
    return parsePattern(byTopic); // the filter is legal by itself, but not beside the topics
  }
}

/** @throws EventError SUBSCRIPTION_INVALID, pointing into the field the pattern stands in */
export function compileFilter(filter: unknown, field = 'filter'): Pattern | undefined {
  if (filter === undefined) return undefined;
  try {
    return parsePattern(filter);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    const problems = error.problems.map(({ pointer, detail }) => ({ pointer: `/${field}${pointer}`, detail }));
    const message = `${field}: ${error.message}`;
    throw new EventError({ code: 'SUBSCRIPTION_INVALID', message, problems, cause: error });
  }
}

function isTarget(module: string | undefined, { metadata }: DeliveredEvent): boolean {
  const targets = metadata?.['targets'];
  return Array.isArray(targets) && targets.some((target) => target === module);
}
