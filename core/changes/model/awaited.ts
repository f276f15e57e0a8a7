/** What is measured of one change-set while people are awaited. */
import type { IsoInstant } from '../../brands/index.ts';
import type { ChangeRecord } from './record.ts';

export interface Awaited {
  /** `unassessed`: nobody can decide until it is revised */
  readonly level: string;
  /** when it was proposed */
  readonly since: IsoInstant;
  /** reminders sent since its assessment */
  readonly reminders: number;
  readonly escalated: boolean;
}

/** Undefined when nobody is awaited. */
export function awaitedOf(record: ChangeRecord | undefined): Awaited | undefined {
  if (record?.state !== 'pending') return undefined;
  const { assessment, createdAt, reminders = 0, eligible } = record;
  return { level: assessment?.level ?? 'unassessed', since: createdAt, reminders, escalated: eligible !== undefined };
}
