/**
 * Writes the state of one pushed subscription down: one item, one write after the other, each on condition that nobody else
 * changed it, and each with what has to become true together with it.
 */
import { dispatchCodec, type DispatchState } from '../../../../core/events/index.ts';
import type { Clock, ItemKey, ItemStore, ItemWrite } from '../../../../core/ledger/index.ts';

/** Time what was delivered may stay unwritten: bounds what is sent twice after a crash. */
const FLUSH_MS = 50;
const PAUSE_AFTER_ERROR_MS = 1_000;

export interface PushedStateOptions {
  readonly ledger: string;
  /** of the subscription */
  readonly id: string;
  readonly items: ItemStore;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
  /** the newest state, whenever it is written */
  readonly read: () => DispatchState;
}

export class PushedState {
  private readonly options: PushedStateOptions;
  private readonly key: ItemKey;
  /** of the item; 0: there is none yet */
  private version = 0;
  private isDue = false;
  private isClosed = false;
  private written = 0;
  private unwritten: ItemWrite[] = [];
  private writing: Promise<void> = Promise.resolve();

  constructor(options: PushedStateOptions) {
    this.options = options;
    this.key = { pk: `${options.ledger}#dispatch`, sk: options.id };
  }

  async load(): Promise<DispatchState | undefined> {
    const item = await this.options.items.get(this.key);
    this.version = versionOf(item);
    return item === undefined ? undefined : dispatchCodec.decode(item);
  }

  /** The log position that was written down last. */
  get cursor(): number {
    return this.written;
  }

  /** Something to write together with the state, at its next write. */
  add(write: ItemWrite): void {
    this.unwritten.push(write);
  }

  /** Durable when it resolves. */
  save(more: readonly ItemWrite[] = []): Promise<void> {
    this.unwritten.push(...more);
    const done = this.writing.then(() => this.write());
    this.writing = done.catch(() => undefined);
    return done;
  }

  /** Writes once more, and nothing after that. */
  close(): Promise<void> {
    this.isClosed = true;
    return this.save();
  }

  /** Tries until it is written, or nobody wants it any more. Never rejects. */
  async saveDurably(more: readonly ItemWrite[], signal: AbortSignal): Promise<void> {
    const { clock, onError } = this.options;
    for (let rest = more; ; rest = []) {
      try {
        await this.save(rest);
        return;
      } catch (error) {
        onError(error);
        if (signal.aborted) return; // what was not written is sent again
        await clock.sleep(PAUSE_AFTER_ERROR_MS, signal);
      }
    }
  }

  /** Together with what else changes in the next moment; what could not be written is tried again. */
  saveSoon(waitMs = FLUSH_MS): void {
    if (this.isDue) return;
    this.isDue = true;
    this.options.clock
      .sleep(waitMs)
      .then(() => {
        this.isDue = false;
        return this.isClosed ? undefined : this.save();
      })
      .catch((error: unknown) => {
        this.options.onError(error);
        this.saveSoon(PAUSE_AFTER_ERROR_MS);
      });
  }

  private async write(): Promise<void> {
    const { items, read } = this.options;
    const more = this.unwritten;
    this.unwritten = [];
    const expect = this.version === 0 ? 'absent' : this.version;
    try {
      const state = read();
      const value = dispatchCodec.encode(state);
      const written = await items.write([{ kind: 'put', key: this.key, value, expect }, ...more]);
      if (written.kind !== 'written') throw new Error(`the state of "${this.key.sk}" changed under its only writer`);
      this.version += 1;
      this.written = state.cursor;
    } catch (error) {
      this.unwritten = [...more, ...this.unwritten];
      this.version = versionOf(await items.get(this.key)); // it may have been written all the same
      throw error;
    }
  }
}

function versionOf(item: { readonly version: number } | undefined): number {
  return item === undefined ? 0 : item.version;
}
