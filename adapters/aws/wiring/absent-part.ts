/** Stands where a part of the system would that a function was not given: whoever touches it learns which one is missing. */

/** @param own what there is of it all the same */
export function absentPart<Port extends object>(part: string, own: Partial<Port> = {}): Port {
  const fail = (): never => {
    throw new Error(
      `this function has no part "${part}": give it to openAwsSystem in its handler, and its permissions`,
    );
  };
  return new Proxy((() => {}) as unknown as Port, {
    get: (_, name) => (Object.hasOwn(own, name) ? own[name as keyof Port] : fail()),
    apply: fail,
  });
}
