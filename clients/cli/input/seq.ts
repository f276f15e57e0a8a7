/** The place of an entry on its chain, on a command line. */
import { UsageError } from '../output/output.ts';

/** @throws UsageError */
export function parseSeq(text: string): number {
  if (/^(0|[1-9][0-9]{0,14})$/.test(text)) return Number(text);
  throw new UsageError(`"${text}" is not a place on a chain: give the number that nervous entities show shows, from 0`);
}
