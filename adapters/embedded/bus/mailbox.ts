/**
 * What a subscription keeps across restarts: how far it is settled, and the exceptions (events being retried, dead
 * letters). An event delivered at the first try costs no write of its own. A crash forgets at most what was acknowledged
 * since the last flush; those events come again (at least once).
 */
import type { EpochMs } from '../../../core/brands/index.ts';
import type { JsonValue } from '../../../core/canonical/index.ts';
import type { DeliveryAttempt } from '../../../core/events/index.ts';
import type { ItemKey, ItemStore, ItemWrite } from '../../../core/ledger/index.ts';

/** An event whose delivery failed. */
export interface Failure {
  readonly position: number;
  readonly entity: string;
  readonly attempts: number;
  readonly reason: string;
  /** retry: when it is due; dead letter: when it died */
  readonly at: EpochMs;
}

/** How an event's deliveries went, when they did not go smoothly. */
export interface Note {
  readonly position: number;
  readonly tries: readonly DeliveryAttempt[];
}

const PAGE = 1_000;
const POSITION_DIGITS = 16;

export class Mailbox {
  private readonly items: ItemStore;
  private readonly cursorKey: ItemKey;
  private readonly retryPk: string;
  private readonly deadPk: string;
  private readonly notePk: string;

  constructor(items: ItemStore, ledger: string, subscriptionId: string) {
    this.items = items;
    this.cursorKey = { pk: `${ledger}#cursor`, sk: subscriptionId };
    this.retryPk = `${ledger}#retry#${subscriptionId}`;
    this.deadPk = `${ledger}#dead#${subscriptionId}`;
    this.notePk = `${ledger}#note#${subscriptionId}`;
  }

  /** First log position that is not settled; undefined when the subscription is new. */
  async loadCursor(): Promise<number | undefined> {
    const item = await this.items.get(this.cursorKey);
    return item === undefined ? undefined : (item.value as number);
  }

  loadRetries(): Promise<Failure[]> {
    return this.loadAll(this.retryPk);
  }

  loadNotes(): Promise<Note[]> {
    return this.loadAll(this.notePk);
  }

  async countDead(): Promise<number> {
    return (await this.loadAll<Failure>(this.deadPk)).length;
  }

  async deadLetters(options: { readonly after?: number; readonly limit: number }): Promise<Failure[]> {
    const after = options.after === undefined ? {} : { after: sortKey(options.after) };
    return (await this.items.list(this.deadPk, { ...after, limit: options.limit })).map(
      ({ value }) => value as unknown as Failure,
    );
  }

  async deadLetter(position: number): Promise<Failure | undefined> {
    return (await this.items.get({ pk: this.deadPk, sk: sortKey(position) }))?.value as unknown as Failure | undefined;
  }

  writeCursor(position: number): ItemWrite {
    return { kind: 'put', key: this.cursorKey, value: position, expect: 'any' };
  }

  writeRetry(failure: Failure): ItemWrite {
    return put(this.retryPk, failure);
  }

  forgetRetry(position: number): ItemWrite {
    return remove(this.retryPk, position);
  }

  writeNote(note: Note): ItemWrite {
    return put(this.notePk, note);
  }

  forgetNote(position: number): ItemWrite {
    return remove(this.notePk, position);
  }

  writeDead(failure: Failure): readonly ItemWrite[] {
    return [put(this.deadPk, failure), this.forgetRetry(failure.position)];
  }

  /** Moves dead letters back among the retries, due now, with fresh attempts. */
  writeRedrive(failure: Failure): readonly ItemWrite[] {
    return [remove(this.deadPk, failure.position), put(this.retryPk, failure)];
  }

  async save(writes: readonly ItemWrite[]): Promise<void> {
    const written = await this.items.write(writes);
    if (written.kind !== 'written') throw new Error(`the mailbox changed under its only writer: ${written.failed.pk}`);
  }

  async erase(): Promise<void> {
    const rows: ItemWrite[] = [{ kind: 'delete', key: this.cursorKey, expect: 'any' }];
    for (const pk of [this.retryPk, this.deadPk, this.notePk])
      rows.push(...(await this.loadAll<Failure | Note>(pk)).map(({ position }) => remove(pk, position)));
    await this.save(rows);
  }

  private async loadAll<Row extends Failure | Note>(pk: string): Promise<Row[]> {
    const all: Row[] = [];
    for (;;) {
      const last = all.at(-1);
      const page = await this.items.list(pk, {
        ...(last === undefined ? {} : { after: sortKey(last.position) }),
        limit: PAGE,
      });
      all.push(...page.map(({ value }) => value as unknown as Row));
      if (page.length < PAGE) return all;
    }
  }
}

function put(pk: string, row: Failure | Note): ItemWrite {
  return { kind: 'put', key: { pk, sk: sortKey(row.position) }, value: row as unknown as JsonValue, expect: 'any' };
}

function remove(pk: string, position: number): ItemWrite {
  return { kind: 'delete', key: { pk, sk: sortKey(position) }, expect: 'any' };
}

function sortKey(position: number): string {
  return String(position).padStart(POSITION_DIGITS, '0');
}
