/** Verification as auditors ask for it: of everything, by the fastest way that the engine has, or of a part. */
import {
  OPERATORS_WORD,
  ed25519Key,
  type EntryVerifier,
  type PointSources,
  type VerificationReport,
} from '../../ledger/index.ts';
import { PolicyError, type Policy, type Principal } from '../../policy/index.ts';
import type { NervousConfig } from '../config/config.ts';
import type { NervousSystem, VerifyRequest } from '../contract/nervous-system.ts';
import type { GroundPorts, Ports } from '../contract/ports.ts';
import { endedWith } from './entities.ts';
import { verifyPart } from './verify-part.ts';

/** Where the points are that the log is held against. */
export type PointPorts = Pick<GroundPorts, 'rootSigner'> & Pick<Ports, 'logFiles' | 'logPoints'>;

export interface LedgerVerificationDependencies
  extends PointPorts, Pick<GroundPorts, 'entries' | 'items' | 'clock'>, Pick<Ports, 'verifyLog' | 'verifyScope'> {
  readonly policy: Policy;
  readonly verifier: (signatures?: boolean) => EntryVerifier;
}

export function createLedgerVerification(
  deps: LedgerVerificationDependencies,
  config: Pick<NervousConfig, 'ledger' | 'origin'>,
): NervousSystem['verifyAll'] {
  return async (principal, request = {}) => {
    requireAuditor(deps.policy, principal, 'the whole ledger is verified by auditors');
    const report = await endedWith(request.signal, verify(deps, config, request));
    return { ...report, notChecked: [...report.notChecked, OPERATORS_WORD] };
  };
}

async function verify(
  deps: LedgerVerificationDependencies,
  { ledger, origin }: Pick<NervousConfig, 'ledger' | 'origin'>,
  { scope = { mode: 'full' }, ...request }: VerifyRequest,
): Promise<VerificationReport> {
  const { entries, items, clock, verifier, verifyLog, verifyScope } = deps;
  if (scope.mode === 'full') return verifyLog({ ...request, signatures: request.signatures ?? true });
  if (verifyScope !== undefined) return verifyScope({ ...request, scope });
  const points = pointsOf(deps, origin);
  return verifyPart({ ledger, entries, items, points, verifier, now: clock.now() }, scope, request);
}

export function pointsOf({ rootSigner, logFiles, logPoints }: PointPorts, origin: string): PointSources {
  return {
    ...{ origin, rootKeys: [ed25519Key(origin, rootSigner.publicKey)] },
    ...(logFiles === undefined ? {} : { read: logFiles.read }),
    ...logPoints,
  };
}

/** @throws PolicyError FORBIDDEN, with the rule */
export function requireAuditor(policy: Policy, principal: Principal, rule: string): void {
  if (!policy.isAuditor(principal))
    throw new PolicyError({ code: 'FORBIDDEN', message: `"${principal.id}" is not an auditor: ${rule}` });
}
