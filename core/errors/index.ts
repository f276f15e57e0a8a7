export {
  describeIssues,
  NervousError,
  pointerTo,
  withCauses,
  type NervousErrorInit,
  type Problem,
} from './nervous-error.ts';
export { InternalError, must } from './must.ts';
