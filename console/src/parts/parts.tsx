/** Small things that every view is made of. Whatever others wrote is shown as text, with what hides in it written out. */
import type { ComponentChildren, JSX } from 'preact';
import { canonicalize, showHidden, showHiddenJson, type JsonValue } from '../../../core/canonical/index.ts';
import { reasonOf } from '../session/session.ts';
import type { Loaded } from '../session/use-loaded.ts';

export function Problem({ reason }: { readonly reason: string }): JSX.Element {
  return (
    <p class="problem" role="alert">
      {showHidden(reason, 'text')}
    </p>
  );
}

/** Shows what is loaded, or that it is not yet, or why not. */
export function Show<Value>(props: {
  readonly loaded: Loaded<Value>;
  readonly children: (value: Value) => ComponentChildren;
}): JSX.Element {
  const { loaded, children } = props;
  switch (loaded.kind) {
    case 'loading':
      return <p aria-busy="true">Loading …</p>;
    case 'failed':
      return <Problem reason={reasonOf(loaded.error)} />;
    case 'ready':
      return <>{children(loaded.value)}</>;
  }
}

/** A line that somebody else wrote. */
export function Line({ text }: { readonly text: string }): JSX.Element {
  return <bdi>{showHidden(text, 'line')}</bdi>;
}

/** Lines that somebody else wrote, said to be theirs. */
export function Quote({ by, text }: { readonly by: string; readonly text: string }): JSX.Element {
  return (
    <figure class="quote">
      <figcaption>
        Words of <bdi>{showHidden(by, 'line')}</bdi>; nobody has checked them
      </figcaption>
      <blockquote>
        <bdi>{showHidden(text, 'text')}</bdi>
      </blockquote>
    </figure>
  );
}

export function Json({ value }: { readonly value: JsonValue | undefined }): JSX.Element {
  return <code class="json">{value === undefined ? '' : showHiddenJson(canonicalize(value))}</code>;
}

/** Whole, in groups that an eye can compare with another screen. */
export function Hash({ value }: { readonly value: string }): JSX.Element {
  return <code class="hash">{value.replaceAll(/.{4}(?=.)/g, '$& ')}</code>;
}

export function Level({ level }: { readonly level: string | undefined }): JSX.Element {
  return <span class={`level ${level ?? 'none'}`}>{level ?? 'not assessed'}</span>;
}

export function Time({ at }: { readonly at: string }): JSX.Element {
  return <time dateTime={at}>{new Date(at).toLocaleString()}</time>;
}

/** In the two largest units: `3 d 4 h`. */
export function span(ms: number): string {
  const seconds = Math.max(Math.floor(ms / 1_000), 0);
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3_600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

/** Keeps wide content from making the page wide; it can be reached and moved by keyboard. */
export function Wide({
  label,
  children,
}: {
  readonly label: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <div class="wide" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
