export { describeIssues, NervousError, withCauses, type NervousErrorInit, type Problem } from './nervous-error.ts';
export { codeOf, InternalError, must } from './must.ts';
