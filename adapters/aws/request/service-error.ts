/** What a service answered when it did not do what it was asked, or what kept it from answering. */
import { orBlank } from '../../../core/values/index.ts';
import { AwsError } from './errors.ts';

/** The services that are asked without the SDK, as messages name them. */
export type ServiceName = 'KMS' | 'MONITORING' | 'S3' | 'SQS';

/** The service asks for less, whatever the status. */
const THROTTLED = /^(SlowDown|Throttling|RequestLimitExceeded|RequestThrottled|TooManyRequests)/;
/** The service waited for the rest of the request in vain. */
const TIMED_OUT = 'RequestTimeout';
const TOO_MANY_REQUESTS = 429;
const NOT_IMPLEMENTED = 501;

/** Why, in the service's words; without any where something in between refused. */
export interface Refusal {
  readonly serviceCode?: string | undefined;
  readonly detail?: string | undefined;
}

interface ServiceErrorInit {
  readonly service: ServiceName;
  readonly isPassing: boolean;
  readonly message: string;
  readonly status?: number;
  readonly serviceCode?: string | undefined;
  readonly isThrottled?: boolean;
  readonly cause?: unknown;
}

export class ServiceError extends AwsError {
  /** trying again soon may help */
  readonly isPassing: boolean;
  /** HTTP's; undefined: no answer */
  readonly status: number | undefined;
  /** the service's own, e.g. `NoSuchBucket`; undefined where it gave none */
  readonly serviceCode: string | undefined;
  readonly isThrottled: boolean;

  private constructor({ service, isPassing, ...init }: ServiceErrorInit) {
    super({ ...init, code: `${service}_${isPassing ? 'UNAVAILABLE' : 'REFUSED'}` });
    this.isPassing = isPassing;
    this.status = init.status;
    this.serviceCode = init.serviceCode;
    this.isThrottled = init.isThrottled ?? false;
  }

  static answered(service: ServiceName, what: string, status: number, refusal: Refusal): ServiceError {
    const { serviceCode, detail } = refusal;
    const isThrottled = status === TOO_MANY_REQUESTS || THROTTLED.test(orBlank(serviceCode));
    const isPassing = isThrottled || serviceCode === TIMED_OUT || (status >= 500 && status !== NOT_IMPLEMENTED);
    const because = [`HTTP ${status}`, serviceCode, detail].filter((part) => orBlank(part) !== '').join(': ');
    const message = `${service} refused ${what}: ${because}`;
    return new ServiceError({ service, isPassing, message, status, serviceCode, isThrottled });
  }

  static unanswered(service: ServiceName, what: string, cause: unknown): ServiceError {
    const { message, cause: deeper } = cause instanceof Error ? cause : new Error(String(cause));
    const reason = deeper instanceof Error ? `${message}: ${deeper.message}` : message;
    return new ServiceError({
      service,
      isPassing: true,
      message: `${service} did not answer ${what}: ${reason}`,
      cause,
    });
  }
}
