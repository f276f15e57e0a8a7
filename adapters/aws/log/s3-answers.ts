/** What S3's answers mean to those who write on a condition. */

/** Nothing is there under that name. */
export function isMissing(error: unknown): boolean {
  return statusOf(error) === 404;
}

/** The condition of a write did not hold: nothing was written by this try. */
export function isConditionFailed(error: unknown): boolean {
  return statusOf(error) === 412;
}

function statusOf(error: unknown): number | undefined {
  const { $metadata } = (error ?? {}) as { $metadata?: { httpStatusCode?: number } };
  return $metadata?.httpStatusCode;
}
