/** What a lake needs: a place for its files, and somebody who knows Parquet. */
import type { JsonObject } from '../canonical/index.ts';
import type { ClassName } from './columns.ts';

export interface LakeFiles {
  /** undefined: there is no such file */
  read(path: string): Promise<Uint8Array | undefined>;
  /**
   * False: the path is taken, and what it holds stays as it is. After a crash the file is there whole or not at all; after an error
   * it may be there.
   */
  create(path: string, bytes: Uint8Array): Promise<boolean>;
  /** paths of all files below, in order; '' is the whole lake */
  list(below: string): Promise<readonly string[]>;
}

export interface LakeTable {
  /** The same bytes for the same events, as long as the library and the version of Node are the same. */
  write(className: ClassName, events: readonly JsonObject[]): Promise<Uint8Array>;
  /** Undefined: it is no table of this class. Input is untrusted. */
  read(className: ClassName, bytes: Uint8Array): Promise<readonly JsonObject[] | undefined>;
}
