/** Serves one message of the wake queue. It names a change-set and nothing else; anything else is no wake-up. */
import * as z from 'zod';
import type { WorkflowResumer, ResumeOutcome } from '../../adapters/aws/workflow/queue-resumer.ts';

const message = z.object({
  changeId: z.string().regex(/^[0-9A-Za-z-]{1,64}$/, 'must be the id of a change-set'),
});

/** @throws SyntaxError, ZodError, what the SDK throws: the message stays in the queue, and in the end is a dead letter */
export async function serveResumeRequest(
  {
    resume,
    onResumed,
  }: { readonly resume: WorkflowResumer; readonly onResumed: (changeId: string, woken: ResumeOutcome) => void },
  { body }: { readonly body: string },
): Promise<void> {
  const { changeId } = message.parse(JSON.parse(body));
  onResumed(changeId, await resume(changeId));
}
