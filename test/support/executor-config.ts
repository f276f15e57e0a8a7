/** The sample configuration with the sample executor, and rules that look at each step alone: what engines under test run, and what the AWS tests deploy. */
import { defineConfig } from '../../core/system/index.ts';
import { limitInput, LIMITS } from '../../examples/executor/limit-input.ts';
import { config as sample } from '../../nervous.config.ts';
import { plainRisk } from './plain-rules.ts';

const MAX_SECONDS = 30;
/** On AWS, the name of its function. */
export const LIMITS_FUNCTION = 'nervous-test-limits';

export const config = defineConfig({
  ...sample,
  risk: plainRisk,
  executors: {
    [LIMITS.name]: {
      ...{ version: LIMITS.version, description: 'Spending limits', schema: limitInput },
      ...{ reversible: true, maxSeconds: MAX_SECONDS, function: LIMITS_FUNCTION },
    },
  },
});
