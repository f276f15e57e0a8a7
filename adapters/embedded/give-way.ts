/** A thread that verifies gives way to those that serve, sign and store: whoever asked for it can wait, the others should not. */
import { constants, setPriority } from 'node:os';

export function giveWay(): void {
  // Elsewhere it would be the whole process's priority; Linux keeps one for each thread, and 0 is the calling one.
  if (process.platform === 'linux') setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL);
}
