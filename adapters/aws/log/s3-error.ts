/** What S3 answered when it did not do what it was asked, or what kept it from answering. */
import { AwsError, type AwsErrorCode } from '../errors.ts';
import { parseXml, textOf } from './s3-xml.ts';

/** S3 asks for less, whatever the status. */
const THROTTLED = /^(SlowDown|Throttling|RequestLimitExceeded|RequestThrottled|TooManyRequests)/;
/** S3 waited for the rest of the request in vain. */
const TIMED_OUT = 'RequestTimeout';
const TOO_MANY_REQUESTS = 429;
const NOT_IMPLEMENTED = 501;

interface S3ErrorInit {
  readonly code: Extract<AwsErrorCode, 'S3_REFUSED' | 'S3_UNAVAILABLE'>;
  readonly message: string;
  readonly status?: number;
  readonly s3Code?: string;
  readonly isThrottled?: boolean;
  readonly cause?: unknown;
}

export class S3Error extends AwsError {
  /** HTTP's; undefined: no answer */
  readonly status: number | undefined;
  /** S3's own, e.g. `NoSuchBucket`; undefined where S3 gave none */
  readonly s3Code: string | undefined;
  readonly isThrottled: boolean;

  private constructor(init: S3ErrorInit) {
    super(init);
    this.status = init.status;
    this.s3Code = init.s3Code;
    this.isThrottled = init.isThrottled ?? false;
  }

  static answered(what: string, status: number, body: Uint8Array): S3Error {
    const { s3Code, detail } = readError(body);
    const isThrottled = status === TOO_MANY_REQUESTS || THROTTLED.test(s3Code ?? '');
    const isPassing = isThrottled || s3Code === TIMED_OUT || (status >= 500 && status !== NOT_IMPLEMENTED);
    const because = [`HTTP ${status}`, ...(s3Code === undefined ? [] : [s3Code]), ...((detail ?? '') ? [detail] : [])];
    return new S3Error({
      code: isPassing ? 'S3_UNAVAILABLE' : 'S3_REFUSED',
      message: `S3 refused ${what}: ${because.join(': ')}`,
      status,
      ...(s3Code === undefined ? {} : { s3Code }),
      isThrottled,
    });
  }

  static unanswered(what: string, cause: unknown): S3Error {
    const { message, cause: deeper } = cause instanceof Error ? cause : new Error(String(cause));
    const reason = deeper instanceof Error ? `${message}: ${deeper.message}` : message;
    return new S3Error({ code: 'S3_UNAVAILABLE', message: `S3 did not answer ${what}: ${reason}`, cause });
  }
}

/** A proxy between here and S3 may refuse in words of its own. */
function readError(body: Uint8Array): { readonly s3Code?: string | undefined; readonly detail?: string | undefined } {
  try {
    const root = parseXml(body);
    return root.name === 'Error' ? { s3Code: textOf(root, 'Code'), detail: textOf(root, 'Message') } : {};
  } catch {
    return {};
  }
}
