/** What a process says that is made to be killed. */
import { writeSync } from 'node:fs';
import { codeOf } from '../../core/errors/index.ts';

/** On stdout, at once, however slowly it is read: what the process knows when it dies has been said. */
export function say(line: string): void {
  for (let rest = Buffer.from(line); rest.length > 0;)
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN') throw error;
    }
}
