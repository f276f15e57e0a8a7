/**
 * For authors of executors: code outside the ledger that approved change-sets set in motion. Checks grants and inputs, so
 * that the author's part is the effect, and remembering the operation in the same transaction. docs/executors.md
 */
import type * as z from 'zod';
import type { JsonValue } from '../../../core/canonical/index.ts';
import {
  askExecutor,
  verifyGrant,
  type Executor,
  type ExecutorRequest,
  type GrantClaims,
  type GrantExpectations,
  type Outcome,
  type Planned,
  type Status,
} from '../../../core/changes/index.ts';
import { parseVerifierKey } from '../../../core/ledger/index.ts';

export {
  verifyGrant,
  type Executor,
  type ExecutorRequest,
  type GrantClaims,
  type GrantExpectations,
  type Outcome,
  type Planned,
  type Status,
  type VerifiedGrant,
} from '../../../core/changes/index.ts';

/**
 * Verifier keys of the ledger's root (the file `root.vkey`): the one in use, and while it is rotated the next one too. A
 * function is asked at every call.
 */
export type RootKeys = readonly string[] | (() => readonly string[]);

export interface ExecutorDefinition<Input> {
  /** as in the configuration */
  readonly name: string;
  readonly version: string;
  readonly schema: z.ZodType<Input>;
  readonly rootKeys: RootKeys;
  /** milliseconds since the Unix epoch; default: the system's clock */
  readonly now?: () => number;
  /** Reads only. */
  plan(input: Input): Promise<Planned> | Planned;
  /** In one transaction: look the operation up, ask `singleUse`, act, store the mark. */
  apply(input: Input, call: GrantedCall): Promise<Outcome> | Outcome;
  undo(inverse: Input, call: GrantedCall): Promise<Outcome> | Outcome;
  /** What `statusOf` makes of the operation's mark. */
  status(key: OperationKey): Promise<Status> | Status;
}

/** An operation of a change-set, and which of the two is done with it. */
export interface OperationKey {
  /** `change:revision:index` */
  readonly operation: string;
  readonly direction: GrantClaims['direction'];
}

export interface GrantedCall extends OperationKey {
  readonly claims: GrantClaims;
  /** what `plan` said must be so; null: nothing */
  readonly precondition: JsonValue;
}

/** An executor whose author's functions are called only with a valid grant and a valid input. @throws TypeError */
export function defineExecutor<Input>(definition: ExecutorDefinition<Input>): Executor {
  const { name, version, schema, rootKeys, now = Date.now } = definition;
  if (typeof rootKeys !== 'function') trusted(rootKeys); // what is wrong with them is told at once
  const granted = (
    direction: GrantClaims['direction'],
    { grant, input, precondition }: { grant: string; input: JsonValue; precondition: JsonValue },
  ): { readonly input: Input; readonly call: GrantedCall } | Extract<Outcome, { readonly kind: 'refused' }> => {
    const verified = verifyGrant(grant, {
      ...trusted(typeof rootKeys === 'function' ? rootKeys() : rootKeys),
      ...{ executor: `${name}@${version}`, direction, input, precondition, now: now() },
    });
    if (verified.kind === 'refused') return verified;
    const parsed = schema.safeParse(input);
    if (!parsed.success) return { kind: 'refused', reason: 'the input is not of the form that this executor takes' };
    const { claims } = verified;
    return { input: parsed.data, call: { ...keyOf(claims.jti), claims, precondition } };
  };
  return {
    plan: async (input) => definition.plan(schema.parse(input)),
    apply: async (grant, input, precondition) => {
      const given = granted('apply', { grant, input, precondition });
      return 'kind' in given ? given : definition.apply(given.input, given.call);
    },
    undo: async (grant, inverse) => {
      const given = granted('undo', { grant, input: inverse, precondition: null });
      return 'kind' in given ? given : definition.undo(given.input, given.call);
    },
    status: async (opKey) => definition.status(keyOf(opKey)),
  };
}

/** The handler of a Lambda function that is an executor. */
export function executorHandler(executor: Executor): (event: ExecutorRequest) => Promise<Planned | Status> {
  return (event) => askExecutor(executor, event);
}

/** What an executor keeps of each operation, in the store of its effects. */
export type Mark = 'applied' | 'undone' | 'refused';

/**
 * What to do, given the mark that is stored; ask in the transaction of the effect. `act`: have the effect and store the mark
 * `applied` (when applying) or `undone` (when undoing); or, for a reason of yours, no effect and the mark `refused`.
 * `close`: no effect, and the mark `undone`, so that a late call to apply finds it. An outcome: answer it, store nothing.
 */
export const singleUse = {
  apply: (mark: Mark | undefined): 'act' | Outcome => {
    if (mark === undefined) return 'act';
    return mark === 'applied' ? { kind: 'applied' } : { kind: 'refused', reason: `the operation was ${mark} before` };
  },
  undo: (mark: Mark | undefined): 'act' | 'close' | Outcome => {
    if (mark === undefined) return 'close';
    return mark === 'applied' ? 'act' : { kind: 'applied' };
  },
} as const;

/**
 * Whether a later claim of the same work has been seen: refuse the grant then. Give the highest fence that is stored for `claims.work.workId`,
 * in the transaction of the effect, and store this one if it is higher. Absent work: the change-set rests on no claim.
 */
export function isOvertaken({ work }: Pick<GrantClaims, 'work'>, highestFence: number | undefined): boolean {
  return work !== undefined && highestFence !== undefined && work.fence < highestFence;
}

/** The answer of `status`, given the mark that is stored. */
export function statusOf(mark: Mark | undefined, { direction }: OperationKey): Status {
  if (direction === 'undo') return { kind: mark === 'undone' ? 'applied' : 'not-applied' };
  if (mark === undefined) return { kind: 'not-applied' };
  return mark === 'applied' ? { kind: 'applied' } : { kind: 'refused', reason: `the operation was ${mark}` };
}

function keyOf(opKey: string): OperationKey {
  const at = opKey.lastIndexOf(':');
  return { operation: opKey.slice(0, at), direction: opKey.slice(at + 1) === 'undo' ? 'undo' : 'apply' };
}

/** @throws TypeError */
function trusted(rootKeys: readonly string[]): Pick<GrantExpectations, 'publicKeys' | 'issuer'> {
  const keys = rootKeys.map((text) => {
    const key = parseVerifierKey(text);
    if (key !== undefined) return key;
    throw new TypeError(`"${text.slice(0, 80)}" is no verifier key: give the content of root.vkey`);
  });
  const issuer = keys[0]?.name;
  if (issuer === undefined || keys.some(({ name }) => name !== issuer))
    throw new TypeError('rootKeys must be verifier keys of one ledger, at least one: see the file root.vkey');
  return { publicKeys: keys.map(({ publicKey }) => publicKey), issuer };
}
