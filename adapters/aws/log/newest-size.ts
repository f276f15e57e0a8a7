/**
 * The largest of many sizes that can only be listed upwards, in few questions however many there are. What was known before
 * is where the search begins, nothing more: it may be old, or wrong.
 */

/** Sizes there are, ascending, greater than `after`. */
export type ListSizes = (after: number, limit: number) => Promise<readonly number[]>;

/** Sizes listed at a time; when fewer come, they are the last ones. */
const PAGE = 100;

export async function newestSize(list: ListSizes, known: number | undefined): Promise<number | undefined> {
  const from = known === undefined || known < 1 ? undefined : await search(list, known - 1);
  return from ?? search(list, -1);
}

/** The largest size above `after`; undefined when there is none. */
async function search(list: ListSizes, after: number): Promise<number | undefined> {
  let newest: number | undefined;
  let low = after;
  /** there is no size above it */
  let high = Number.MAX_SAFE_INTEGER;
  for (let step = PAGE; low < high;) {
    const page = await list(low, PAGE);
    newest = page.at(-1) ?? newest;
    if (newest === undefined || page.length < PAGE) return newest;
    low = newest;
    // Further each time while there is something beyond; once there is not, halfway.
    const far = high === Number.MAX_SAFE_INTEGER ? Math.min(low + step, high - 1) : low + Math.floor((high - low) / 2);
    const [beyond] = await list(far, 1);
    if (beyond === undefined) high = far;
    else [newest, low] = [beyond, beyond];
    step *= 2;
  }
  return newest;
}
