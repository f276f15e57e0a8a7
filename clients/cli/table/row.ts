/** What the table of commands says of each, before anything of it is loaded. */
import type { Command } from 'commander';

export interface CommandRow {
  /** as it is typed: "events publish", "dev" */
  readonly path: string;
  readonly about: string;
  /** lines that could be run as they stand */
  readonly examples: readonly [string, ...string[]];
  /** names from before there were groups; each goes on working, and says this one */
  readonly was?: readonly string[];
  /** what its group does when no other command of it is named */
  readonly isDefault?: true;
  /** its arguments, options and action; only what is run is loaded, so that help and completion need no engine */
  readonly load: () => Promise<Command>;
}

export interface CommandGroup {
  /** the first word of its commands; "" for those of one word */
  readonly name: string;
  readonly about: string;
  readonly rows: readonly CommandRow[];
}
