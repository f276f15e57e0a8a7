/** What a variant measured: lines of JSON that its programs print, put together into one row. */

export type Figures = Readonly<Record<string, number>>;

export interface Row {
  readonly variant: string;
  /** load of the machine before it began, mean of a minute */
  readonly loadBefore: number;
  readonly figures: Figures;
  /** why there are no figures */
  readonly failed?: string;
}

/** A variant without a rate has no row of figures: what it printed instead is told. */
export function rowOf(variant: string, loadBefore: number, output: string): Row {
  const lines = output.split('\n').filter((line) => line.startsWith('{'));
  const figures: Record<string, number> = {};
  for (const line of lines)
    for (const [name, value] of Object.entries(objectOf(line)))
      if (typeof value === 'number' && Number.isFinite(value)) figures[name] = value;
  const failed = figures['eventsPerSecond'] === undefined ? `it printed no figures: ${ending(output)}` : undefined;
  return { variant, loadBefore, figures, ...(failed === undefined ? {} : { failed }) };
}

function objectOf(line: string): object {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {}; // cut off where the program ended: the row says that figures are missing
  }
}

function ending(output: string): string {
  const last = output.trim().split('\n').at(-1) ?? '';
  return last === '' ? 'nothing' : last.slice(0, 200);
}
