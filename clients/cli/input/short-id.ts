/** Short ids, as with git: the beginning of an id stands for it while no other that the caller may see begins so. */
import { UsageError } from '../output/output.ts';

/** An id, and what tells a person which one it is. */
export interface Named {
  readonly id: string;
  readonly about: string;
}

/** How many an error lists. */
export const MAX_LISTED = 5;

/**
 * @param all that there are; a whole id stands for itself, even where others begin with it
 * @returns the whole id; what is the beginning of none is left for the service to judge @throws UsageError that lists them
 */
export function idAmong(text: string, all: readonly Named[], plural: string): string {
  const found = all.filter(({ id }) => id.startsWith(text));
  if (text === '' || found.length === 0 || found.some(({ id }) => id === text)) return text;
  return onlyOne(text, found, plural);
}

/** @param found one or more @throws UsageError that lists them */
export function onlyOne(text: string, found: readonly Named[], plural: string): string {
  const [first, second] = found;
  if (first !== undefined && second === undefined) return first.id;
  const lines = found.slice(0, MAX_LISTED).map(({ id, about }) => `  ${id}  ${about}`);
  const more = found.length > MAX_LISTED ? ['  and others'] : [];
  throw new UsageError(
    [`"${text}" is the beginning of several ${plural}: give more of it`, ...lines, ...more].join('\n'),
  );
}
