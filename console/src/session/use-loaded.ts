/** Something that is loaded for a view, anew when what it depends on changes; an answer to an earlier question is dropped. */
import { useCallback, useEffect, useState } from 'preact/hooks';

export type Loaded<Value> =
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready'; readonly value: Value }
  | { readonly kind: 'failed'; readonly error: unknown };

/** @returns what there is, and what loads it again without hiding what is shown meanwhile */
export function useLoaded<Value>(load: () => Promise<Value>, on: readonly unknown[]): [Loaded<Value>, () => void] {
  const [loaded, setLoaded] = useState<Loaded<Value>>({ kind: 'loading' });
  const [round, setRound] = useState(0);
  useEffect(() => setLoaded({ kind: 'loading' }), on);
  useEffect(() => {
    let isWanted = true;
    const keep = (next: Loaded<Value>): void => {
      if (isWanted) setLoaded(next);
    };
    load().then(
      (value) => keep({ kind: 'ready', value }),
      (error: unknown) => keep({ kind: 'failed', error }),
    );
    return () => {
      isWanted = false;
    };
  }, [...on, round]);
  return [loaded, useCallback(() => setRound((one) => one + 1), [])];
}
