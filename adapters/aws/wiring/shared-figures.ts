/** What all functions counted together, as a part of the function that reports. */
import type { Ports } from '../../../core/system/index.ts';
import { metricsConnection } from './clients.ts';
import { systemFigures } from './system-figures.ts';
import { systemClock as clock } from '../request/system-clock.ts';

/** @param of where the functions' metrics are, as they were written */
export function createSharedFigures(of: {
  readonly namespace: string;
  readonly service: string;
}): NonNullable<Ports['sharedFigures']> {
  return systemFigures({ ...metricsConnection(), ...of, clock });
}
