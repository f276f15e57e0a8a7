/** One event against many rules: the index, and the loop over all rules that it replaces. */
import { createRuleIndex, matchPattern, parsePattern, type Pattern } from '../../core/events/index.ts';
import { percentile, round } from '../support/measure.ts';

const ACCOUNTS = 2_000;
const TOPICS = ['new', 'categorized', 'reconciled', 'flagged'].flatMap((name) =>
  ['transactions', 'budgets', 'loans', 'cards', 'users'].map((domain) => `${domain}.${name}`),
);
const CURRENCIES = ['CZK', 'EUR', 'USD'];

export function benchRules(scale: number): Promise<Record<string, number>> {
  const figures: Record<string, number> = {};
  for (const count of [1_000, 10_000]) {
    for (const [name, value] of Object.entries(measure(count, 5_000 * scale))) figures[`${name}Of${count}`] = value;
  }
  return Promise.resolve(figures);
}

function measure(count: number, eventCount: number): Record<string, number> {
  const random = generator(count);
  const rules = Array.from({ length: count }, (_, id) => [id, parsePattern(rule(random))] as const);
  const events = Array.from({ length: eventCount }, () => event(random));
  const index = createRuleIndex<number>();
  const start = performance.now();
  for (const [id, pattern] of rules) index.add(id, pattern);
  const addUs = ((performance.now() - start) * 1_000) / count;
  const indexed = timed(events, (one) => index.match(one));
  const looped = timed(events.slice(0, Math.ceil(events.length / 10)), (one) => loop(rules, one));
  const difference = looped.answers.findIndex((answer, at) => String(answer) !== String(indexed.answers[at]));
  if (difference !== -1) throw new Error(`the index and the loop differ on ${JSON.stringify(events[difference])}`);
  const matches = indexed.answers.reduce((sum, answer) => sum + answer.length, 0);
  return {
    addUs: round(addUs),
    matchesPerEvent: round(matches / events.length),
    indexP50Us: round(percentile(indexed.times, 0.5)),
    indexP95Us: round(percentile(indexed.times, 0.95)),
    loopP50Us: round(percentile(looped.times, 0.5)),
    loopP95Us: round(percentile(looped.times, 0.95)),
  };
}

function timed(
  events: readonly unknown[],
  match: (event: unknown) => number[],
): { readonly times: readonly number[]; readonly answers: readonly number[][] } {
  for (const one of events.slice(0, 500)) match(one);
  const times: number[] = [];
  const answers = events.map((one) => {
    const start = performance.now();
    const answer = match(one);
    times.push((performance.now() - start) * 1_000);
    return answer;
  });
  return { times: times.sort((a, b) => a - b), answers };
}

function loop(rules: readonly (readonly [number, Pattern])[], one: unknown): number[] {
  return rules.filter(([, pattern]) => matchPattern(pattern, one)).map(([id]) => id);
}

/** What subscribers ask for: mostly one account or one kind of thing, some a whole domain, a few nearly everything. */
function rule(random: (below: number) => number): unknown {
  const topic = pick(TOPICS, random);
  const domain = topic.slice(0, topic.indexOf('.'));
  const account = `account:${random(ACCOUNTS)}`;
  const amount = [{ numeric: ['>', 1_000 * (1 + random(50))] }];
  switch (random(10)) {
    case 0:
      return { 'detail-type': [{ wildcard: `${domain}.*` }], detail: { entityId: [account] } };
    case 1:
      return { 'detail-type': [topic], detail: { payload: { amount, currency: [pick(CURRENCIES, random)] } } };
    case 2:
      return {
        'detail-type': [topic],
        detail: { entityId: [{ prefix: `account:${random(100)}` }], payload: { amount } },
      };
    case 3:
      return { detail: { userId: [`user-${random(500)}`], payload: { note: [{ exists: false }] } } };
    case 4:
      return { detail: { $or: [{ entityId: [account] }, { payload: { counterparty: [account] } }] } };
    case 5:
      return {
        'detail-type': [topic],
        detail: { payload: { lines: { sku: [`sku-${random(1_000)}`], qty: [1, 2, 3] } } },
      };
    default:
      return {
        'detail-type': [topic],
        detail: { entityId: [account], payload: { kind: [{ 'anything-but': 'fee' }] } },
      };
  }
}

function event(random: (below: number) => number): unknown {
  const lines = Array.from({ length: random(4) }, () => ({ sku: `sku-${random(1_000)}`, qty: 1 + random(5) }));
  const payload = {
    amount: random(60_000),
    currency: pick(CURRENCIES, random),
    kind: pick(['credit', 'debit', 'fee'], random),
    counterparty: `account:${random(ACCOUNTS)}`,
    ...(random(2) === 0 ? { note: 'rent' } : {}),
    lines,
  };
  const topic = pick(TOPICS, random);
  return {
    id: `e-${random(2 ** 30)}`,
    'detail-type': topic,
    source: 'nervous.main.bank-feed',
    detail: { topic, entityId: `account:${random(ACCOUNTS)}`, userId: `user-${random(500)}`, payload },
  };
}

function pick<T>(list: readonly T[], random: (below: number) => number): T {
  return list[random(list.length)] as T;
}

/** The same numbers in every run (a linear congruence, Numerical Recipes). */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
