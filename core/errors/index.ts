/** Errors with closed codes, and what must be there. */
export {
  codeOf,
  describeIssues,
  NervousError,
  withCauses,
  type NervousErrorInit,
  type Problem,
} from './nervous-error.ts';
export { InternalError, must } from './must.ts';
