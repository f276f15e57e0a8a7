/**
 * Is what is shown what a decision binds to? Hashes content, assessment and document anew from what the approver sees, with
 * nothing but that in hand: for clients, which trust neither the server nor the page between them and the ledger.
 */
import { canonicalize } from '../../canonical/index.ts';
import { assessmentHash, contentHash } from '../model/binding-hashes.ts';
import { diffDocuments, documentHash } from '../model/document.ts';
import type { ChangeView } from './view.ts';

/** What of the view is not what its hashes say; empty: a decision on it binds to exactly what is shown. */
export function bindingProblems(shown: ChangeView): string[] {
  return [...contentProblems(shown), ...assessmentProblems(shown), ...previewProblems(shown)];
}

function contentProblems({ entityId, operations, contentHash: named }: ChangeView): string[] {
  return contentHash(entityId, operations) === named
    ? []
    : ['the operations shown are not those that the content hash stands for'];
}

function assessmentProblems({
  id,
  revision,
  contentHash: content,
  assessment,
  assessmentHash: named,
  risk,
}: ChangeView): string[] {
  if (assessment === undefined || named === undefined || risk === undefined)
    return ['it is not assessed: nobody can decide on it'];
  if (assessmentHash(assessment) !== named) return ['the assessment shown is not the one that its hash stands for'];
  const isItsOwn = assessment.change === id && assessment.revision === revision && assessment.contentHash === content;
  if (!isItsOwn) return ['the assessment is about another change-set, revision or content'];
  const displayedAs = (one: typeof risk | typeof assessment): string => {
    const { level, enforcement = 'hard', roles, approvals, timelockMinutes, matched, facts } = one;
    return canonicalize({ level, enforcement, roles, approvals, timelockMinutes, matched, facts });
  };
  return displayedAs(risk) === displayedAs(assessment) ? [] : ['the risk shown is not the one that was assessed'];
}

/** Without a document to compare with, or on another version of it, nobody can see what an approval would let happen. */
function previewProblems({ preview, assessment }: ChangeView): string[] {
  if (assessment === undefined) return [];
  if (preview?.kind !== 'preview') return ['it does not say what would become of the document'];
  const { version, before, after, patch } = preview;
  if (version !== assessment.base.version)
    return [
      `it was assessed on version ${assessment.base.version} of the document, which is at ${version}: it has to be revised, unchanged if need be`,
    ];
  const isBound = documentHash(before) === assessment.base.hash && documentHash(after) === assessment.result;
  const isWhole = canonicalize(diffDocuments(before, after)) === canonicalize(patch);
  return isBound && isWhole ? [] : ['the documents shown are not those that were assessed'];
}
