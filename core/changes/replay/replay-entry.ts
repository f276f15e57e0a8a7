/** An entry as it is replayed: parsed, with its chain hash and its place in the log. */
import type { ChainEntry } from '../model/steps.ts';

export interface ReplayEntry extends ChainEntry {
  /** log index */
  readonly position: number;
}
