/** The public log's files, anchors and a witness's memory, in memory, with hooks that break or stop any write. */
import type { AnchorStore, LogFiles, Remembered, WitnessMemory } from '../../core/ledger/index.ts';

/** Called around every write with its name and path; throwing in `before` loses it, in `after` only its answer. */
export interface LogFaults {
  before?: (write: string) => void;
  after?: (write: string) => void;
}

export class MemoryLog {
  readonly files = new Map<string, Uint8Array>();
  readonly anchored = new Map<number, Uint8Array>();
  readonly remembered = new Map<string, Remembered>();
  faults: LogFaults = {};

  readonly logFiles: LogFiles = {
    read: async (path) => this.files.get(path),
    write: (path, bytes) => this.change(`write ${path}`, () => void this.files.set(path, bytes)),
    replaceCheckpoint: (note, before) =>
      this.change('checkpoint', () => {
        if (!isSame(this.files.get('checkpoint'), before)) return false;
        this.files.set('checkpoint', note);
        return true;
      }),
    removePartials: (fullPath) =>
      this.change(`remove ${fullPath}`, () => {
        for (const path of this.files.keys()) if (path.startsWith(`${fullPath}.p/`)) this.files.delete(path);
      }),
  };

  readonly anchors: AnchorStore = {
    put: (size, note) =>
      this.change('anchor', () => {
        if (this.anchored.has(size)) return 'exists';
        this.anchored.set(size, note);
        return 'stored';
      }),
    read: async (size) => this.anchored.get(size),
    sizes: async (after, limit) =>
      this.sorted()
        .filter((size) => size > after)
        .slice(0, limit),
    newest: async () => this.sorted().at(-1),
  };

  readonly memory: WitnessMemory = {
    load: async (origin) => this.remembered.get(origin),
    store: (origin, next, before) =>
      this.change('witness', () => {
        const now = this.remembered.get(origin);
        if (now?.size !== before?.size || !isSame(now?.root, before?.root)) return false;
        this.remembered.set(origin, { size: next.size, root: next.root });
        return true;
      }),
  };

  private sorted(): number[] {
    return [...this.anchored.keys()].sort((a, b) => a - b);
  }

  private async change<T>(write: string, work: () => T): Promise<T> {
    await Promise.resolve();
    this.faults.before?.(write);
    const result = work();
    this.faults.after?.(write);
    return result;
  }
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0;
}
