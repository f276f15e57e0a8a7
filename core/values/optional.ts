/** What may be absent, written down without a special case for each. */

/** The fields that have a value: `{ ...defined({ after }), limit }` says `after` where there is one. */
export function defined<Fields extends object>(fields: Fields): Defined<Fields>;
export function defined(fields: Readonly<Record<string, unknown>>): object {
  const found: Record<string, unknown> = {};
  for (const name in fields) {
    const value = fields[name];
    if (value === undefined) continue;
    // Assigned, this one name would become the prototype.
    if (name === '__proto__') Object.defineProperty(found, name, { value, ...PLAIN });
    else found[name] = value;
  }
  return found;
}

const PLAIN = { enumerable: true, configurable: true, writable: true };

/** What can be undefined becomes optional; the rest stays. */
export type Defined<Fields> = {
  [Name in keyof Fields as undefined extends Fields[Name] ? Name : never]?: Exclude<Fields[Name], undefined>;
} & { [Name in keyof Fields as undefined extends Fields[Name] ? never : Name]: Fields[Name] };

/** How often something was counted: what was never counted, none. */
export function countOf<Key>(counts: { get(key: Key): number | undefined }, key: Key): number {
  const count = counts.get(key);
  return count === undefined ? 0 : count;
}

/** A count, a size or a span that nobody gave: none. Not for what must be there, which is `must`'s. */
export function orNone<T>(value: T | null | undefined): T | 0 {
  return value === undefined || value === null ? 0 : value;
}

/** Text that may be absent, where that is the same as none: shown, compared or looked up. Not for what must be there. */
export function orBlank<T>(value: T | null | undefined): T | '' {
  return value === undefined || value === null ? '' : value;
}
