/** What a change-set makes of a document, as lines for people: each place with what stands there and what would. */
import type { Preview } from '../../../core/changes/index.ts';
import { differenceLines } from './words.ts';

export function previewLines(
  entityId: string,
  { version, before, after }: Pick<Extract<Preview, { kind: 'preview' }>, 'version' | 'before' | 'after'>,
): string[] {
  const lines = differenceLines(entityId, before, after);
  const on = version === 0 ? 'on nothing: there is no document yet' : `on version ${version} of the document`;
  return [`  ${on}:`, ...(lines.length === 0 ? ['nothing changes'] : lines).map((line) => `    ${line}`)];
}
