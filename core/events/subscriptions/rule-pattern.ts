/**
 * What EventBridge can decide of a subscription: rule patterns for the bus of one domain, narrowest first. A rule may let
 * through too much, never too little: the subscription's own matcher has the last word at delivery. A condition EventBridge
 * would see otherwise than a subscriber (`id` is its own, `time` has no milliseconds) is therefore left out.
 */
import type { JsonObject } from '../../canonical/index.ts';
import { parsePattern } from '../pattern/index.ts';
import type { Subscription } from './subscription.ts';

/** EventBridge's default quota for the text of one pattern. */
const MAX_RULE_CHARS = 2_048;
/** Topics of AWS services' events, and the system's own, need no declaration. */
const UNDECLARED_DOMAINS = ['aws', 'system', 'webhooks'];
/** Fields in which EventBridge has what a subscriber sees. */
const SAME_FOR_BOTH: ReadonlySet<string> = new Set(['source', 'detail-type', 'detail']);

export interface BusRule {
  /** the domain whose bus the rule is for */
  readonly domain: string;
  /** event patterns to try, narrowest first; the last one EventBridge always takes */
  readonly patterns: readonly [JsonObject, ...JsonObject[]];
}

/** @param domains those that have a bus. @returns a rule for each bus that may carry wanted events */
export function busRules(
  ledger: string,
  {
    topics,
    filter,
    ...whose
  }: Pick<Subscription, 'topics' | 'filter'> & Partial<Pick<Subscription, 'mode' | 'module'>>,
  domains: readonly string[],
): readonly BusRule[] {
  const anything: JsonObject = { source: [{ prefix: `nervous.${ledger}.` }] };
  return domains.flatMap((domain) => {
    const wanted = topics.filter((topic) => topic === '*' || topicDomain(topic) === domain);
    if (wanted.length === 0) return [];
    const target = targetTest(whose);
    const byTopic: JsonObject = { ...anything, ...topicTest(domain, wanted) };
    const { source = byTopic.source ?? null, ...conditions } = safeConditions(filter as JsonObject | undefined);
    const byFilter: JsonObject = { ...target, ...conditions, ...byTopic, source };
    const patterns = [byFilter, { ...byTopic, ...target }].filter(isAcceptable);
    return [{ domain, patterns: [...patterns, anything] as unknown as BusRule['patterns'] }];
  });
}

/** The part of a topic (or topic glob) that names its bus. */
export function topicDomain(topic: string): string {
  return topic.split('.', 1)[0] ?? topic;
}

/** The domains that have a bus: those of the declared topics, AWS's and the system's own; sorted. */
export function topicDomains(topics: readonly string[]): readonly string[] {
  return [...new Set([...topics.map(topicDomain), ...UNDECLARED_DOMAINS])].sort();
}

function topicTest(domain: string, topics: readonly string[]): JsonObject {
  if (topics.includes('*') || topics.includes(`${domain}.*`)) return {}; // the bus carries nothing else
  return {
    'detail-type': topics.map((topic) => (topic.endsWith('*') ? { prefix: topic.slice(0, -1) } : topic)),
  };
}

/** An event for others need not come at all. A filter that tests `detail` itself takes the place of this. */
function targetTest({ mode, module }: Partial<Pick<Subscription, 'mode' | 'module'>>): {
  readonly detail?: JsonObject;
} {
  return mode === 'targeted' && module !== undefined ? { detail: { metadata: { targets: [module] } } } : {};
}

/** Conditions are all required, so leaving some out only widens the pattern. */
function safeConditions(filter: JsonObject = {}): JsonObject {
  return Object.fromEntries(
    Object.entries(filter).filter(([field, test]) =>
      field === '$or' ? testsDetailOnly(test) : SAME_FOR_BOTH.has(field),
    ),
  );
}

/** Topics and source are tested beside an `$or`, and a field may be tested once only. */
function testsDetailOnly(branches: unknown): boolean {
  return (branches as readonly JsonObject[]).every((branch) =>
    Object.entries(branch).every(([field, test]) => (field === '$or' ? testsDetailOnly(test) : field === 'detail')),
  );
}

function isAcceptable(pattern: JsonObject): boolean {
  if (JSON.stringify(pattern).length > MAX_RULE_CHARS) return false;
  try {
    parsePattern(pattern);
    return true;
  } catch {
    return false; // legal by itself, but not beside the topics
  }
}
