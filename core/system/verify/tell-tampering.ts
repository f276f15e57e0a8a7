/** What becomes of it when something stored turns out not to be what was recorded: told to the engine, and recorded, once. */
import { TamperError, tamperKey, tamperRecord, type Appender, type Finding } from '../../ledger/index.ts';

/** Findings of one process that are remembered as told. */
const MAX_TOLD = 1_000;

/**
 * Tells each finding once. Never throws, and waits for nothing: who found it must refuse in any case.
 * @param onTold where it is recorded, by whoever records anything
 */
export function createTamperTeller(
  onError: (error: unknown) => void,
  onTold: (finding: Finding) => void,
): (finding: Finding) => void {
  const told = new Set<string>();
  return (finding) => {
    const key = tamperKey(finding);
    if (told.has(key)) return;
    if (told.size >= MAX_TOLD) told.clear();
    told.add(key);
    const { verdict, entity, seq, detail } = finding;
    const message = `${verdict} at "${entity}" #${seq}: ${detail}: keep everything as it is, and see docs/auditing.md`;
    onError(new TamperError({ code: 'LEDGER_TAMPERED', message }));
    onTold(finding);
  };
}

export interface TamperRecorder {
  /** Never throws, and waits for nothing. */
  readonly record: (finding: Finding) => void;
  /** Resolves when what was found so far is recorded. */
  readonly flush: () => Promise<void>;
}

export function createTamperRecorder(
  appender: Pick<Appender, 'append'>,
  onError: (error: unknown) => void,
): TamperRecorder {
  const recording = new Set<Promise<unknown>>();
  return {
    record: (finding) => {
      const recorded = appender
        .append(tamperRecord(finding, 'governance'))
        .catch(onError)
        .finally(() => recording.delete(recorded));
      recording.add(recorded);
    },
    flush: async () => {
      await Promise.all(recording);
    },
  };
}
