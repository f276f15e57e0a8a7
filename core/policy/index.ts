export { PolicyError, type PolicyErrorCode } from './errors.ts';
export { actorOf, createPolicy, matchesGlob, type Action, type Policy } from './rights.ts';
export {
  modulesSchema,
  principalsOf,
  rosterProblems,
  rosterSchema,
  type Agent,
  type Modules,
  type Person,
  type Principal,
  type Rights,
  type Roster,
} from './roster.ts';
