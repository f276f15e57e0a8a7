/** Commands about claims of work, loaded together. */
export {
  claimCommand,
  completeCommand,
  listWorkCommand,
  releaseCommand,
  renewCommand,
  showWorkCommand,
  stealCommand,
} from './work.ts';
