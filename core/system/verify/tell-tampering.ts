/** What becomes of it when something stored turns out not to be what was recorded: told to the engine, and recorded, once. */
import { TamperError, tamperKey, tamperRecord, type Appender, type Finding } from '../../ledger/index.ts';

/** Findings of one process that are remembered as told. */
const MAX_TOLD = 1_000;

export interface TamperTeller {
  /** Never throws, and waits for nothing: who found it must refuse in any case. */
  readonly tell: (finding: Finding) => void;
  /** From now on it is recorded too. */
  readonly recordWith: (appender: Pick<Appender, 'append'>) => void;
  /** Resolves when what was told so far is recorded. */
  readonly flush: () => Promise<void>;
}

export function createTamperTeller(onError: (error: unknown) => void): TamperTeller {
  let appender: Pick<Appender, 'append'> | undefined;
  const told = new Set<string>();
  const recording = new Set<Promise<unknown>>();
  return {
    tell: (finding) => {
      const key = tamperKey(finding);
      if (told.has(key)) return;
      if (told.size >= MAX_TOLD) told.clear();
      told.add(key);
      const { verdict, entity, seq, detail } = finding;
      const message = `${verdict} at "${entity}" #${seq}: ${detail}: keep everything as it is, and see docs/auditing.md`;
      onError(new TamperError({ code: 'LEDGER_TAMPERED', message }));
      const appended = appender?.append(tamperRecord(finding, 'governance'));
      if (appended === undefined) return;
      const recorded = appended.catch(onError).finally(() => recording.delete(recorded));
      recording.add(recorded);
    },
    recordWith: (given) => {
      appender = given;
    },
    flush: async () => {
      await Promise.all(recording);
    },
  };
}
