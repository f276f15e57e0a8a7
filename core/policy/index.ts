export { accessSchema, EVERY_ACCESS, journaledOf, type AccessClass, type AccessPolicy } from './access.ts';
export { PolicyError, type PolicyErrorCode } from './errors.ts';
export { livePolicy } from './live-policy.ts';
export {
  actorOf,
  answerableFor,
  createPolicy,
  denied,
  initiatorOf,
  matchesGlob,
  type Action,
  type Denial,
  type Policy,
} from './rights.ts';
export {
  modulesSchema,
  principalsOf,
  OPERATOR,
  rosterProblems,
  rosterSchema,
  separationConflict,
  type Agent,
  type Modules,
  type Person,
  type Principal,
  type Rights,
  type Roster,
  type RosterProblem,
} from './roster.ts';
