/** A change-set as lines for people: in short, and with everything a decision rests on. */
import { bindingProblems, type ChangeView, type Preview } from '../../../core/changes/index.ts';
import { riskLines } from './risk-lines.ts';
import { previewLines } from './preview-lines.ts';

/** Longer payloads are documents, which the difference says better. */
const MAX_PAYLOAD_CHARS = 160;

export function summary(change: ChangeView): string {
  const { id, entityId, title, proposer, state, risk, blocked, stillNeeded, deadline } = change;
  const needs = stillNeeded === undefined ? '' : `; needs ${stillNeeded.text}`;
  return [
    `${id}  ${title}`,
    `  ${entityId}, proposed by ${proposer.kind} ${proposer.id}, ${state}${risk === undefined ? '' : `, risk ${risk.level}`}${needs}`,
    `  decide before ${deadline}`,
    ...(blocked === undefined ? [] : [`  blocked: ${blocked.message}`]),
  ].join('\n');
}

export function details(change: ChangeView): string {
  const { entityId, rationale, evidence, operations, preview, revision, contentHash, votes, risk, failure } = change;
  return [
    summary(change),
    `  why: ${rationale}`,
    ...(risk === undefined ? [] : riskLines(risk)),
    ...evidence.map(({ url, title }) => `  evidence: ${title === undefined ? '' : `${title} `}${url}`),
    ...operations.map((operation) => operationLine(operation, preview)),
    ...(preview?.kind === 'preview' ? previewLines(entityId, preview) : []),
    ...(preview?.kind === 'misfit' ? [`  does not fit the document as it is now: ${preview.reason}`] : []),
    ...voteLines(votes),
    ...(failure === undefined ? [] : [`  failed: ${failure.message}`]),
    `  revision ${revision}, content ${contentHash}`,
    ...bindingProblems(change).map((problem) => `  DO NOT APPROVE: ${problem}`),
  ].join('\n');
}

export function voteLines(votes: ChangeView['votes']): string[] {
  return votes.map(({ personId, account, decision, reason }) => {
    const by = account === personId ? '' : ` by ${account}`;
    return `  ${personId}: ${decision}${by}${reason === undefined ? '' : ` (${reason})`}`;
  });
}

function operationLine({ type, payload }: ChangeView['operations'][number], preview: Preview | undefined): string {
  const text = JSON.stringify(payload);
  const isSaidBelow = type.startsWith('state.') && preview?.kind === 'preview' && text.length > MAX_PAYLOAD_CHARS;
  return isSaidBelow ? `  does: ${type}, as below` : `  does: ${type} ${text}`;
}
