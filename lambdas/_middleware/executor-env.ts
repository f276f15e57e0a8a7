/** The environment of functions that call executors: which function each is, where the app that deploys says it. */
import { jsonMapping } from './json-mapping.ts';

export const executorEnv = {
  /** `{"<executor>": "<ARN>"}`; an executor that is not in it has the `function` of its declaration */
  EXECUTOR_FUNCTIONS: jsonMapping(
    'must be a JSON object from the name of an executor to the ARN of its function',
  ).default({}),
};
