import { NervousError } from '../errors/index.ts';

/**
 * `FORBIDDEN`: the principal's declared rights do not cover this; declare them in nervous.config.ts or use another principal.
 * `UNAUTHENTICATED`: no or unknown credentials.
 */
export type PolicyErrorCode = 'FORBIDDEN' | 'UNAUTHENTICATED';

export class PolicyError extends NervousError<PolicyErrorCode> {}
