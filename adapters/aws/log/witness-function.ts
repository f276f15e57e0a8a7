/**
 * The witness as a function that is invoked directly: the same questions and answers as over HTTP, in JSON. It may be in
 * another account; what it answers is checked by whoever asks.
 */
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import type { NoteKey, Witness } from '../../../core/ledger/index.ts';
import { AwsError } from '../request/errors.ts';

const answerSchema = z.object({ status: z.int(), body: z.string().max(10_000) });

export interface WitnessFunctionOptions {
  readonly client: LambdaClient;
  /** name or ARN */
  readonly functionName: string;
  readonly key: NoteKey;
}

/** `addCheckpoint` rejects with AwsError ANSWER_INVALID, or what the SDK throws. */
export function witnessFunction({ client, functionName: FunctionName, key }: WitnessFunctionOptions): Witness {
  return {
    key,
    addCheckpoint: async (body) => {
      const Payload = JSON.stringify({ kind: 'add-checkpoint', body: Buffer.from(body).toString('base64') });
      const answer = await client.send(new InvokeCommand({ FunctionName, Payload }));
      const text = Buffer.from(answer.Payload ?? []).toString('utf8');
      if (answer.FunctionError !== undefined) throw invalid(FunctionName, `failed (${answer.FunctionError})`);
      return (
        parse(text) ?? Promise.reject(invalid(FunctionName, 'answered with something else than a status and a body'))
      );
    },
  };
}

function parse(text: string): z.output<typeof answerSchema> | undefined {
  try {
    return answerSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function invalid(functionName: string, why: string): AwsError {
  return new AwsError({ code: 'ANSWER_INVALID', message: `the witness "${functionName}" ${why}: see its log` });
}
