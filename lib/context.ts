/**
 * What can be said with `-c key=value`, read and checked in one place; a wrong value stops the synth with one sentence
 * that names it. Knows nothing about what the values are used for.
 */
import { resolve } from 'node:path';
import type { Node } from 'constructs';
import { z } from 'zod';
import { NervousError } from '../core/errors/index.ts';
import { env as apiEnv } from '../lambdas/publish/env.ts';
import { STAGE_NAMES, type StageName } from './environments.ts';
import { nameProblem } from './names.ts';

/** `CONTEXT_INVALID`: a `-c` value cannot be used; the message names it and says what would do. */
export class ContextError extends NervousError<'CONTEXT_INVALID'> {}

export interface AppContext {
  readonly stage: StageName;
  /** leave out what AWS-compatible emulators lack (docs/testing.md) */
  readonly emulated: boolean;
  /** first part of every physical name; a second system in the same account and region needs another one */
  readonly name: string;
  /** absolute path of the configuration that is deployed */
  readonly configFile: string;
  /** the OIDC issuer whose tokens open the API; undefined: only IAM opens it */
  readonly jwt: { readonly issuer: string; readonly audience: readonly string[] } | undefined;
  /** the token's claim that holds the principal's id in the roster */
  readonly principalClaim: string | undefined;
  /** JSON: ARN of an IAM principal → id in the roster */
  readonly iamPrincipals: string | undefined;
  readonly customDomain: { readonly name: string; readonly certificateArn: string } | undefined;
  /** e-mail address that gets the alarms */
  readonly alarmEmail: string | undefined;
  /** an audit lake (docs/lake.md) */
  readonly lake: boolean;
}

const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);
/** Said instead of an issuer by whoever wants no JWT entry point: leaving it out by mistake would take that entry point away. */
const NO_ISSUER = 'none';
const issuer = z.union([
  z.literal(NO_ISSUER),
  z.url({ protocol: /^https?$/, error: `must be the URL of an OIDC issuer, or "${NO_ISSUER}"` }),
]);
const HOW_TO_NAME_AN_ISSUER = `name the OIDC issuer whose tokens open the API, or "${NO_ISSUER}" to open it for IAM only`;

const contextSchema = z
  .object({
    stage: z.enum(STAGE_NAMES).default('prod'),
    emulated: flag.default(false),
    name: z
      .string()
      .superRefine((name, context) => {
        const problem = nameProblem(name);
        if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
      })
      .default('nervous'),
    config: z.string().min(1).default('nervous.config.ts'),
    issuer: z.string({ error: HOW_TO_NAME_AN_ISSUER }).pipe(issuer),
    audience: z.string().min(1).optional(),
    principalClaim: z.string().min(1).optional(),
    // What the functions will be told, read as they will read it.
    iamPrincipals: z
      .string()
      .superRefine((text, context) => {
        const { error } = apiEnv.shape.IAM_PRINCIPALS.safeParse(text);
        for (const { message } of error?.issues ?? []) context.addIssue({ code: 'custom', message });
      })
      .optional(),
    domain: z.hostname().optional(),
    certificateArn: z
      .string()
      .regex(/^arn:[a-z-]+:acm:/, 'must be the ARN of an ACM certificate')
      .optional(),
    alarmEmail: z.email().optional(),
    lake: flag.default(false),
  })
  .refine(({ issuer, audience }) => (issuer === NO_ISSUER) === (audience === undefined), {
    path: ['audience'],
    error: `issuer and audience belong together: give both, or issuer=${NO_ISSUER} and no audience`,
  })
  .refine(({ issuer, emulated }) => emulated || !issuer.startsWith('http:'), {
    path: ['issuer'],
    error: 'must be https: API Gateway takes the keys that check tokens from there',
  })
  .refine(({ domain, certificateArn }) => (domain === undefined) === (certificateArn === undefined), {
    path: ['certificateArn'],
    error: 'domain and certificateArn belong together',
  });

/** @throws ContextError CONTEXT_INVALID */
export function readContext(node: Node): AppContext {
  const given = Object.fromEntries(
    Object.keys(contextSchema.shape).map((key) => [key, node.tryGetContext(key) as unknown]),
  );
  const parsed = contextSchema.safeParse(given);
  if (!parsed.success) throw new ContextError({ code: 'CONTEXT_INVALID', message: describe(parsed.error, given) });
  const { stage, emulated, name, config, issuer, audience, domain, certificateArn, ...rest } = parsed.data;
  return {
    stage,
    emulated,
    name,
    configFile: resolve(config),
    jwt: audience === undefined ? undefined : { issuer, audience: audience.split(',') },
    customDomain: domain !== undefined && certificateArn !== undefined ? { name: domain, certificateArn } : undefined,
    principalClaim: rest.principalClaim,
    iamPrincipals: rest.iamPrincipals,
    alarmEmail: rest.alarmEmail,
    lake: rest.lake,
  };
}

function describe(error: z.ZodError, given: Readonly<Record<string, unknown>>): string {
  const faults = error.issues.map(({ path, message }) => {
    const key = String(path[0]);
    return `-c ${key}=${shown(given[key])}: ${message}`;
  });
  return `the deployment's settings cannot be used:\n  ${faults.join('\n  ')}`;
}

function shown(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
