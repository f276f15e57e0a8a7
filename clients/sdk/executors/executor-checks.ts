/** The checks of the conformance kit, by name: what each does to an executor, and what must be so afterwards. */
import { canonicalize, type JsonValue } from '../../../core/canonical/index.ts';
import { grantInputHash, operationKey, type GrantClaims } from '../../../core/changes/index.ts';
import { expect, GRANT_SECONDS, isSame, createRoot, type Trial, type TrialOperation } from './executor-trial.ts';

const AT_ONCE = 8;

export type Check = (trial: Trial) => Promise<void>;

export const CHECKS: Readonly<Record<string, Check>> = {
  'plan changes nothing': async (trial) => {
    const before = await trial.observe();
    await trial.plan(trial.a);
    await trial.expectState(before, 'planning changed what observe() shows');
  },
  'plan is deterministic': async (trial) => {
    const [one, two] = [await trial.plan(trial.a), await trial.plan(trial.a)];
    expect(isSame(one, two), 'two plans of one input on one state differ');
  },
  'the inverse is an input': async (trial) => {
    const { inverse } = await trial.plan(trial.a);
    expect(inverse !== undefined && inverse !== null, 'plan() names no inverse, although it is reversible');
    await trial.plan(inverse as JsonValue);
  },
  'apply has its effect': async (trial) => {
    const before = await trial.observe();
    await trial.applied(await trial.operation(trial.a));
    expect(!isSame(await trial.observe(), before), 'observe() shows no difference: it must show every effect');
  },
  'undo restores what was there': async (trial) => {
    for (const input of trial.inputs) {
      const before = await trial.observe();
      const operation = await trial.operation(input);
      await trial.applied(operation);
      await trial.undone(operation);
      await trial.expectState(before, `after applying and undoing ${JSON.stringify(input)}, the state differs`);
      await trial.applied(await trial.operation(input)); // so the next one begins from another state
    }
  },
  'one grant, one effect': async (trial) => {
    const first = await trial.operation(trial.a);
    await trial.applied(first);
    await trial.applied(await trial.operation(trial.b));
    const before = await trial.observe();
    await trial.applied(first);
    await trial.expectState(before, 'the same grant had its effect twice');
  },
  'applies at the same time have one effect': async (trial) => {
    const before = await trial.observe();
    const operation = await trial.operation(trial.a);
    await Promise.all(Array.from({ length: AT_ONCE }, () => trial.apply(operation)));
    const after = await trial.observe();
    expect(isSame(after, await trial.stateAfter(trial.a)), `${AT_ONCE} calls with one grant differ from one call`);
    expect(!isSame(after, before), 'none of the calls had its effect');
  },
  'undo twice is undo once': async (trial) => {
    const operation = await trial.operation(trial.a);
    await trial.applied(operation);
    await trial.undone(operation);
    await trial.applied(await trial.operation(trial.b));
    const before = await trial.observe();
    await trial.undone(operation);
    await trial.expectState(before, 'undoing again undid something else');
  },
  'undo of what was never applied closes it': async (trial) => {
    const before = await trial.observe();
    const operation = await trial.operation(trial.a);
    await trial.undone(operation);
    await trial.expectState(before, 'undoing what was never applied changed something');
    await trial.refused(operation, 'applying after undoing');
    await trial.expectState(before, 'it was applied after it had been undone');
  },
  'status tells the truth': async (trial) => {
    const operation = await trial.operation(trial.a);
    await trial.expectStatus(operation, 'apply', 'not-applied', 'of what nobody has asked for');
    await trial.applied(operation);
    await trial.expectStatus(operation, 'apply', 'applied', 'after apply');
    const other = await trial.operation(trial.b);
    await trial.expectStatus(other, 'apply', 'not-applied', 'of another operation');
  },
  'status tells the truth about undoing': async (trial) => {
    const operation = await trial.operation(trial.a);
    await trial.applied(operation);
    await trial.expectStatus(operation, 'undo', 'not-applied', 'of an undo before it');
    await trial.undone(operation);
    await trial.expectStatus(operation, 'undo', 'applied', 'of an undo after it');
  },
  'a lost answer is found by status': async (trial) => {
    const operation = await trial.operation(trial.a);
    await trial.apply(operation); // whatever it answers does not arrive
    const before = await trial.observe();
    await trial.restart();
    await trial.expectStatus(operation, 'apply', 'applied', 'after a restart');
    await trial.applied(operation);
    await trial.expectState(before, 'the same grant had its effect again after a restart');
  },
  'what was undone stays undone after a restart': async (trial) => {
    const operation = await trial.operation(trial.a);
    await trial.applied(operation);
    await trial.undone(operation);
    const before = await trial.observe();
    await trial.restart();
    // As planned now: nothing but the mark stands against it.
    const { precondition } = await trial.operation(trial.a);
    await trial.refused({ ...operation, precondition }, 'applying after undoing and a restart');
    await trial.expectState(before, 'it was applied again after a restart');
  },
  'what has changed since the plan is refused': async (trial) => {
    const planned = await trial.operation(trial.a);
    await trial.applied(await trial.operation(trial.b));
    const now = await trial.plan(trial.a);
    // A plan that depends on nothing, or on nothing that the other input touches, holds still.
    if (isSame(now.precondition ?? null, planned.precondition)) return;
    const before = await trial.observe();
    await trial.refused(planned, 'applying with a precondition that no longer holds');
    await trial.expectState(before, 'it was applied although its precondition did not hold any more');
  },
  'an input outside the schema is refused': async (trial) => {
    const before = await trial.observe();
    for (const input of trial.subject.invalidInputs) {
      const operation = { ...(await trial.operation(trial.a)), input };
      await trial.refused(operation, `the input ${JSON.stringify(input)}`);
    }
    await trial.expectState(before, 'an input outside the schema had an effect');
  },
  'a forged grant is refused': wrongGrant((trial, operation) => trial.grant(operation, {}, createRoot())),
  'an altered grant is refused': wrongGrant(async (trial, operation) => {
    const [header = '', payload = '', signature = ''] = (await trial.grant(operation)).split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as GrantClaims;
    const altered = { ...claims, exp: claims.exp + GRANT_SECONDS };
    return `${header}.${Buffer.from(canonicalize(altered)).toString('base64url')}.${signature}`;
  }),
  'an unsigned grant is refused': wrongGrant(async (trial, operation) => {
    const [, payload = ''] = (await trial.grant(operation)).split('.');
    return `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
  }),
  'a grant that is over is refused': wrongGrant((trial, operation) =>
    trial.grant(operation, { exp: trial.nowSeconds }),
  ),
  'a grant for another executor is refused': wrongGrant((trial, operation) =>
    trial.grant(operation, { aud: `other@${trial.subject.version}` }),
  ),
  'a grant for another version is refused': wrongGrant((trial, operation) =>
    trial.grant(operation, { aud: `${trial.subject.name}@0-other` }),
  ),
  'a grant of another ledger is refused': wrongGrant((trial, operation) =>
    trial.grant(operation, { iss: 'other/main' }),
  ),
  'a grant for another input is refused': wrongGrant((trial, operation) =>
    trial.grant(operation, { inputHash: grantInputHash(trial.b, operation.precondition) }),
  ),
  'a grant to undo does not apply': wrongGrant((trial, operation) =>
    trial.grant(operation, { direction: 'undo', jti: operationKey({ ...operation, direction: 'undo' }) }),
  ),
  'a grant to apply does not undo': async (trial) => {
    const operation = await trial.operation(trial.a);
    await trial.applied(operation);
    const before = await trial.observe();
    const inputHash = grantInputHash(operation.inverse);
    const answer = await trial.call((executor) =>
      trial.grant(operation, { inputHash }).then((grant) => executor.undo(grant, operation.inverse)),
    );
    expect(answer.kind === 'refused', `undo() took a grant to apply: ${answer.kind}`);
    await trial.expectState(before, 'a grant to apply undid something');
  },
};

/** Without meaning for an executor that cannot take anything back. */
export const NEEDS_UNDO: ReadonlySet<string> = new Set([
  'the inverse is an input',
  'undo restores what was there',
  'undo twice is undo once',
  'undo of what was never applied closes it',
  'status tells the truth about undoing',
  'what was undone stays undone after a restart',
  'a grant to apply does not undo',
]);

/** No effect, no mark: the right grant still works afterwards. */
function wrongGrant(make: (trial: Trial, operation: TrialOperation) => Promise<string>): Check {
  return async (trial) => {
    const before = await trial.observe();
    const operation = await trial.operation(trial.a);
    const grant = await make(trial, operation);
    const answer = await trial.call((executor) => executor.apply(grant, operation.input, operation.precondition));
    expect(answer.kind === 'refused', `apply() answered "${answer.kind}"`);
    await trial.expectState(before, 'it had an effect');
    await trial.expectStatus(operation, 'apply', 'not-applied', 'after a grant that is none');
    await trial.applied(operation);
  };
}
