/**
 * Who calls, as the authorizer in front of us established it: a claim of a checked token, or an IAM identity. Only who the
 * roster knows is somebody; nothing that a caller can write into a request counts.
 */
import type { Policy, Principal } from '../../../core/policy/index.ts';

/** What API Gateway puts into `requestContext.authorizer`. */
export interface Authorizer {
  readonly jwt?: { readonly claims?: Readonly<Record<string, unknown>> };
  readonly iam?: { readonly userArn?: string };
}

export interface PrincipalsOptions {
  readonly policy: Pick<Policy, 'principal'>;
  /** the claim that holds the id of an account, agent or module */
  readonly claim: string;
  /** as iamMapping makes it: ARN of a user, of an assumed role's session, or of an assumed role (any session) → principal id */
  readonly iam: Readonly<Record<string, string>>;
}

const ASSUMED_ROLE = ':assumed-role/';

export function createPrincipals({
  policy,
  claim,
  iam,
}: PrincipalsOptions): (by?: Authorizer) => Principal | undefined {
  const known = new Map(Object.entries(iam));
  return (authorizer) => {
    const claimed = authorizer?.jwt?.claims?.[claim];
    const id = authorizer?.jwt === undefined ? iamId(known, authorizer?.iam?.userArn) : claimed;
    return typeof id === 'string' ? policy.principal(id) : undefined;
  };
}

function iamId(known: ReadonlyMap<string, string>, arn: string | undefined): string | undefined {
  if (arn === undefined) return undefined;
  const session = arn.includes(ASSUMED_ROLE) ? arn.lastIndexOf('/') : -1;
  return known.get(arn) ?? (session === -1 ? undefined : known.get(arn.slice(0, session)));
}
