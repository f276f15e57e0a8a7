/**
 * The public log of an engine: its folder, its anchors, its witnesses, and the loop that publishes while the engine runs.
 */
import { join } from 'node:path';
import {
  createLogPublisher,
  logSigner,
  type AnchorStore,
  type Clock,
  type EntryStore,
  type LogFiles,
  type NoteKey,
  type RootSigner,
  type Witness,
} from '../../../core/ledger/index.ts';
import { defined } from '../../../core/values/index.ts';
import { createAnchorFolder } from './anchor-folder.ts';
import { anchorPlace } from './incarnations.ts';
import { openLocalWitness } from './local-witness.ts';
import { createLogFolder } from './log-folder.ts';
import { startLogLoop, type LogLoop } from './log-loop.ts';

/** Folders of a data folder. */
export const LOG_FOLDER = 'log';
export const ANCHOR_FOLDER = 'anchors';
export const WITNESS_FOLDER = 'witness';

export interface PublicLogOptions {
  readonly dataDir: string;
  /** default: `anchors` in the data folder. Elsewhere it outlives whoever changes the data folder */
  readonly anchorsDir?: string;
  readonly entries: EntryStore;
  readonly rootSigner: RootSigner;
  /** keys that sign or signed its checkpoints; grows when the root key is rotated */
  readonly rootKeys: readonly NoteKey[];
  /** sizes at which the log was begun anew after a loss */
  readonly incarnations?: readonly number[];
  /** beside the one in the data folder */
  readonly witnesses?: readonly Witness[];
  readonly clock: Clock;
  readonly intervalMs?: number;
  readonly onError: (error: unknown) => void;
}

export interface PublicLog {
  readonly files: LogFiles;
  readonly anchors: AnchorStore;
  readonly loop: LogLoop;
}

export function openPublicLog(options: PublicLogOptions): PublicLog {
  const { dataDir, entries, clock, intervalMs, onError, incarnations = [], witnesses = [] } = options;
  const rootSigner = logSigner(options.rootSigner, incarnations);
  const origin = rootSigner.name;
  const files = createLogFolder(join(dataDir, LOG_FOLDER));
  const anchors = createAnchorFolder(anchorPlace(options.anchorsDir ?? join(dataDir, ANCHOR_FOLDER), incarnations));
  const local = openLocalWitness({
    folder: join(dataDir, WITNESS_FOLDER),
    name: `${options.rootSigner.name}/witness`,
    logs: new Map([[origin, options.rootKeys]]),
    clock,
  });
  const publisher = createLogPublisher({
    ...{ origin, entries, files, anchors, rootSigner, clock },
    formerKeys: options.rootKeys,
    witnesses: [local, ...witnesses],
    onWitnessError: onError,
  });
  const loop = startLogLoop({ publisher, clock, onError, ...defined({ intervalMs }) });
  return { files, anchors, loop };
}
