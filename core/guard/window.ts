/**
 * Counts in fixed windows of server time, by which storms and loops are found. A window knows how many events came, and not
 * which. A fixed window needs one number, to which several processes can add; a burst across a boundary counts in two halves.
 */
export interface Window {
  /** milliseconds since the Unix epoch, a multiple of the window's length */
  readonly startMs: number;
  readonly count: number;
}

/** The window that `nowMs` is in, with `events` more. In another one than before, also an earlier one, the count begins anew. */
export function countIn(
  window: Window | undefined,
  events: number,
  { lengthMs, nowMs }: { readonly lengthMs: number; readonly nowMs: number },
): Window {
  const startMs = nowMs - (nowMs % lengthMs);
  return { startMs, count: events + (window?.startMs === startMs ? window.count : 0) };
}

/** What is known of a window after somebody else's count of it was learned. */
export function atLeast(window: Window | undefined, learned: Window): Window {
  return window?.startMs === learned.startMs && window.count > learned.count ? window : learned;
}
