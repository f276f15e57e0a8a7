/**
 * The mapping of IAM principals to ids of the roster, brought into the one form in which API Gateway names a caller: people
 * write the ARN that the console shows them, a role's, but a caller that assumed it is an assumed role without its path.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
 */
import { orBlank } from '../../../core/values/index.ts';

/** partition, service, account, kind, name with its path (and session); slashes at the end mean nothing */
const ARN =
  /^arn:(aws[a-z-]*):(iam|sts)::(\d{12}):(user|role|assumed-role|federated-user)\/([\w+=,.@/-]*[\w+=,.@-])\/*$/;

export interface IamMapping {
  /** ARN as a caller has it (any session: without one) → principal id */
  readonly principals: Readonly<Record<string, string>>;
  /** what would never match, or says two things, each with what to write instead */
  readonly faults: readonly string[];
}

export function iamMapping(given: Readonly<Record<string, string>>): IamMapping {
  const principals = new Map<string, string>();
  const faults: string[] = [];
  for (const [arn, id] of Object.entries(given)) {
    const caller = callerArn(arn);
    const other = caller === undefined ? undefined : principals.get(caller);
    if (caller === undefined)
      faults.push(
        `"${arn}" names no IAM principal: write arn:aws:iam::<account>:role/<name>, arn:aws:iam::<account>:user/<name> or arn:aws:sts::<account>:assumed-role/<role>/<session>`,
      );
    else if (other !== undefined && other !== id)
      faults.push(`"${arn}" is said to be "${id}" and "${other}": name one id for each principal`);
    else principals.set(caller, id);
  }
  return { principals: Object.fromEntries(principals), faults };
}

/** As `requestContext.authorizer.iam.userArn` has it, but for a role's session. Undefined: nobody calls under this name. */
export function callerArn(arn: string): string | undefined {
  const [, partition, service, account, kind, name = ''] = ARN.exec(arn) ?? [];
  if (partition === undefined || account === undefined) return undefined;
  const parts = name.split('/');
  switch (`${orBlank(service)}:${orBlank(kind)}`) {
    case 'iam:user':
      return `arn:${partition}:iam::${account}:user/${name}`;
    case 'iam:role':
      return `arn:${partition}:sts::${account}:assumed-role/${orBlank(parts.at(-1))}`;
    case 'sts:assumed-role':
      return parts.length <= 2 ? `arn:${partition}:sts::${account}:assumed-role/${name}` : undefined;
    case 'sts:federated-user':
      return parts.length === 1 ? `arn:${partition}:sts::${account}:federated-user/${name}` : undefined;
    default:
      return undefined;
  }
}
