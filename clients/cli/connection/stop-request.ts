/** When a command that runs on is asked to end: by a signal, or because whoever started it is gone. */

const PARENT_CHECK_MS = 200;

/** Listens from the start, so that a signal during startup is not lost. */
export function stopRequest(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve());
    process.on('disconnect', () => resolve());
    process.channel?.unref(); // only to learn of the parent's end, not a reason to live
    if (process.env['npm_lifecycle_event'] !== undefined) onParentsEnd(resolve);
  });
}

/** npm that is killed outright passes no signal on: an engine nobody sees must not keep the data folder locked. */
function onParentsEnd(stop: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid !== parent) stop();
  }, PARENT_CHECK_MS);
  timer.unref();
}
