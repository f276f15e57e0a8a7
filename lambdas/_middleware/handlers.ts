/**
 * The middy chain around every function: the context in every log line, metrics flushed whatever happens, and one line for
 * what went wrong. What a failure means to the caller depends on who calls: one maker for each.
 */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { traceKeys, type Telemetry } from './telemetry.ts';

export type Handle<Event, Result> = (event: Event, context: Context) => Promise<Result>;

/** For whoever invokes the function and waits: a failure is logged and thrown, so the invocation fails. */
export function directHandler<Event, Result>(
  telemetry: Telemetry,
  handle: Handle<Event, Result>,
): Handle<Event, Result> {
  const { logger, metrics } = telemetry;
  const chain = middy<Event, Result>()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .use(logMetrics(metrics, { captureColdStartMetric: true }))
    .onError(({ error }) => {
      logger.error('failed', asError(error));
      metrics.addMetric('Failures', MetricUnit.Count, 1);
    })
    .handler((event: Event, context: Context) => handle(event, context));
  return chain;
}

/** For a DynamoDB stream: thrown, so that the whole batch comes again, in order. (Not every engine reads partial answers.) */
export const streamHandler = directHandler;
/** For a schedule: thrown, so that it counts as a failed invocation and is tried again. */
export const scheduledHandler = directHandler;

/** For a queue: each message on its own; those that fail come again alone, and in the end go to the dead letters. */
export function queueHandler(
  telemetry: Telemetry,
  serve: (record: SQSRecord, context: Context) => Promise<void>,
): Handle<SQSEvent, SQSBatchResponse> {
  const { logger, metrics } = telemetry;
  const fails = async (record: SQSRecord, context: Context): Promise<boolean> => {
    try {
      await serve(record, context);
      return false;
    } catch (error) {
      const { messageId, attributes, messageAttributes } = record;
      logger.error('message failed', {
        error: asError(error),
        messageId,
        attempt: attributes.ApproximateReceiveCount,
        ...traceKeys(messageAttributes['traceparent']?.stringValue),
      });
      metrics.addMetric('FailedMessages', MetricUnit.Count, 1);
      return true;
    }
  };
  return directHandler(telemetry, async ({ Records }, context) => {
    const failed = await Promise.all(Records.map((record) => fails(record, context)));
    return {
      batchItemFailures: Records.filter((_, i) => failed[i]).map(({ messageId }) => ({ itemIdentifier: messageId })),
    };
  });
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
