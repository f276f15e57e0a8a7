/** How the demo talks: numbered steps, indented details, and expectations that end it when they do not hold. */
import { ApiProblem, NotAsShown } from '../../clients/sdk/index.ts';

let steps = 0;

export function step(title: string): void {
  steps += 1;
  console.log(`\n${steps}. ${title}`);
}

export function detail(text: string): void {
  console.log(`   ${text}`);
}

export function expect(holds: boolean, expectation: string): void {
  if (!holds) throw new Error(`${expectation}, but it is not so`);
}

/** By the service, or by the client before it asks. */
type Refusal = ApiProblem | NotAsShown;

/** The call must be refused with this code; prints the reason that was given. */
export async function refusal(attempt: string, code: Refusal['code'], call: Promise<unknown>): Promise<void> {
  const outcome = await call.then(
    () => 'it was accepted',
    (error: unknown) => error,
  );
  const isRefusal = outcome instanceof ApiProblem || outcome instanceof NotAsShown;
  if (!isRefusal || outcome.code !== code)
    throw new Error(`"${attempt}" must be refused as ${code}, but: ${String(outcome)}`);
  detail(`${attempt}: refused, ${outcome.code} (${outcome.message})`);
}
