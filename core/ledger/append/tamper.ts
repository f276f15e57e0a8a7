/** Telling that somebody changed what is stored: as an error for who watches, and as an entry on a chain of the system. */
import { NervousError } from '../../errors/index.ts';
import { defined } from '../../values/index.ts';
import type { AppendRequest } from './append-types.ts';
import type { Finding } from '../entries/verification.ts';

/** Where the ledger records what was done to it from outside. */
export const TAMPER_CHAIN = 'system/tamper';

/** `LEDGER_TAMPERED`: what is stored is not what was recorded, and was not relied on: verify the ledger. */
export class TamperError extends NervousError<'LEDGER_TAMPERED'> {}

/** One and the same for one finding. */
export function tamperKey({ verdict, entity, seq }: Finding): string {
  return `${verdict}#${entity}#${seq}`;
}

/** Recorded once for each finding, however often it is found. @param observer id of the service that found it */
export function tamperRecord(finding: Finding, observer: string): AppendRequest {
  const { verdict, entity, seq, position, detail } = finding;
  const change = verdict === 'MISSING_ENTRY' ? 'removed' : 'modified';
  const idem = tamperKey(finding);
  return {
    entries: [
      {
        chain: TAMPER_CHAIN,
        idemKey: `tamper#${idem}`,
        draft: {
          type: 'tamper.observed',
          actor: { kind: 'service', id: observer },
          idem,
          data: { change, detail, entity, seq, verdict, ...defined({ position }) },
        },
      },
    ],
  };
}
