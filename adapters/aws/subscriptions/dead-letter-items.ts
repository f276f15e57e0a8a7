/** The items of dead letters: where they are, which there are, how many. For who writes and redrives them, and for who only reports. */
import * as z from 'zod';
import type { EpochMs } from '../../../core/brands/index.ts';
import type { Item, ItemKey, ItemStore } from '../../../core/ledger/index.ts';
import { codecOf, defined, epochMs, stored, whole } from '../../../core/values/index.ts';

const POSITION_DIGITS = 16;
const PAGE = 100;

/** As stored. */
export interface Letter {
  readonly position: number;
  readonly entity: string;
  readonly seq: number;
  readonly attempts: number;
  readonly reason: string;
  readonly at: EpochMs;
}

export const letterCodec = codecOf<Letter>(
  'dead letter',
  stored<Letter>({ position: whole, entity: z.string(), seq: whole, attempts: whole, reason: z.string(), at: epochMs }),
);

export class DeadLetterItems {
  private readonly kept: { readonly ledger: string; readonly items: Pick<ItemStore, 'get' | 'list'> };

  constructor(kept: { readonly ledger: string; readonly items: Pick<ItemStore, 'get' | 'list'> }) {
    this.kept = kept;
  }

  async find(
    id: string,
    position: number,
  ): Promise<{ readonly attempts: number; readonly reason: string } | undefined> {
    const item = await this.kept.items.get(this.keyOf(id, position));
    return item && letterCodec.decode(item);
  }

  async count(id: string): Promise<number> {
    let count = 0;
    for await (const page of this.pages(id)) count += page.length;
    return count;
  }

  protected async *pages(id: string): AsyncGenerator<readonly Letter[]> {
    for await (const page of this.itemPages(id)) yield page.map((item) => letterCodec.decode(item));
  }

  protected async *itemPages(id: string): AsyncGenerator<readonly Item[]> {
    let after: string | undefined;
    for (;;) {
      const page = await this.kept.items.list(this.partition(id), {
        ...defined({ after }),
        limit: PAGE,
      });
      if (page.length > 0) yield page;
      if (page.length < PAGE) return;
      after = page.at(-1)?.sk;
    }
  }

  protected partition(id: string): string {
    return `${this.kept.ledger}#dead#${id}`;
  }

  protected keyOf(id: string, position: number): ItemKey {
    return { pk: this.partition(id), sk: sortKey(position) };
  }
}

export function sortKey(position: number): string {
  return String(position).padStart(POSITION_DIGITS, '0');
}
