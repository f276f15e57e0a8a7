/** A wake-up names a change-set and nothing else; what is none, or cannot be served, stays in the queue. */
import { expect, it } from 'vitest';
import type { WorkflowResumer } from '../../adapters/aws/workflow/queue-resumer.ts';
import { serveResumeRequest } from '../../lambdas/waker/serve-resume-request.ts';

async function serve(body: string, resume: WorkflowResumer = async () => 'woken') {
  const served: unknown[] = [];
  await serveResumeRequest({ resume, onResumed: (...what) => served.push(what) }, { body });
  return served;
}

it('wakes the change-set and says what came of it', async () => {
  expect(await serve('{"changeId":"0199-a"}')).toEqual([['0199-a', 'woken']]);
});

it.each([
  '',
  'not json',
  '[]',
  '{}',
  '{"change":"a"}',
  '{"changeId":"../x"}',
  '{"changeId":7}',
  `{"changeId":"${'x'.repeat(65)}"}`,
])('refuses %j', async (body) => {
  const woken: string[] = [];
  const resume: WorkflowResumer = async (id) => {
    woken.push(id);
    return 'woken';
  };
  await expect(serve(body, resume)).rejects.toThrow();
  expect(woken).toEqual([]);
});

it('fails when nobody could be woken', async () => {
  await expect(serve('{"changeId":"a"}', () => Promise.reject(new Error('throttled')))).rejects.toThrow('throttled');
});
