import { NervousError } from '../errors/index.ts';

/**
 * `FORBIDDEN`: the principal's declared rights do not cover this; declare them in nervous.config.ts or use another principal.
 * `UNAUTHENTICATED`: no or unknown credentials.
 * `POLICY_UNREADABLE`: what the ledger keeps as its policy is damaged or gone; nobody may do anything until it is restored.
 */
export type PolicyErrorCode = 'FORBIDDEN' | 'UNAUTHENTICATED' | 'POLICY_UNREADABLE';

export class PolicyError extends NervousError<PolicyErrorCode> {}
