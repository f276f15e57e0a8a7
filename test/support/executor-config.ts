/**
 * The sample configuration with the sample executor, and rules that look at each step alone: what engines under test run, and what the
 * AWS tests deploy. Besides, for scenarios that need them: a module with a rate, and entities whose erasure waits for no time lock.
 */
import { defineConfig } from '../../core/system/index.ts';
import { limitInput, LIMITS } from '../../examples/executor/limit-input.ts';
import { config as sample } from '../../nervous.config.ts';
import { plainRisk } from './plain-rules.ts';

const MAX_SECONDS = 30;
/** On AWS, the name of its function. */
export const LIMITS_FUNCTION = 'nervous-test-limits';
/** A module of no other use: what it publishes is counted, by all processes together. One event in ten seconds, and a few at once. */
export const METER = { id: 'meter', rate: { perMinute: 6, burst: 5 } } as const;
/** How the names of entities begin of which a field is erased as soon as people have approved it. */
export const FORGETFUL = 'account:forgetful-';

const erasing = { level: 'L3' as const, roles: ['owner', 'risk'], approvals: 2, timelockMinutes: 0 };
/** Stricter rules win, so the one with the time lock is kept from these entities. */
const rules = plainRisk.rules.map((rule) =>
  rule.name === 'irreversible'
    ? { ...rule, when: { ...rule.when, entity: [{ 'anything-but': { prefix: FORGETFUL } }] } }
    : rule,
);

export const config = defineConfig({
  ...sample,
  modules: {
    ...sample.modules,
    [METER.id]: { description: 'Publishes faster than it may', publishes: ['error.occurred'] },
  },
  risk: {
    ...plainRisk,
    rules: [...rules, { name: 'erasure', when: { reversible: [false], entity: [{ prefix: FORGETFUL }] }, ...erasing }],
  },
  protection: {
    ...sample.protection,
    rates: { ...sample.protection.rates, modules: { [METER.id]: METER.rate } },
  },
  executors: {
    [LIMITS.name]: {
      ...{ version: LIMITS.version, description: 'Spending limits', schema: limitInput },
      ...{ reversible: true, maxSeconds: MAX_SECONDS, function: LIMITS_FUNCTION },
    },
  },
});
