/** The real clock as the engine has it: what sleeps in it does not keep the process from ending. */
import { createSystemClock } from '../../machine/system-clock.ts';

export { systemIds } from '../../machine/system-clock.ts';
export const systemClock = createSystemClock({ holdsProcess: false });
