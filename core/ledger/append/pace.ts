/**
 * Whether two batches at a time are faster than one. Where the disk answers soon, one is written while the other is made; where each
 * flush takes longer than making a batch, half a batch a flush would be half as much. Which of both it is, is measured as it runs.
 */

/** Entries below which a batch says little: it is over before a clock of milliseconds moves. */
const TELLING_ENTRIES = 16;
/** How much the newest batch counts. */
const WEIGHT = 1 / 8;
/** Writing may take so much longer than making the batch, and halves are still faster (docs/adr/0006 has the figures). */
const HALVE_FACTOR = 1.25;
/** So much longer than making half a batch must writing it take before two are made one again. */
const MERGE_FACTOR = 2;

export class Pace {
  private makingMs = 0;
  private writingMs = 0;

  /** What was let in, prepared and signed. */
  made(entries: number, ms: number): void {
    if (entries >= TELLING_ENTRIES) this.makingMs += WEIGHT * (ms - this.makingMs);
  }

  wrote(entries: number, ms: number): void {
    if (entries >= TELLING_ENTRIES) this.writingMs += WEIGHT * (ms - this.writingMs);
  }

  get isWorthHalving(): boolean {
    return this.writingMs <= HALVE_FACTOR * this.makingMs;
  }

  get isWorthMerging(): boolean {
    return this.writingMs > MERGE_FACTOR * this.makingMs;
  }
}
