/** Executors in this process: hands each request to the implementation that the engine was started with, and nothing else. */
import { askExecutor, type Executor, type Executors } from '../../../core/changes/index.ts';
import type { ValidationReport } from '../../../core/system/index.ts';
import { EngineError } from '../machine/errors.ts';

export type Implementations = Readonly<Record<string, Executor>>;

/** What a module for `nervous dev --executors` exports as `createExecutors`: its executors by the names in the configuration. */
export type CreateExecutors = (engine: {
  /** verifier keys of the ledger's root, read anew at every call */
  readonly rootKeys: () => readonly string[];
}) => Implementations | Promise<Implementations>;

export interface OpenExecutors {
  readonly executors: Executors;
  /** what the engine says of them when it looks at itself: one that is declared and not here refuses proposals */
  readonly checks: ValidationReport['checks'];
}

/** @throws EngineError EXECUTOR_UNKNOWN: an implementation that the configuration does not declare would never be asked */
export function createExecutors(
  implementations: Implementations,
  declared: Readonly<Record<string, unknown>>,
): OpenExecutors {
  const stray = Object.keys(implementations).find((name) => !Object.hasOwn(declared, name));
  if (stray !== undefined)
    throw new EngineError({
      code: 'EXECUTOR_UNKNOWN',
      message: `the engine got an executor "${stray}" that the configuration does not declare: add it to "executors"`,
    });
  return {
    checks: Object.keys(declared).map((name) => {
      const ok = Object.hasOwn(implementations, name);
      return { name: `executor ${name}`, ok, detail: ok ? 'is implemented here' : missing(name) };
    }),
    executors: {
      call: async ({ name }, request) => {
        const executor = Object.hasOwn(implementations, name) ? implementations[name] : undefined;
        if (executor === undefined) throw new EngineError({ code: 'EXECUTOR_UNKNOWN', message: missing(name) });
        return askExecutor(executor, structuredClone(request));
      },
    },
  };
}

function missing(name: string): string {
  return `the executor "${name}" is declared but not implemented here: pass it to startEngine({ executors })`;
}
