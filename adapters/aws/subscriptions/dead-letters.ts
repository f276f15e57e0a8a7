/**
 * Dead letters: events a subscription could not take, kept as places in the ledger with the reason. The ledger has the
 * event; a letter about an event that is not there, or not the subscription's to see, is never written.
 */
import { isoOf } from '../../../core/brands/index.ts';
import { recordedEvent, type DeadLetter, type DeliveredEvent, type Subscription } from '../../../core/events/index.ts';
import {
  LedgerError,
  type Clock,
  type EntryStore,
  type Item,
  type ItemStore,
  type ItemWrite,
} from '../../../core/ledger/index.ts';
import { defined } from '../../../core/values/index.ts';
import { wantedBy } from '../bus/directory.ts';
import type { LogPositions } from '../bus/log-positions.ts';
import { DeadLetterItems, letterCodec, sortKey, type Letter } from './dead-letter-items.ts';

/** Sequencing takes well under a second; longer waits are the caller's to repeat. */
const SEQUENCING_TRIES = 20;
const SEQUENCING_WAIT_MS = 100;

export interface DeadLetterStoreOptions {
  readonly ledger: string;
  readonly items: ItemStore;
  readonly entries: Pick<EntryStore, 'read'>;
  readonly positions: LogPositions;
  readonly clock: Clock;
}

export class DeadLetterStore extends DeadLetterItems {
  private readonly options: DeadLetterStoreOptions;

  constructor(options: DeadLetterStoreOptions) {
    super(options);
    this.options = options;
  }

  /**
   * Writes the letter. Twice is once. @returns false: the ledger has no such event for this subscription
   * @throws LedgerError STORE_UNAVAILABLE: the event has no place in the log yet
   */
  async writeDeadLetter(
    subscription: Subscription,
    place: { readonly chain: string; readonly seq: number },
    failure: { readonly attempts: number; readonly reason: string },
  ): Promise<boolean> {
    const { items, ledger, clock } = this.options;
    const event = await this.eventAt(place.chain, place.seq);
    if (event === undefined || !wantedBy(ledger, subscription)(event)) return false;
    const position = await this.positionSoon(place.chain, place.seq);
    const letter: Letter = { position, entity: place.chain, seq: place.seq, ...failure, at: clock.now() };
    await items.write([this.letterWrite(subscription.id, letter)]);
    return true;
  }

  /** For who writes it together with what it follows from. */
  letterWrite(id: string, letter: Letter): ItemWrite {
    const key = this.keyOf(id, letter.position);
    return { kind: 'put', key, value: letterCodec.encode(letter), expect: 'any' };
  }

  async list(id: string, options: { readonly after?: number; readonly limit: number }): Promise<readonly DeadLetter[]> {
    const { items } = this.options;
    const after = options.after === undefined ? undefined : sortKey(options.after);
    const found = await items.list(this.partition(id), { ...defined({ after }), limit: options.limit });
    return (await Promise.all(found.map((item) => this.toDeadLetter(letterCodec.decode(item))))).filter(
      (letter) => letter !== undefined,
    );
  }

  /**
   * Takes letters (all, or those at `positions`) back into delivery: sends the event, then removes the letter, so that a
   * crash in between delivers twice and loses nothing. @returns how many this call removed
   */
  async takeBack(
    id: string,
    positions: readonly number[] | undefined,
    send: (event: DeliveredEvent) => Promise<void>,
  ): Promise<number> {
    let count = 0;
    if (positions !== undefined) {
      for (const position of new Set(positions)) if (await this.takeBackOne(id, position, send)) count += 1;
      return count;
    }
    for await (const page of this.pages(id)) {
      const taken = await Promise.all(page.map(({ position }) => this.takeBackOne(id, position, send)));
      count += taken.filter(Boolean).length;
    }
    return count;
  }

