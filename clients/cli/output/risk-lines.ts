/** Why something is as risky as it is, as lines for people: the rules that matched, what they ask for, what they looked at. */
import { previewLines } from './preview-lines.ts';
import type { DryRun, MatchedRule, RiskView } from '../../../core/changes/index.ts';

export function riskLines({ level, enforcement, facts, rules, matched, sampled, eligible }: RiskView): string[] {
  const soft = enforcement === 'soft' ? ', soft: may be overridden in an emergency' : ', hard';
  const later = sampled === true ? '; somebody looks at it afterwards' : '';
  const found = rules?.map(ruleLine) ?? matched.map((name) => `    rule "${name}", of an earlier table`);
  return [
    `  risk: ${level}${soft}${later}`,
    ...(matched.length === 0 ? ['    no rule matched, so it is taken for large'] : found),
    ...Object.entries(eligible ?? {}).map(([role, more]) => `    escalated: ${more.join(' or ')} may act as ${role}`),
    `    facts: ${JSON.stringify(facts)}`,
  ];
}

/** What `propose --dry-run` shows. */
export function dryRunText({ entityId, risk, needs, deciders, preview }: DryRun): string {
  return [
    `dry run for ${entityId}: nothing was recorded`,
    ...riskLines(risk),
    `  needs: ${needs?.text ?? 'nobody: it would be executed at once'}`,
    ...Object.entries(deciders).map(
      ([role, people]) => `    as ${role}: ${people.join(', ') || 'nobody who may, so it would expire'}`,
    ),
    ...(risk.timelockMinutes > 0 ? [`  waits ${risk.timelockMinutes} minutes between approval and execution`] : []),
    ...(preview.kind === 'preview' ? previewLines(entityId, preview) : []),
  ].join('\n');
}

function ruleLine({ name, level, roles, approvals, enforcement, because }: MatchedRule): string {
  const asks = approvals === 0 ? 'asks nobody' : `asks ${approvals} of ${roles.join(', ')}`;
  const facts = Object.entries(because).map(([fact, value]) => `${fact} is ${JSON.stringify(value)}`);
  return `    rule "${name}": ${level}, ${asks}, ${enforcement}; because ${facts.join(', ') || 'it matches everything'}`;
}
