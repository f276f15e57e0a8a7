/**
 * The sample executor for engines under test: it does what examples/executor does, and goes wrong where the account's name
 * says so. `lost-…`: acts, and its answer gets lost. `full-…`: refuses. `stuck-…`: cannot be undone, whatever it planned.
 */
import { join } from 'node:path';
import type { Executor, GrantClaims, Outcome, RootKeys } from '../../clients/sdk/index.ts';
import type { JsonValue } from '../../core/canonical/index.ts';
import { limitInput } from '../../examples/executor/limit-input.ts';
import { Limits } from '../../examples/executor/limits.ts';

export function openSampleExecutor(folder: string, rootKeys: RootKeys): { limits: Limits; executor: Executor } {
  const limits = new Limits(join(folder, 'limits.db'), rootKeys);
  const { executor } = limits;
  const refused: Outcome = { kind: 'refused', reason: 'as its name says' };
  const refusedKeys = new Set<string>();
  return {
    limits,
    executor: {
      ...executor,
      apply: async (grant, input, precondition) => {
        if (isCalled(input, 'full')) {
          refusedKeys.add(operationKeyOf(grant));
          return refused;
        }
        const answer = await executor.apply(grant, input, precondition);
        if (isCalled(input, 'lost')) throw new Error('connection reset');
        return answer;
      },
      undo: async (grant, inverse) => (isCalled(inverse, 'stuck') ? refused : executor.undo(grant, inverse)),
      status: async (opKey) => (refusedKeys.has(opKey) ? refused : executor.status(opKey)),
    },
  };
}

function operationKeyOf(grant: string): string {
  const claims: unknown = JSON.parse(Buffer.from(grant.split('.')[1] ?? '', 'base64url').toString());
  return (claims as GrantClaims).jti;
}

function isCalled(input: JsonValue, prefix: string): boolean {
  return limitInput.parse(input).account.startsWith(`${prefix}-`);
}
