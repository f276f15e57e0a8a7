/**
 * An appender that can be had alone: everything accepted before is settled, everything after waits. What changes the keys is
 * done so, because an entry sealed with the old key and placed behind the change would be taken for a forgery.
 */
import type { Appender } from './append-types.ts';

export interface GatedAppender extends Appender {
  /** Resolves as `work` does. `work` must use the appender it is given: this one waits for it. */
  alone<T>(work: (appender: Appender) => Promise<T>): Promise<T>;
}

export function createGatedAppender(appender: Appender): GatedAppender {
  let gate: Promise<void> | undefined;
  const passed = async (): Promise<void> => {
    while (gate !== undefined) await gate;
  };
  return {
    append: (request) =>
      gate === undefined ? appender.append(request) : passed().then(() => appender.append(request)),
    sessionKey: () => (gate === undefined ? appender.sessionKey() : passed().then(() => appender.sessionKey())),
    drain: async () => {
      await passed();
      await appender.drain();
    },
    alone: async (work) => {
      await passed();
      const done = appender.drain().then(() => work(appender));
      gate = done.then(
        () => void (gate = undefined),
        () => void (gate = undefined),
      );
      return done;
    },
  };
}
