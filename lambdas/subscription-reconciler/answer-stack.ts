/**
 * Answers CloudFormation, for which this function is a custom resource: what was made at runtime is removed before the buses
 * it is on are deleted, because a bus with rules cannot go; of a stage that is disposable, everything.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requesttypes.html
 */
import * as z from 'zod';
import type { ReconcileRequest } from '../../adapters/aws/subscriptions/reconciler.ts';

const properties = z.object({
  /** topic domains that have a bus */
  Domains: z.array(z.string()),
  /** `true`: the system goes with all it holds. CloudFormation makes text of everything. */
  Disposable: z.enum(['true', 'false']),
});
const stackRequest = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  ResponseURL: z.url(),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
  ResourceProperties: properties,
  OldResourceProperties: properties.optional(),
});
type StackRequest = z.output<typeof stackRequest>;

/** It never changes: another id would make CloudFormation delete this one. */
const PHYSICAL_ID = 'subscriptions-made-at-runtime';

/** @returns false when the event is not CloudFormation's */
export async function answerStack(
  event: unknown,
  reconcile: (request: ReconcileRequest) => Promise<unknown>,
): Promise<boolean> {
  const parsed = stackRequest.safeParse(event);
  if (!parsed.success) return false;
  const { ResponseURL, StackId, RequestId, LogicalResourceId } = parsed.data;
  const outcome = await outcomeOf(() => reconcile(wantedBy(parsed.data)));
  const body = { ...outcome, PhysicalResourceId: PHYSICAL_ID, StackId, RequestId, LogicalResourceId };
  const response = await fetch(ResponseURL, { method: 'PUT', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`CloudFormation did not take the answer: ${response.status}`);
  return true;
}

function wantedBy({ RequestType, ResourceProperties, OldResourceProperties }: StackRequest): ReconcileRequest {
  const { Domains, Disposable } = ResourceProperties;
  switch (RequestType) {
    case 'Create':
      return { kind: 'open' };
    case 'Update':
      return { kind: 'clear', domains: (OldResourceProperties?.Domains ?? []).filter((one) => !Domains.includes(one)) };
    case 'Delete':
      return Disposable === 'true' ? { kind: 'teardown' } : { kind: 'clear', domains: Domains };
  }
}

async function outcomeOf(work: () => Promise<unknown>): Promise<{ Status: string; Reason?: string }> {
  try {
    await work();
    return { Status: 'SUCCESS' };
  } catch (error) {
    return { Status: 'FAILED', Reason: error instanceof Error ? error.message : String(error) };
  }
}
