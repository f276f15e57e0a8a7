import { NervousError } from '../errors/index.ts';

/**
 * `FORBIDDEN`: the principal's declared rights do not cover this; declare them in nervous.config.ts or use another principal.
 * `UNAUTHENTICATED`: the request has no credentials, or unknown ones; send a valid token, or sign the request.
 * `POLICY_UNREADABLE`: the policy in the ledger is damaged or missing; nobody may do anything until it is restored.
 */
export type PolicyErrorCode = 'FORBIDDEN' | 'UNAUTHENTICATED' | 'POLICY_UNREADABLE';

export class PolicyError extends NervousError<PolicyErrorCode> {}
