/** The policy in force as people see it: what it says, since when, and who made it so. */
import type { DocumentHash, IsoInstant } from '../../brands/index.ts';
import { parseEntry } from '../../ledger/index.ts';
import { denied, type Denial, type Principal } from '../../policy/index.ts';
import { defined } from '../../values/index.ts';
import { ADOPTION_KEY } from '../policy/adoption.ts';
import type { Context } from '../recording/context.ts';
import type { Governance } from '../policy/governance.ts';
import { policyHash, type PolicyDocument } from '../policy/policy-document.ts';
import { POLICY_ENTITY } from '../store/document-store.ts';

export interface PolicyView {
  /** `configuration`: the first proposal will record it */
  readonly source: 'configuration' | 'ledger';
  /** of the document of `registry:policy`; 0: it is not recorded yet */
  readonly version: number;
  /** of the document, hex */
  readonly hash: DocumentHash;
  readonly document: PolicyDocument;
  /** how it came into force; absent while it is the configuration's */
  readonly changed?: PolicyChange;
  /** false: the configuration of this service says otherwise, which changes nothing */
  readonly asConfigured: boolean;
}

export type PolicyChange =
  | { readonly kind: 'adopted'; readonly at: IsoInstant }
  | {
      readonly kind: 'changed';
      readonly at: IsoInstant;
      /** id of the change-set */
      readonly change: string;
      /** `person:<personId>`, `agent:<id>` or `module:<id>` */
      readonly proposer: string;
      /** personIds */
      readonly approvers: readonly string[];
    };

/** FORBIDDEN: people may see the rules they are under, programs may not. @throws PolicyError POLICY_UNREADABLE */
export async function viewPolicy(
  context: Context,
  governance: Governance,
  principal: Principal,
): Promise<PolicyView | Denial> {
  if (principal.kind !== 'person')
    return denied(`${principal.kind} "${principal.id}" may not see the policy: people of the roster may`);
  await governance.refresh();
  const { source, version, hash, document } = governance.inForce();
  const changed = source === 'configuration' ? undefined : await changeOf(context);
  return {
    ...{ source, version, hash, document },
    ...defined({ changed }),
    asConfigured: policyHash(document) === policyHash(governance.configured),
  };
}

async function changeOf({ states, store, entries }: Context): Promise<PolicyChange | undefined> {
  const writer = await states.writer(POLICY_ENTITY);
  const record = writer === undefined ? undefined : (await store.find(writer))?.record;
  if (record !== undefined) {
    const { id, content, votes, updatedAt } = record;
    const approvers = votes.filter(({ decision }) => decision === 'approve').map(({ personId }) => personId);
    return { kind: 'changed', at: updatedAt, change: id, proposer: content.initiator, approvers };
  }
  const entry = await entries.findByIdemKey(ADOPTION_KEY);
  const parsed = entry === undefined ? undefined : parseEntry(entry.note);
  return parsed?.kind === 'entry' ? { kind: 'adopted', at: parsed.body.at } : undefined;
}
