/**
 * How many bytes of bodies may be in memory at once: of all requests together, and of one caller, so that none can take the
 * room from the others. Counted as they arrive: what is announced and does not come takes nothing.
 */
import { countOf } from '../../../core/values/index.ts';
export interface BodyLimits {
  /** bytes of all bodies under way */
  readonly bytes: number;
  /** bytes of one caller's */
  readonly bytesPerCaller: number;
}

const MIB = 1_048_576;
const BODY_LIMITS: BodyLimits = { bytes: 64 * MIB, bytesPerCaller: 16 * MIB };

export class BodyRoom {
  private readonly limits: BodyLimits;
  private readonly byCaller = new Map<string, number>();
  private taken = 0;

  constructor(limits: BodyLimits = BODY_LIMITS) {
    this.limits = limits;
  }

  /** @returns whether there was room */
  take(caller: string, bytes: number): boolean {
    const own = countOf(this.byCaller, caller) + bytes;
    if (own > this.limits.bytesPerCaller || this.taken + bytes > this.limits.bytes) return false;
    this.byCaller.set(caller, own);
    this.taken += bytes;
    return true;
  }

  give(caller: string, bytes: number): void {
    const own = countOf(this.byCaller, caller) - bytes;
    if (own <= 0) this.byCaller.delete(caller);
    else this.byCaller.set(caller, own);
    this.taken -= bytes;
  }
}
