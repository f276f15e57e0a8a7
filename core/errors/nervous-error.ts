/**
 * The one error shape. Each core area throws its own subclass with its own closed set of codes; shells map codes to
 * HTTP statuses or exit codes and never look at messages. Expected outcomes are tagged return values, not errors.
 */

/** One thing wrong with an input: where (RFC 6901 JSON pointer) and what. */
export interface Problem {
  readonly pointer: string;
  readonly detail: string;
}

export interface NervousErrorInit<Code extends string> {
  readonly code: Code;
  /** lower-case, the value got, what to do */
  readonly message: string;
  readonly problems?: readonly Problem[];
  /** the same again may succeed after this */
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

export class NervousError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly problems: readonly Problem[];
  readonly retryAfterSeconds: number | undefined;

  constructor(init: NervousErrorInit<Code>) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = new.target.name;
    this.code = init.code;
    this.problems = init.problems ?? [];
    this.retryAfterSeconds = init.retryAfterSeconds;
  }
}

/** The issues of a failed schema check (zod's shape) as problems, and one sentence that names the first. */
export function describeIssues(
  issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
  base: readonly PropertyKey[] = [],
): { readonly message: string; readonly problems: readonly Problem[] } {
  const problems = issues.map(({ path, message }) => ({ pointer: pointerTo([...base, ...path]), detail: message }));
  const [first] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return {
    problems,
    message:
      first === undefined ? 'invalid' : `${first.pointer === '' ? 'the value' : first.pointer}: ${first.detail}${more}`,
  };
}

/** RFC 6901. */
function pointerTo(path: readonly PropertyKey[]): string {
  return path.map((step) => '/' + String(step).replaceAll('~', '~0').replaceAll('/', '~1')).join('');
}

/** For whoever runs the system: an error's own sentence may say only that it failed; why, its cause does. */
export function withCauses(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { name, message, cause } = error;
  return `${name}: ${message}${cause === undefined ? '' : ` (${withCauses(cause)})`}`;
}

/** What an error calls itself: of Node's own, `ENOENT` and the like; blank where it has no name. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
