/** A policy that may be replaced while others hold it: each question is answered by the one that is in force then. */
import type { Policy } from './rights.ts';

export function livePolicy(inForce: () => Policy): Policy {
  return {
    principal: (...asked) => inForce().principal(...asked),
    may: (...asked) => inForce().may(...asked),
    denial: (...asked) => inForce().denial(...asked),
    require: (...asked) => inForce().require(...asked),
    requireImport: (...asked) => inForce().requireImport(...asked),
    holds: (...asked) => inForce().holds(...asked),
    rolesOf: (...asked) => inForce().rolesOf(...asked),
    isAuditor: (...asked) => inForce().isAuditor(...asked),
    isOperator: (...asked) => inForce().isOperator(...asked),
    get roster() {
      return inForce().roster;
    },
  };
}
