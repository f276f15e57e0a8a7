export { assertionProblem, keyAssertionBytes, type AssertionProblem } from './verify-assertion.ts';
export {
  assertionSchema,
  type Assertion,
  type AssertionDemand,
  ASSERTION_DEMANDS,
  stricterDemand,
} from './assertion.ts';
export {
  credentialProblems,
  credentialsSchema,
  isFitFor,
  webauthnSchema,
  type Credential,
  type Signers,
} from './credential.ts';
