export type { Brand, EpochMs, Given, IsoInstant } from './brand.ts';
export { isoOf, later, msOf, ofSeconds } from './time.ts';
