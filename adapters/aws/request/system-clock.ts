/** The real clock as a function has it: what sleeps in a request is waited for. */
import { createSystemClock } from '../../machine/system-clock.ts';

export { systemIds } from '../../machine/system-clock.ts';
export const systemClock = createSystemClock({ holdsProcess: true });
