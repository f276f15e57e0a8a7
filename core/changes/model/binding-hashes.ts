/**
 * What decisions bind to: the hash of a content and that of an assessment. Apart from the schemas of steps, because clients, which hash
 * what they show anew, have no use for those.
 */
import type { AssessmentHash, ContentHash, EntityId, Given } from '../../brands/index.ts';
import { canonicalize, taggedHash } from '../../canonical/index.ts';
import type { Assessment, Operation } from './steps.ts';

const CONTENT_TAG = 'nervous-system.change.content.v1';
const ASSESSMENT_TAG = 'nervous-system.change.assessment.v1';

/** What an approval binds to: everything that will be carried out, and on what. */
export function contentHash(entityId: Given<EntityId>, operations: readonly Operation[]): ContentHash {
  const content = {
    targets: [entityId],
    operations: operations.map(({ type, payload, baseVersion, executor, inverse }) => ({
      type,
      payload,
      precondition: baseVersion === undefined ? null : { baseVersion },
      inverse,
      executor,
    })),
  };
  return taggedHash(CONTENT_TAG, canonicalize(content, { integersOnly: true }));
}

/** Hex SHA-256 of everything an assessment says; what a vote binds to. */
export function assessmentHash(assessment: Omit<Assessment, 'assessmentHash'>): AssessmentHash {
  return taggedHash(ASSESSMENT_TAG, canonicalize(assessment, { integersOnly: true }));
}
