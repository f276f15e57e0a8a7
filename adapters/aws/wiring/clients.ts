/**
 * Every AWS client, made here and nowhere else, because how often and how long a call is tried is decided once. Mode
 * "standard": exponential backoff with full jitter and a token bucket that stops retry storms; "adaptive" would also slow
 * down calls that are not throttled. Region, credentials and endpoint (AWS_ENDPOINT_URL) come from the environment.
 */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import { createKms, type Kms } from '../keys/kms.ts';
import { createS3Bucket, type S3Bucket } from '../log/s3-request.ts';
import { measureQueue, type MeasureQueue } from '../request/measure-queue.ts';
import { sendToQueue, type SendToQueue } from '../request/send-to-queue.ts';
import type { Connection } from '../request/signed-request.ts';

/** One try may take this long before it counts as lost; a lost write may have been applied all the same. */
const REQUEST_TIMEOUT_MS = 5_000;
/** SQS long polls wait up to 20 s for messages. */
const LONG_POLL_TIMEOUT_MS = 25_000;
/** A function called synchronously may work up to its own 60 s. */
const INVOKE_TIMEOUT_MS = 65_000;
const CONNECT_TIMEOUT_MS = 1_000;
/** The first try included. */
const ATTEMPTS = 4;
const MAX_SOCKETS = 64;

/** Without the SDK, which is too large for a function, but as patient; no token bucket, for few calls go there. */
const WITHOUT_SDK = { attempts: ATTEMPTS, timeoutMs: REQUEST_TIMEOUT_MS };

type Overrides = Partial<Pick<Connection, 'env' | 'fetch' | 'sleep' | 'timeoutMs'>>;
type SdkConnection = Pick<DynamoDBClientConfig, 'retryMode' | 'maxAttempts' | 'requestHandler'>;

export function dynamoClient(overrides: DynamoDBClientConfig = {}): DynamoDBClient {
  return new DynamoDBClient({ ...connection(REQUEST_TIMEOUT_MS), ...overrides });
}

export function eventBridgeClient(): EventBridgeClient {
  return new EventBridgeClient(connection(REQUEST_TIMEOUT_MS));
}

/** Calls go to the client's endpoint, not to the host in a queue's URL, which an emulator may not be reachable under. */
export function sqsClient(): SQSClient {
  return new SQSClient({ ...connection(LONG_POLL_TIMEOUT_MS), useQueueUrlAsEndpoint: false });
}

/** For who sends and does nothing else. */
export function queueSender(overrides: Overrides = {}): SendToQueue {
  return sendToQueue({ env: process.env, ...WITHOUT_SDK, ...overrides });
}

/** For who counts what waits and does nothing else. */
export function queueMeasure(overrides: Overrides = {}): MeasureQueue {
  return measureQueue({ env: process.env, ...WITHOUT_SDK, ...overrides });
}

export function sfnClient(): SFNClient {
  return new SFNClient(connection(REQUEST_TIMEOUT_MS));
}

export function s3Bucket(name: string, overrides: Overrides = {}): S3Bucket {
  return createS3Bucket({ name, env: process.env, ...WITHOUT_SDK, ...overrides });
}

/** For who reads metrics. */
export function metricsConnection(overrides: Overrides = {}): Connection {
  return { env: process.env, ...WITHOUT_SDK, ...overrides };
}

export function kmsClient(overrides: Overrides = {}): Kms {
  return createKms({ env: process.env, ...WITHOUT_SDK, ...overrides });
}

/** A lost answer to a synchronous call is not asked for again here: the function may still be at work. */
export function lambdaClient(): LambdaClient {
  return new LambdaClient({ ...connection(INVOKE_TIMEOUT_MS), maxAttempts: 2 });
}

function connection(requestTimeout: number): SdkConnection {
  const agent = { keepAlive: true, maxSockets: MAX_SOCKETS };
  return {
    retryMode: 'standard',
    maxAttempts: ATTEMPTS,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout,
      throwOnRequestTimeout: true,
      httpAgent: new HttpAgent(agent),
      httpsAgent: new HttpsAgent(agent),
    },
  };
}
