import { afterEach, describe, expect, it, vi } from 'vitest';
import * as clients from '../../../../adapters/aws/wiring/clients.ts';

const { dynamoClient, eventBridgeClient, lambdaClient, sfnClient, sqsClient } = clients;

describe('AWS clients', () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each([
    ['DynamoDB', dynamoClient, 4],
    ['EventBridge', eventBridgeClient, 4],
    ['Lambda', lambdaClient, 2],
    ['Step Functions', sfnClient, 4],
    ['SQS', sqsClient, 4],
  ])('%s tries as often as is decided here, whatever the environment says', async (_, make, attempts) => {
    vi.stubEnv('AWS_REGION', 'eu-west-1');
    vi.stubEnv('AWS_MAX_ATTEMPTS', '9');
    vi.stubEnv('AWS_RETRY_MODE', 'adaptive');
    const { config } = make();
    expect(await config.maxAttempts()).toBe(attempts);
    expect(await config.retryStrategy()).toHaveProperty('mode', 'standard');
    expect(await config.region()).toBe('eu-west-1');
  });
});
