/** What keeps the AWS tests from starting: one sentence that names the cause and, where there is one, the way out. */
export class HarnessError extends Error {}
