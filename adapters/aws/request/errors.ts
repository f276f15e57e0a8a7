import { NervousError } from '../../../core/errors/index.ts';

/**
 * `DATA_UNREADABLE`: an item does not have the attributes its place promises; verify the ledger, restore it from a backup.
 * `ITEM_KEY_INVALID`: DynamoDB or S3 cannot hold this key; the message says why.
 * `STORE_CONTENDED`: others wrote the same items on every try; nothing was written, retry later.
 * `ROOT_KEY_INVALID`: the KMS key is not an Ed25519 signing key; name the right one.
 * `ROOT_TEXT_TOO_LARGE`: KMS signs at most 4,096 bytes; shorten what the decision carries.
 * `ANSWER_INVALID`: AWS answered without what was asked for; try again.
 * `S3_UNAVAILABLE`, `KMS_UNAVAILABLE`, `SQS_UNAVAILABLE`, `MONITORING_UNAVAILABLE`: no answer, or no room for the request, on every try; retry later.
 * `S3_REFUSED`, `KMS_REFUSED`, `SQS_REFUSED`, `MONITORING_REFUSED`: it answered and will not do it; the message has its words.
 * `ENVIRONMENT_INCOMPLETE`: a variable that Lambda sets is missing; the message names it.
 */
export type AwsErrorCode =
  | 'DATA_UNREADABLE'
  | 'ITEM_KEY_INVALID'
  | 'STORE_CONTENDED'
  | 'ROOT_KEY_INVALID'
  | 'ROOT_TEXT_TOO_LARGE'
  | 'ANSWER_INVALID'
  | 'S3_UNAVAILABLE'
  | 'S3_REFUSED'
  | 'KMS_UNAVAILABLE'
  | 'KMS_REFUSED'
  | 'SQS_UNAVAILABLE'
  | 'SQS_REFUSED'
  | 'MONITORING_UNAVAILABLE'
  | 'MONITORING_REFUSED'
  | 'ENVIRONMENT_INCOMPLETE';

export class AwsError extends NervousError<AwsErrorCode> {}
