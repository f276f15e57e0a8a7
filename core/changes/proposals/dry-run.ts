/** Proposing without recording: what the risk would be and why, who would have to approve, and what would change. */
import type { ContentHash, EntityId } from '../../brands/index.ts';
import type { Principal } from '../../policy/index.ts';
import { parseProposal } from '../operations/content.ts';
import type { Context } from '../recording/context.ts';
import { diffDocuments } from '../model/document.ts';
import { erasureRefusal } from './erasure.ts';
import { contentOf, rightRefusal } from './propose.ts';
import { isRefused, type Refused } from '../model/refusal.ts';
import { viewRisk, type RiskView } from '../risk/risk-view.ts';
import { stillNeeded, type Preview, type StillNeeded } from '../views/view.ts';

export interface DryRun {
  readonly entityId: EntityId;
  readonly contentHash: ContentHash;
  readonly risk: RiskView;
  /** nobody at level L0 */
  readonly needs?: StillNeeded;
  /** for each needed role, the personIds of who could fill it: not the proposer, nor who answers for them */
  readonly deciders: Readonly<Record<string, readonly string[]>>;
  readonly preview: Preview;
}

/** Nothing is written, not even a refusal. Refused as proposing is. */
export async function dryRun(context: Context, principal: Principal, input: unknown): Promise<DryRun | Refused> {
  const parsed = parseProposal(input, context.types);
  if (isRefused(parsed)) return parsed;
  const { entityId } = parsed;
  const refusal =
    rightRefusal(context, principal, entityId) ?? (await erasureRefusal(context, entityId, parsed.operations));
  if (refusal !== undefined) return refusal;
  const content = contentOf(context, principal, { made: parsed, id: context.ids.next(), entityId });
  if (isRefused(content)) return content;
  const computed = await context.assessor.computeRisk({ entityId, content });
  if (isRefused(computed)) return computed;
  const { facts, risk, base, after } = computed;
  const { document: before, version } = base;
  return {
    ...{ entityId, contentHash: content.contentHash },
    risk: viewRisk(context.risk, { ...risk, facts }),
    ...(risk.approvals === 0 ? {} : { needs: stillNeeded(risk, []) }),
    deciders: Object.fromEntries(risk.roles.map((role) => [role, decidersOf(context, role, content.excludes)])),
    preview: { kind: 'preview', version, before, after, patch: diffDocuments(before, after) },
  };
}

function decidersOf({ policy }: Context, role: string, excludes: readonly string[]): string[] {
  return policy.roster.people
    .filter(({ personId, roles }) => roles.includes(role) && !excludes.includes(personId))
    .map(({ personId }) => personId);
}
