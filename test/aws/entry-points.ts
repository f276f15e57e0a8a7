/** The scenario suite on the deployed stacks, through one of their entry points: with tokens, or with requests that IAM roles sign. */
import { afterAll, describe } from 'vitest';
import { describeScenarios, SCENARIOS, type Fixture } from '../scenarios/index.ts';
import { clientOf, deployed, output, requestWithToken } from './support/deployed.ts';
import { iamClientOf, requestSigned } from './support/iam-callers.ts';
import { awsPowers } from './support/powers.ts';
import { serveLimits } from './support/sample-executor.ts';

type EntryPoint = Pick<Fixture, 'as' | 'request'>;

/** AWS cannot ask an issuer on this machine for its keys: there everybody comes with IAM credentials. */
export const IS_ACCOUNT = deployed().kind === 'account';

export const TOKENS: EntryPoint = {
  as: (principal) => clientOf(output('ApiId'), principal),
  request: (...asked) => requestWithToken(output('ApiId'), ...asked),
};
export const IAM: EntryPoint = { as: iamClientOf, request: requestSigned };

/** Both are refused on AWS when such a subscription is created. */
const IMPOSSIBLE = [
  'a buffered subscription waits until a batch is full',
  'a function is given the events of its subscription; what it throws at becomes a dead letter',
];

/** Registers all that can be done there; what is left out is said by name. */
export function describeThrough(name: string, entryPoint: EntryPoint): void {
  describe(name, () => {
    // A function of an account cannot reach the executor in this process.
    const executor = IS_ACCOUNT ? undefined : serveLimits();
    afterAll(async () => (await executor)?.close());
    const limits = executor === undefined ? {} : { limits: async () => (await executor).limits() };
    const fixture: Fixture = { engine: 'AWS', ...entryPoint, ...awsPowers(), ...limits };
    const needLimits = SCENARIOS.filter(({ needs }) => needs?.includes('limits') === true).map((one) => one.name);
    const leftOut = [...IMPOSSIBLE, ...(IS_ACCOUNT ? needLimits : [])];
    describeScenarios('AWS', SCENARIOS, () => fixture, { powers: Object.keys(fixture), leftOut });
  });
}