  /**
   * Hands letters (all, or those at `positions`) on to who delivers them, `together` at most at a time. @param hand writes what
   * removes them together with what follows. @returns how many
   */
  async take(
    id: string,
    { positions, together }: { readonly positions: readonly number[] | undefined; readonly together: number },
    hand: (
      events: readonly { readonly position: number; readonly entity: string }[],
      removals: readonly ItemWrite[],
    ) => Promise<boolean>,
  ): Promise<number> {
    let count = 0;
    for await (const page of this.chosen(id, positions)) {
      for (let i = 0; i < page.length; i += together) {
        const some = page.slice(i, i + together);
        if (await hand(some.map(placeIn), some.map(removalOf))) count += some.length;
        else for (const one of some) if (await hand([placeIn(one)], [removalOf(one)])) count += 1; // somebody else takes some, too
      }
    }
    return count;
  }

  private async *chosen(id: string, positions: readonly number[] | undefined): AsyncGenerator<readonly Item[]> {
    if (positions === undefined) {
      yield* this.itemPages(id);
      return;
    }
    const found = await Promise.all(
      [...new Set(positions)].map((position) => this.options.items.get(this.keyOf(id, position))),
    );
    yield found.filter((item) => item !== undefined);
  }

  /** Those at a log index or after it. */
  async eraseFrom(id: string, position: number): Promise<void> {
    const from = sortKey(position);
    for await (const page of this.itemPages(id)) {
      const later = page.filter(({ sk }) => sk >= from);
      const erasing = later.map(({ pk, sk }) =>
        this.options.items.write([{ kind: 'delete', key: { pk, sk }, expect: 'any' }]),
      );
      await Promise.all(erasing);
    }
  }

  async erase(id: string): Promise<void> {
    for await (const page of this.pages(id)) {
      await this.options.items.write(
        page.map(({ position }) => ({ kind: 'delete', key: this.keyOf(id, position), expect: 'any' })),
      );
    }
  }

  private async takeBackOne(
    id: string,
    position: number,
    send: (event: DeliveredEvent) => Promise<void>,
  ): Promise<boolean> {
    const { items } = this.options;
    const key = this.keyOf(id, position);
    const item = await items.get(key);
    if (item === undefined) return false;
    const { entity, seq } = letterCodec.decode(item);
    const event = await this.eventAt(entity, seq);
    if (event === undefined) return false; // its entry was damaged since: verification says so, the letter stays
    await send(event);
    return (await items.write([{ kind: 'delete', key, expect: item.version }])).kind === 'written';
  }

  private async toDeadLetter({ position, entity, seq, attempts, reason, at }: Letter): Promise<DeadLetter | undefined> {
    const event = await this.eventAt(entity, seq);
    if (event === undefined) return undefined;
    const located = { ...event, ledger: { ...event.ledger, position } };
    return { position, attempts, reason, diedAt: isoOf(at), event: located };
  }

  private async eventAt(chain: string, seq: number): Promise<DeliveredEvent | undefined> {
    const [entry] = await this.options.entries.read(chain, seq, 1);
    return entry?.seq === seq ? recordedEvent(entry)?.event : undefined;
  }

  private async positionSoon(chain: string, seq: number): Promise<number> {
    const { positions, clock } = this.options;
    for (let tries = 1; tries <= SEQUENCING_TRIES; tries++) {
      const position = await positions.positionOf(chain, seq);
      if (position !== undefined) return position;
      await clock.sleep(SEQUENCING_WAIT_MS);
    }
    const message = `event ${seq} of "${chain}" has no place in the log yet: try again`;
    throw new LedgerError({ code: 'STORE_UNAVAILABLE', message });
  }
}

function placeIn(item: Item): { readonly position: number; readonly entity: string } {
  const { position, entity } = letterCodec.decode(item);
  return { position, entity };
}

function removalOf({ pk, sk, version }: Item): ItemWrite {
  return { kind: 'delete', key: { pk, sk }, expect: version };
}
