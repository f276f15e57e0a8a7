/** Commands that run an engine or look after one, loaded together. */
export { backupCommand } from './backup.ts';
export { completionCommand } from './completion.ts';
export { consoleCommand } from './console.ts';
export { devCommand } from './dev.ts';
export { doctorCommand } from './doctor.ts';
export { tokenCommand } from './token.ts';
