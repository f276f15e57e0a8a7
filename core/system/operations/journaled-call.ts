/** One call as the access journal sees it: what it is about, and how it ended. */
import type { Principal } from '../../policy/index.ts';
import type { AccessJournal, AccessSubject } from './access-journal.ts';
import type { Outcome } from './metrics.ts';
import { USE_CASES, type UseCaseName } from './use-case-table.ts';

export interface JournaledCall {
  readonly said: {
    about(subject: AccessSubject | undefined): void;
    journal(subject: AccessSubject): Promise<void>;
  };
  ended(outcome: Outcome, code?: string): Promise<void>;
}

/** What nobody who is known asked for is not journaled: anybody could fill the ledger with it. Neither is what no request could mean. */
export function journaledCall(
  journal: AccessJournal | undefined,
  useCase: UseCaseName,
  principal: Principal | undefined,
): JournaledCall {
  let subject: AccessSubject | undefined;
  const read = async (read: AccessSubject): Promise<void> => {
    if (principal === undefined || USE_CASES[useCase].access === 'acts') return;
    if (journal === undefined) throw new Error(`this process serves ${useCase} and was given no access journal`);
    await journal.read({ useCase, principal, subject: read });
  };
  return {
    said: {
      about: (said) => void (subject = said),
      journal: read,
    },
    ended: async (outcome, code) => {
      if (principal === undefined) return;
      if (outcome === 'succeeded' && subject !== undefined) await read(subject);
      else if (outcome === 'refused' && (subject !== undefined || code === 'FORBIDDEN'))
        await journal?.refused({ useCase, principal, subject: subject ?? {}, code });
    },
  };
}
