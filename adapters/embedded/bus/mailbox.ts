/**
 * What a subscription keeps across restarts: how far it is settled, and the exceptions (events being retried, dead
 * letters). An event delivered at the first try costs no write of its own. A crash forgets at most what was acknowledged
 * since the last flush; those events come again (at least once).
 */
import * as z from 'zod';
import type { EpochMs } from '../../../core/brands/index.ts';
import { deliveryAttemptSchema, type DeliveryAttempt } from '../../../core/events/index.ts';
import type { JsonValue } from '../../../core/canonical/index.ts';
import type { Item, ItemKey, ItemStore, ItemWrite } from '../../../core/ledger/index.ts';
import { codecOf, defined, epochMs, stored, whole, type Codec } from '../../../core/values/index.ts';

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

export const cursorCodec = codecOf<number>('cursor of a subscription', whole);
export const failureCodec = codecOf<Failure>(
  'failed delivery',
  stored<Failure>({ position: whole, entity: z.string(), attempts: whole, reason: z.string(), at: epochMs }),
);
export const noteCodec = codecOf<Note>(
  'note on deliveries',
  stored<Note>({ position: whole, tries: z.array(deliveryAttemptSchema) }),
);

const PAGE = 1_000;
const POSITION_DIGITS = 16;

export class Mailbox {
  private readonly items: ItemStore;
  private readonly cursorKey: ItemKey;
  private readonly dispatchKey: ItemKey;
  private readonly attemptPk: string;
  private readonly retryPk: string;
  private readonly deadPk: string;
  private readonly notePk: string;

  constructor(items: ItemStore, ledger: string, subscriptionId: string) {
    this.items = items;
    this.cursorKey = { pk: `${ledger}#cursor`, sk: subscriptionId };
    this.dispatchKey = { pk: `${ledger}#dispatch`, sk: subscriptionId };
    this.attemptPk = `${ledger}#attempt#${subscriptionId}`;
    this.retryPk = `${ledger}#retry#${subscriptionId}`;
    this.deadPk = `${ledger}#dead#${subscriptionId}`;
    this.notePk = `${ledger}#note#${subscriptionId}`;
  }

  /** First log position that is not settled; undefined when the subscription is new. */
  async loadCursor(): Promise<number | undefined> {
    const item = await this.items.get(this.cursorKey);
    return item && cursorCodec.decode(item);
  }

  loadRetries(): Promise<Failure[]> {
    return this.loadAll(this.retryPk, failureCodec);
  }

  loadNotes(): Promise<Note[]> {
    return this.loadAll(this.notePk, noteCodec);
  }

  async countDead(): Promise<number> {
    return (await this.loadAll(this.deadPk, failureCodec)).length;
  }

  async deadLetters(options: { readonly after?: number; readonly limit: number }): Promise<Failure[]> {
    const after = options.after === undefined ? undefined : sortKey(options.after);
    const page = await this.items.list(this.deadPk, { ...defined({ after }), limit: options.limit });
    return page.map((item) => failureCodec.decode(item));
  }

  /** The writes that forget those at this position and behind it. */
  async forgetDeadFrom(position: number): Promise<ItemWrite[]> {
    const all = await this.loadAll(this.deadPk, failureCodec);
    return all.filter((dead) => dead.position >= position).map((dead) => this.forgetDead(dead.position));
  }

  /** @param positions none: all */
  async chosenDead(positions: readonly number[] | undefined): Promise<Failure[]> {
    if (positions === undefined) return this.loadAll(this.deadPk, failureCodec);
    const found = await Promise.all([...new Set(positions)].map((position) => this.deadLetter(position)));
    return found.filter((one) => one !== undefined);
  }

  async deadLetter(position: number): Promise<Failure | undefined> {
    const item = await this.items.get({ pk: this.deadPk, sk: sortKey(position) });
    return item && failureCodec.decode(item);
  }

  writeCursor(position: number): ItemWrite {
    return { kind: 'put', key: this.cursorKey, value: position, expect: 'any' };
  }

  writeRetry(failure: Failure): ItemWrite {
    return put(this.retryPk, failure.position, failureCodec.encode(failure));
  }

  forgetRetry(position: number): ItemWrite {
    return remove(this.retryPk, position);
  }

  writeNote(note: Note): ItemWrite {
    return put(this.notePk, note.position, noteCodec.encode(note));
  }

  forgetNote(position: number): ItemWrite {
    return remove(this.notePk, position);
  }

  writeDead(failure: Failure): readonly ItemWrite[] {
    return [put(this.deadPk, failure.position, failureCodec.encode(failure)), this.forgetRetry(failure.position)];
  }

  forgetDead(position: number): ItemWrite {
    return remove(this.deadPk, position);
  }

  /** Moves dead letters back among the retries, due now, with fresh attempts. */
  writeRedrive(failure: Failure): readonly ItemWrite[] {
    return [remove(this.deadPk, failure.position), this.writeRetry(failure)];
  }

  async save(writes: readonly ItemWrite[]): Promise<void> {
    const written = await this.items.write(writes);
    if (written.kind !== 'written') throw new Error(`the mailbox changed under its only writer: ${written.failed.pk}`);
  }

  async erase(): Promise<void> {
    const rows: ItemWrite[] = [this.cursorKey, this.dispatchKey].map((key) => ({ kind: 'delete', key, expect: 'any' }));
    for (const pk of [this.retryPk, this.deadPk, this.notePk, this.attemptPk])
      for await (const page of this.pages(pk))
        rows.push(...page.map(({ sk }): ItemWrite => ({ kind: 'delete', key: { pk, sk }, expect: 'any' })));
    await this.save(rows);
  }

  private async loadAll<Row>(pk: string, codec: Codec<Row>): Promise<Row[]> {
    const all: Row[] = [];
    for await (const page of this.pages(pk)) all.push(...page.map((item) => codec.decode(item)));
    return all;
  }

  private async *pages(pk: string): AsyncGenerator<readonly Item[]> {
    for (let after: string | undefined; ;) {
      const page = await this.items.list(pk, { ...defined({ after }), limit: PAGE });
      yield page;
      after = page.at(-1)?.sk;
      if (page.length < PAGE) return;
    }
  }
}

function put(pk: string, position: number, value: JsonValue): ItemWrite {
  return { kind: 'put', key: { pk, sk: sortKey(position) }, value, expect: 'any' };
}

function remove(pk: string, position: number): ItemWrite {
  return { kind: 'delete', key: { pk, sk: sortKey(position) }, expect: 'any' };
}

function sortKey(position: number): string {
  return String(position).padStart(POSITION_DIGITS, '0');
}
