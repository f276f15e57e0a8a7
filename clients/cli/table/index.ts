/** The one table of commands: what is run, told in help, completed, and held against docs/cli.md comes from here. */
import { CHANGES, DELEGATIONS, EXECUTOR, POLICY } from './changes.ts';
import { ENGINE, PROFILES } from './engine.ts';
import { CATALOG, EVENTS, GUARDS, SUBSCRIPTIONS, WEBHOOKS } from './events.ts';
import { NOTICES } from './notices.ts';
import { ENTITIES, KEYS, LAKE, REPORT, VERIFY } from './ledger.ts';
import type { CommandGroup, CommandRow } from './row.ts';
import { WORK } from './work.ts';

export type { CommandGroup, CommandRow } from './row.ts';

/** In the order in which help tells them; the first one is that of single words. */
export const GROUPS: readonly CommandGroup[] = [
  ...[ENGINE, EVENTS, SUBSCRIPTIONS, WEBHOOKS, CATALOG, GUARDS, WORK, CHANGES, NOTICES, DELEGATIONS],
  ...[POLICY, EXECUTOR, ENTITIES, VERIFY, REPORT, LAKE, KEYS, PROFILES],
];

export const ROWS: readonly CommandRow[] = GROUPS.flatMap(({ rows }) => rows);
