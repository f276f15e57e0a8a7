/**
 * Is what the page shows what a vote would bind to? Content, assessment and documents are hashed anew, by WebCrypto and by the client's own
 * code; the server's word counts for nothing. A vote is offered only where every hash is as it says.
 */
import { canonicalize } from '../../../core/canonical/index.ts';
import { bindingProblems, type ChangeView } from '../../../core/changes/index.ts';
import { sha256, toHex, utf8 } from './bytes.ts';

export interface ShownVerdict {
  /** what is wrong; empty: a vote binds to exactly what is shown */
  readonly problems: readonly string[];
  /** as the browser computed it; undefined: it could not */
  readonly contentHash: string | undefined;
}

export async function verifyShown(change: ChangeView): Promise<ShownVerdict> {
  if (!isSecureContext)
    return { problems: ['not verified here: this page came over plain http'], contentHash: undefined };
  try {
    const computed = await contentHashOf(change);
    const problems = [...bindingProblems(change)];
    if (computed !== change.contentHash)
      problems.unshift('the operations shown do not have the hash that the server names');
    const { assessment, assessmentHash } = change;
    if (assessment !== undefined && (await tagged('change.assessment', assessment)) !== assessmentHash)
      problems.push('the assessment shown does not have the hash that the server names');
    return { problems: [...new Set(problems)], contentHash: computed };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { problems: [`what the server sent cannot be hashed: ${reason}`], contentHash: undefined };
  }
}

/** docs/formats.md: what will be carried out, and on what. */
function contentHashOf({ entityId, operations }: ChangeView): Promise<string> {
  return tagged('change.content', {
    targets: [entityId],
    operations: operations.map(({ type, payload, baseVersion, executor, inverse }) => ({
      ...{ type, payload, executor, inverse },
      precondition: baseVersion === undefined ? null : { baseVersion },
    })),
  });
}

/** Hex SHA-256 of the tag and the canonical text, a line each. */
async function tagged(tag: string, value: unknown): Promise<string> {
  const text = `nervous-system.${tag}.v1\n${canonicalize(value, { integersOnly: true })}\n`;
  return toHex(await sha256(utf8(text)));
}
