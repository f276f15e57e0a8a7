/**
 * The conformance kit: runs an author's own executor through everything that the ledger counts on, each check on a fresh
 * store, with root keys of its own. It proves that these cases are right, not that there are no others.
 */
import { CHECKS, NEEDS_UNDO, type Check } from './executor-checks.ts';
import { Trial, type ExecutorSubject } from './executor-trial.ts';

export type { ExecutorBench, ExecutorSubject } from './executor-trial.ts';

export interface KitCheck {
  readonly name: string;
  readonly ok: boolean;
  /** what was wrong, or why it was left out */
  readonly detail?: string;
}

export interface KitReport {
  readonly ok: boolean;
  readonly checks: readonly KitCheck[];
}

/** Runs every check, one after the other. @throws TypeError when the subject cannot be tested at all */
export async function testExecutor(subject: ExecutorSubject): Promise<KitReport> {
  if (subject.inputs.length < 2 || subject.invalidInputs.length < 1)
    throw new TypeError('the kit needs at least two inputs with different effects, and one invalid input');
  const checks: KitCheck[] = [];
  for (const [name, check] of Object.entries(CHECKS)) {
    const isLeftOut = subject.reversible === false && NEEDS_UNDO.has(name);
    checks.push(
      isLeftOut ? { name, ok: true, detail: 'left out: it is not reversible' } : await runOne(subject, name, check),
    );
  }
  return { ok: checks.every(({ ok }) => ok), checks };
}

async function runOne(subject: ExecutorSubject, name: string, check: Check): Promise<KitCheck> {
  let trial: Trial | undefined;
  try {
    trial = await Trial.open(subject);
    await check(trial);
    return { name, ok: true };
  } catch (error) {
    return { name, ok: false, detail: error instanceof Error ? error.message : String(error) };
  } finally {
    await trial?.close();
  }
}
