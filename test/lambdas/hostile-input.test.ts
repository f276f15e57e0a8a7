/** Every hostile input of the HTTP contract once more, with API Gateway and the AWS adapter in between. */
import { vi } from 'vitest';

vi.mock('../../api/index.ts', async (original) => ({
  ...(await original<object>()),
  handleRequest: (await import('./gateway.ts')).throughGateway,
}));

await import('../api/hostile-input.test.ts');
