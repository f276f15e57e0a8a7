/**
 * Answers CloudFormation, for which this function is a custom resource: before the buses are deleted, what was made at
 * runtime is removed, because a bus with rules cannot go. Making and changing the resource does nothing.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requesttypes.html
 */
import * as z from 'zod';

const stackRequest = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  ResponseURL: z.url(),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
});

/** It never changes: another id would make CloudFormation delete this one. */
const PHYSICAL_ID = 'subscriptions-made-at-runtime';

/** @returns false when the event is not CloudFormation's */
export async function answerStack(event: unknown, teardown: () => Promise<unknown>): Promise<boolean> {
  const parsed = stackRequest.safeParse(event);
  if (!parsed.success) return false;
  const { RequestType, ResponseURL, StackId, RequestId, LogicalResourceId } = parsed.data;
  const outcome = RequestType === 'Delete' ? await outcomeOf(teardown) : { Status: 'SUCCESS' };
  const body = { ...outcome, PhysicalResourceId: PHYSICAL_ID, StackId, RequestId, LogicalResourceId };
  const response = await fetch(ResponseURL, { method: 'PUT', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`CloudFormation did not take the answer: ${response.status}`);
  return true;
}

async function outcomeOf(teardown: () => Promise<unknown>): Promise<{ Status: string; Reason?: string }> {
  try {
    await teardown();
    return { Status: 'SUCCESS' };
  } catch (error) {
    return { Status: 'FAILED', Reason: error instanceof Error ? error.message : String(error) };
  }
}
