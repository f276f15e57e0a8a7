/** What a change-set makes of a document, as lines for people: each place with what stands there and what would. */
import type { JsonValue } from '../../../core/canonical/index.ts';
import type { Preview } from '../../../core/changes/index.ts';

export function previewLines({ version, before, patch }: Extract<Preview, { kind: 'preview' }>): string[] {
  const places = patch.map((step) => {
    const old = step.op === 'add' ? '(nothing)' : JSON.stringify(valueAt(before, step.path));
    return `    ${step.path === '' ? '(the document)' : step.path}: ${old} → ${step.op === 'remove' ? '(nothing)' : JSON.stringify(step.value)}`;
  });
  return [`  on version ${version} of the document:`, ...(places.length === 0 ? ['    nothing changes'] : places)];
}

/** By a JSON pointer (RFC 6901) that leads somewhere: the difference was made from this very document. */
function valueAt(document: JsonValue, pointer: string): JsonValue | undefined {
  let value: JsonValue | undefined = document;
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    value = (value as { readonly [key: string]: JsonValue } | null | undefined)?.[key];
  }
  return value;
}
