/** Do two verifiers say the same of a folder: the same verdict about the same entry, index and file? Words may differ. */
import type { VerificationReport } from '../../core/ledger/index.ts';
import type { PythonAnswer } from './python-verifier.ts';

/** What ours answered: a report, or the error with which it refused to begin. */
export type OurAnswer = VerificationReport | { readonly refused: string } | { readonly crashed: string };

/** @returns undefined when they agree, else both answers in words */
export function disagreement(ours: OurAnswer, theirs: PythonAnswer): string | undefined {
  const [one, other] = [placeOf(ours), placeOf(theirs)];
  return one === other ? undefined : `ours: ${one} ${detailOf(ours)}\n  verifier.py: ${other} ${detailOf(theirs)}`;
}

/** Both name something, whatever it is. */
export function areBothBad(ours: OurAnswer, theirs: PythonAnswer): boolean {
  return 'firstBad' in ours && 'firstBad' in theirs;
}

function placeOf(answer: OurAnswer | PythonAnswer): string {
  if ('refused' in answer) return 'refused to begin';
  if ('crashed' in answer) return 'crash of ours';
  if ('error' in answer) return answer.error === 'usage' ? 'refused to begin' : answer.error;
  const { verdict, firstBad } = answer;
  if (firstBad === undefined) return verdict;
  const { entity, seq, position, path } = firstBad;
  return `${firstBad.verdict} ${JSON.stringify({ entity, seq, position, path })}`;
}

function detailOf(answer: OurAnswer | PythonAnswer): string {
  if ('refused' in answer) return answer.refused;
  if ('crashed' in answer) return answer.crashed;
  if ('error' in answer) return answer.detail;
  return answer.firstBad?.detail ?? '';
}
