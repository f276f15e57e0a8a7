/** Work that is done once and shared; what failed is forgotten, so that the next caller tries again. */
export function once<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let done: Promise<Result> | undefined;
  return () => {
    if (done === undefined) {
      const trying = work();
      done = trying;
      trying.catch(() => (done = undefined));
    }
    return done;
  };
}
