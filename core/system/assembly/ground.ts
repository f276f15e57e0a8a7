/**
 * What every process of a ledger stands on, whatever else it does: the policy in force, the catalog, who verifies entries.
 * It is there before the engine's own parts are, so that those which ask the policy can be given it.
 */
import { createGovernance, type Governance } from '../../changes/index.ts';
import { createCatalog, ledgerTopics, type Catalog } from '../../events/index.ts';
import type { EntryVerifier, Finding } from '../../ledger/index.ts';
import type { Policy } from '../../policy/index.ts';
import { defined } from '../../values/index.ts';
import type { NervousConfig } from '../config/config.ts';
import type { GroundPorts } from '../contract/ports.ts';
import { createSignal, type Signal } from '../contract/signal.ts';
import { Metrics } from '../operations/metrics.ts';
import type { MadeNotice } from '../contract/notices.ts';
import { createEntryVerifier } from '../verify/entry-verifier.ts';
import { createTamperTeller } from '../verify/tell-tampering.ts';

export interface Ground extends GroundPorts {
  readonly config: NervousConfig;
  readonly governance: Governance;
  /** answers by the roster in force */
  readonly policy: Policy;
  readonly catalog: Catalog;
  readonly metrics: Metrics;
  /** @param signatures default true */
  readonly verifier: (signatures?: boolean) => EntryVerifier;
  /** entries were committed by this process */
  readonly committed: Signal;
  /** something stored is not what was recorded */
  readonly tampered: Signal<Finding>;
  /** a notice was made by this process */
  readonly noticed: Signal<MadeNotice>;
}

/** Reads nothing yet: the policy is the configuration's until it is refreshed. */
export function createGround(ports: GroundPorts, config: NervousConfig): Ground {
  const { entries, items, clock, rootSigner: root, onError, onPolicyChange } = ports;
  const { ledger, origin, roster, risk, webauthn, credentials, access, modules } = config;
  const tampered = createSignal<Finding>();
  const verifier = (signatures = true): EntryVerifier => createEntryVerifier({ ledger, root, entries, signatures });
  const governance = createGovernance({
    ...{ ledger, items, entries, clock, modules },
    configured: { roster, risk, ...defined({ webauthn, credentials, access }) },
    proofs: { origin, verifier, onTamper: createTamperTeller(onError, tampered.tell) },
    ...defined({ onChange: onPolicyChange }),
  });
  return {
    ...{ ...ports, config, governance, verifier, tampered },
    policy: governance.policy,
    catalog: createCatalog(ledgerTopics(config.topics)),
    metrics: new Metrics(clock),
    committed: createSignal(),
    noticed: createSignal(),
  };
}
