/** CloudEvents once more, with API Gateway and the AWS adapter in between. */
import { vi } from 'vitest';

vi.mock('../../api/index.ts', async (original) => ({
  ...(await original<object>()),
  handleRequest: (await import('./gateway.ts')).throughGateway,
}));

await import('../api/cloud-events.test.ts');
