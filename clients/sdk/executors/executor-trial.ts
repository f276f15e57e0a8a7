/** One check's fixture: an executor on a fresh store, and a ledger with a root key of its own that grants what is wanted. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { canonicalize, type JsonValue } from '../../../core/canonical/index.ts';
import {
  grantInputHash,
  operationKey,
  signGrant,
  type Executor,
  type GrantClaims,
  type Outcome,
  type Planned,
  type Status,
} from '../../../core/changes/index.ts';
import { formatVerifierKey } from '../../../core/ledger/index.ts';
import { MS_PER_SECOND } from '../../../core/values/index.ts';

const ORIGIN = 'executor-kit.test/main';
const CONTENT_HASH = createHash('sha256').update('what people approved').digest('hex');
export const GRANT_SECONDS = 60;
/** The executor's clock stands still. */
const NOW_MS = Date.UTC(2030, 0, 1);
/** An executor that does not answer for so long has failed the check. */
const PATIENCE_MS = 10_000;

/** What the author provides, beside the executor itself. */
export interface ExecutorSubject {
  readonly name: string;
  readonly version: string;
  /** default true; false: what undoing would have to do is not checked */
  readonly reversible?: boolean;
  /** two or more that the schema allows, with different effects, each possible after the others */
  readonly inputs: readonly JsonValue[];
  /** some that it does not */
  readonly invalidInputs: readonly JsonValue[];
  /** An executor on a fresh store that believes these root keys and this clock. */
  open(fixture: {
    readonly rootKeys: readonly string[];
    readonly now: () => number;
  }): Promise<ExecutorBench> | ExecutorBench;
}

export interface ExecutorBench {
  readonly executor: Executor;
  /** everything that its effects can change */
  observe(): Promise<JsonValue> | JsonValue;
  /** The executor on the same store as another process finds it: nothing that was only in memory is left. */
  restart(): Promise<Executor> | Executor;
  close?(): Promise<void> | void;
}

export interface TrialOperation extends Pick<GrantClaims, 'change' | 'revision' | 'index'> {
  readonly direction: 'apply';
  readonly input: JsonValue;
  readonly precondition: JsonValue;
  readonly inverse: JsonValue;
}

type Root = ReturnType<typeof createRoot>;

export class Trial {
  readonly subject: ExecutorSubject;
  private readonly bench: ExecutorBench;
  private readonly root: Root;
  private executor: Executor;
  private count = 0;

  private constructor(subject: ExecutorSubject, bench: ExecutorBench, root: Root) {
    this.subject = subject;
    this.bench = bench;
    this.root = root;
    this.executor = bench.executor;
  }

  static async open(subject: ExecutorSubject): Promise<Trial> {
    const root = createRoot();
    return new Trial(subject, await subject.open({ rootKeys: [root.verifierKey], now: () => NOW_MS }), root);
  }

  get inputs(): readonly JsonValue[] {
    return this.subject.inputs;
  }

  get a(): JsonValue {
    return this.inputs[0] as JsonValue;
  }

  get b(): JsonValue {
    return this.inputs[1] as JsonValue;
  }

  get nowSeconds(): number {
    return NOW_MS / MS_PER_SECOND;
  }

  /** The state that one application of the input leads to on a store of its own. */
  async stateAfter(input: JsonValue): Promise<JsonValue> {
    const other = await Trial.open(this.subject);
    try {
      await other.applied(await other.operation(input));
      return await other.observe();
    } finally {
      await other.close();
    }
  }

  async close(): Promise<void> {
    await this.bench.close?.();
  }

  async restart(): Promise<void> {
    this.executor = await this.bench.restart();
  }

  /** A copy: what the executor does later must not change it. */
  async observe(): Promise<JsonValue> {
    return JSON.parse(canonicalize(await this.bench.observe())) as JsonValue;
  }

  /** A new operation with its plan on the state as it is. */
  async operation(input: JsonValue): Promise<TrialOperation> {
    const { precondition = null, inverse = null } = await this.plan(input);
    this.count += 1;
    return { change: 'kit', revision: 1, index: this.count, direction: 'apply', input, precondition, inverse };
  }

  plan(input: JsonValue): Promise<Planned> {
    return this.call((executor) => executor.plan(input));
  }

  grant(operation: TrialOperation, more: Partial<GrantClaims> = {}, root: Root = this.root): Promise<string> {
    const { change, revision, index, direction, input, precondition } = operation;
    return signGrant(root, {
      ...{ iss: ORIGIN, aud: `${this.subject.name}@${this.subject.version}`, jti: operationKey(operation) },
      ...{ exp: this.nowSeconds + GRANT_SECONDS, contentHash: CONTENT_HASH, change, revision, index, direction },
      inputHash: grantInputHash(input, precondition),
      ...more,
    });
  }

  async apply(operation: TrialOperation): Promise<Outcome> {
    const grant = await this.grant(operation);
    return this.call((executor) => executor.apply(grant, operation.input, operation.precondition));
  }

  async applied(operation: TrialOperation): Promise<void> {
    const answer = await this.apply(operation);
    expect(answer.kind === 'applied', `apply() answered ${JSON.stringify(answer)}`);
  }

  async refused(operation: TrialOperation, what: string): Promise<void> {
    const answer = await this.apply(operation);
    expect(answer.kind === 'refused', `${what} is answered "${answer.kind}"`);
  }

  async undone(operation: TrialOperation): Promise<void> {
    const direction = 'undo' as const;
    const grant = await this.grant(operation, {
      ...{ direction, jti: operationKey({ ...operation, direction }), inputHash: grantInputHash(operation.inverse) },
    });
    const answer = await this.call((executor) => executor.undo(grant, operation.inverse));
    expect(answer.kind === 'applied', `undo() answered ${JSON.stringify(answer)}`);
  }

  async expectStatus(
    operation: TrialOperation,
    direction: 'apply' | 'undo',
    kind: Status['kind'],
    when: string,
  ): Promise<void> {
    const answer = await this.call((executor) => executor.status(operationKey({ ...operation, direction })));
    expect(answer.kind === kind, `status() ${when} is "${answer.kind}", not "${kind}"`);
  }

  async expectState(state: JsonValue, message: string): Promise<void> {
    const now = await this.observe();
    expect(isSame(now, state), `${message}: it was ${JSON.stringify(state)}, it is ${JSON.stringify(now)}`);
  }

  async call<T>(ask: (executor: Executor) => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE_MS / MS_PER_SECOND} s`)), PATIENCE_MS);
    });
    return Promise.race([ask(this.executor), late]).finally(() => clearTimeout(timer));
  }
}

export function createRoot() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  return {
    verifierKey: formatVerifierKey(ORIGIN, raw),
    sign: async (text: Uint8Array) => sign(null, text, privateKey),
  };
}

export function expect(holds: boolean, message: string): void {
  if (!holds) throw new Error(message);
}

export function isSame(a: unknown, b: unknown): boolean {
  return canonicalize(a) === canonicalize(b);
}
