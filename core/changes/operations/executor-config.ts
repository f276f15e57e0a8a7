/**
 * The `executors` section of nervous.config.ts: the code outside the ledger that approved change-sets may start. Whoever
 * deploys decides what it declares; executor-answers.ts checks what an executor says about itself.
 */
import * as z from 'zod';

/** A call that takes longer than a function may run would always be unknown. */
const MAX_SECONDS = 900;

export const executorsSchema = z
  .record(
    z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'use 1-32 of a-z 0-9 -'),
    z.strictObject({
      /** of its code: a new one voids approvals of the old */
      version: z.string().regex(/^[A-Za-z0-9._-]{1,32}$/, 'use 1-32 of A-Z a-z 0-9 . _ -'),
      description: z.string().min(1).max(300),
      /** zod schema of the input, and of the inverse, which is an input too */
      schema: z.custom<z.ZodType>(isSchema, 'must be a zod schema of the input'),
      /** false: what it did cannot be undone */
      reversible: z.boolean(),
      /** how long applying or undoing may take at most: its grant is valid for that long */
      maxSeconds: z.int().min(1).max(MAX_SECONDS),
      /** name or ARN of the Lambda function, on AWS */
      function: z
        .string()
        .regex(
          /^(arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:)?[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9_$-]{1,128})?$/,
          'must be the name or ARN of a Lambda function',
        )
        .exactOptional(),
    }),
  )
  .default({});
export type ExecutorsConfig = z.output<typeof executorsSchema>;
export type ExecutorDeclaration = ExecutorsConfig[string];

/** What is wrong with the section, given the operations that are enabled. */
export function executorProblems(
  executors: ExecutorsConfig,
  enabled: readonly string[],
): { readonly path: (string | number)[]; readonly message: string }[] {
  return Object.keys(executors).length > 0 && !enabled.includes('executor.invoke')
    ? [{ path: ['operations', 'enabled'], message: 'executors are declared: enable "executor.invoke" too' }]
    : [];
}

/** Name and version, as operations and grants say it. */
export function executorId(name: string, { version }: Pick<ExecutorDeclaration, 'version'>): string {
  return `${name}@${version}`;
}

function isSchema(value: unknown): boolean {
  return value instanceof z.ZodType;
}
