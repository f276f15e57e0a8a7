/**
 * The one file a user writes, `nervous.config.ts`: topics, modules, roster, risk, operations. Read by every engine; a
 * wrong one fails at start with the path, the value and the fix. It composes the areas' own sections and decides nothing else.
 */
import * as z from 'zod';
import { credentialsSchema, webauthnSchema } from '../../assertions/index.ts';
import {
  executorProblems,
  executorsSchema,
  operationsSchema,
  recordingProblems,
  riskProblems,
  riskSchema,
  signerProblems,
  unmetDemands,
} from '../../changes/index.ts';
import { describeIssues, NervousError } from '../../errors/index.ts';
import { AWS_TOPIC, ingressSchema, topicProblems, topicsSchema, type Topics } from '../../events/index.ts';
import { protectionProblems, protectionSchema } from '../../guard/index.ts';
import { accessSchema, modulesSchema, rosterProblems, rosterSchema } from '../../policy/index.ts';

/** `CONFIG_INVALID`: nervous.config.ts cannot be used; `problems` point at every fault. */
export class ConfigError extends NervousError<'CONFIG_INVALID'> {}

const configSchema = z
  .strictObject({
    /** name of the book; default ledger is `main` */
    ledger: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'use 1-32 of a-z 0-9 -'),
    /** names the ledger for everybody, like a URL without a scheme: in every genesis hash and signature */
    origin: z
      .string()
      .regex(/^[a-z0-9.-]+(\/[A-Za-z0-9._-]+)*$/, 'write it as a URL without a scheme, e.g. nervous.example/dev/main'),
    topics: topicsSchema,
    modules: modulesSchema,
    roster: rosterSchema,
    risk: riskSchema,
    /** where people sign decisions with passkeys (docs/approvals.md) */
    webauthn: webauthnSchema.exactOptional(),
    /** the keys that people have enrolled */
    credentials: credentialsSchema.exactOptional(),
    /** which accesses are journaled (docs/access.md); absent: none */
    access: accessSchema.exactOptional(),
    operations: operationsSchema,
    /** code outside the ledger that approved change-sets set in motion (docs/executors.md) */
    executors: executorsSchema,
    /** which events of others become which topic (docs/events.md); AWS services' own need no rule */
    ingress: ingressSchema,
    /** how much is too much: rates, storms, loops (docs/protection.md) */
    protection: protectionSchema,
    /** where webhooks may go beside public addresses over https: the operator's own networks (docs/webhooks.md) */
    webhooks: z
      .strictObject({ allow: z.array(z.enum(['http', 'loopback', 'private', 'ports'])).default([]) })
      .prefault({}),
    /** messages about notices (docs/notices.md) */
    notices: z
      .strictObject({
        /** where people look at a change-set: its id is appended. Without anything that signs in */
        link: z.url({ protocol: /^https$/ }).exactOptional(),
        /** who mails come from */
        from: z.email().max(254).exactOptional(),
      })
      .prefault({}),
    /** of the change feed: how many a principal may hold open at once, in one process */
    streams: z.strictObject({ perPrincipal: z.int().min(1).max(100_000).default(100) }).prefault({}),
  })
  .superRefine((config, context) => {
    for (const { path, message } of [
      ...rosterProblems(config.roster, config.modules),
      ...riskProblems(config.risk, config.roster),
      ...recordingProblems(config),
      ...signerProblems(config),
      ...unmetDemands(config, config.modules),
      ...executorProblems(config.executors, config.operations.enabled),
      ...topicProblems(config.topics),
      ...ingressProblems(config),
      ...protectionProblems(config.protection, config),
    ])
      context.addIssue({ code: 'custom', path, message });
  });

/** A rule whose topic nobody could read is a mistake, and it is told before the first event is lost in quarantine. */
function ingressProblems({
  ingress,
  topics,
}: {
  readonly ingress: z.output<typeof ingressSchema>;
  readonly topics: Topics;
}): { readonly path: (string | number)[]; readonly message: string }[] {
  return ingress.flatMap(({ topic, version }, i) => {
    const declared = topics[topic];
    if (declared === undefined)
      return AWS_TOPIC.test(topic)
        ? []
        : [{ path: ['ingress', i, 'topic'], message: `topic "${topic}" is not declared in topics` }];
    if (version === undefined || Object.hasOwn(declared.versions, version)) return [];
    return [{ path: ['ingress', i, 'version'], message: `topic "${topic}" has no version ${version}` }];
  });
}

export type ConfigInput<T extends Topics = Topics> = Omit<z.input<typeof configSchema>, 'topics'> & {
  readonly topics: T;
};
export type NervousConfig<T extends Topics = Topics> = Omit<z.output<typeof configSchema>, 'topics'> & {
  readonly topics: T;
};

/**
 * Checks a configuration and keeps its types, so that clients know every topic's payload.
 * @throws ConfigError CONFIG_INVALID listing every fault
 */
export function defineConfig<const T extends Topics>(input: ConfigInput<T>): NervousConfig<T> {
  const parsed = configSchema.safeParse(input);
  if (parsed.success) return parsed.data as unknown as NervousConfig<T>;
  const { problems } = describeIssues(parsed.error.issues);
  const list = problems.map(({ pointer, detail }) => `  ${pointer}: ${detail}`).join('\n');
  throw new ConfigError({ code: 'CONFIG_INVALID', message: `the configuration cannot be used:\n${list}`, problems });
}
