/**
 * Takes one message of the ingest queue. What cannot be taken is kept in quarantine; what could not be written is thrown,
 * so that the message comes again and in the end goes to the dead letters. It knows no event formats.
 */
import { CanonicalError, parseStrict } from '../../core/canonical/index.ts';
import type { Ingest, IngressResult } from '../../core/events/index.ts';
import type { Execute } from '../../core/system/index.ts';

export interface TakeEventDependencies {
  readonly execute: Execute;
  readonly ingest: Ingest;
  /** Resolves when what was recorded is handed on. */
  readonly flush: () => Promise<void>;
}

export async function takeEvent(
  { execute, ingest, flush }: TakeEventDependencies,
  body: string,
): Promise<IngressResult> {
  const result = await execute({
    useCase: 'ingestEvent',
    principal: undefined, // who it is from, the configuration says when the event has been read
    run: () => ingest(read(body)),
    outcomeOf: ({ status }) => (status === 'quarantined' ? 'refused' : 'succeeded'),
  });
  await flush();
  return result;
}

/** JSON, or the text that is none: then quarantine keeps it as it came. */
function read(body: string): unknown {
  try {
    return parseStrict(body);
  } catch (error) {
    if (error instanceof CanonicalError) return body;
    throw error;
  }
}
