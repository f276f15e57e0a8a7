/** How long something still takes, or that it is over. */
import type { JSX } from 'preact';
import { useNow } from '../session/use-now.ts';
import { span, Time } from './parts.tsx';

export function Countdown({ to, over }: { readonly to: string; readonly over: string }): JSX.Element {
  const left = Date.parse(to) - useNow();
  return (
    <>
      {left > 0 ? `in ${span(left)}` : over} (<Time at={to} />)
    </>
  );
}
