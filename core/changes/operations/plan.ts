/** Plans a change-set's operations on a document: pure, in order, with every document on the way. Nothing is applied. */
import { must } from '../../errors/index.ts';
import type { Document, VersionedDocument } from '../model/document.ts';
import { ChangeError, inPayload } from '../model/errors.ts';
import type { OperationTypes } from './operations.ts';
import type { Operation } from '../model/steps.ts';

/**
 * The document after each operation.
 * @throws ChangeError STALE_BASE | CHANGE_INVALID | CHANGE_UNFIT with a pointer to the operation
 */
export function planOperations(
  base: Pick<VersionedDocument, 'document' | 'version'>,
  operations: readonly Operation[],
  types: OperationTypes,
): readonly Document[] {
  const stale = operations.findIndex(({ baseVersion }) => baseVersion !== undefined && baseVersion !== base.version);
  if (stale >= 0) {
    const detail = `is meant for version ${must(operations[stale]?.baseVersion, 'the version an operation is meant for')} of the document, which is at ${base.version}: read it and propose again`;
    const pointer = `/operations/${stale}/baseVersion`;
    throw new ChangeError({ code: 'STALE_BASE', message: `${pointer}: ${detail}`, problems: [{ pointer, detail }] });
  }
  let document: Document = base.document;
  return operations.map((operation, i) => (document = planOperation(document, operation, { types, index: i })));
}

/** The document after all operations, at whatever version it began. @throws ChangeError CHANGE_INVALID | CHANGE_UNFIT */
export function planResult(before: Document, operations: readonly Operation[], types: OperationTypes): Document {
  return operations.reduce((document, one, index) => planOperation(document, one, { types, index }), before);
}

/** @throws ChangeError CHANGE_INVALID | CHANGE_UNFIT */
export function planOperation(
  document: Document,
  { type, payload, executor }: Operation,
  { types, index }: { readonly types: OperationTypes; readonly index: number },
): Document {
  const known = types.get(type);
  // What a registered executor does is not planned here; whether it is the one that was approved is seen when it is called.
  if (known === undefined || (known.bind === undefined && known.executor !== executor)) {
    throw new ChangeError({
      code: 'CHANGE_INVALID',
      message: `operation ${index} needs ${executor}, which is not here: ${known?.executor ?? 'nothing'} is`,
    });
  }
  return inPayload(index, () => known.plan(document, payload));
}
