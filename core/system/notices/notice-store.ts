/** Where each person's notices are kept: one item each, by the log index of its event. The oldest fall out. */
import * as z from 'zod';
import type { PersonId, Position } from '../../brands/index.ts';
import type { Item, ItemKey, ItemStore, ItemWrite } from '../../ledger/index.ts';
import { codecOf, defined, instant, stored, whole } from '../../values/index.ts';
import type { Notice, NoticeSubject } from '../contract/notices.ts';
import { createNoticeBoxes, emptied, isNewTo, type Box, type BoxChange } from './notice-boxes.ts';

/** Of one person. What falls out is still in the log. */
export const MAX_HELD = 200;
/** A log index in a key: 16 digits hold every safe integer and sort as numbers. */
const DIGITS = 16;
/** Of a transaction. */
const WRITES = 50;

export type StoredNotice = Omit<Notice, 'position' | 'read'>;

const subject = z.union([
  z.strictObject({ kind: z.enum(['change-set', 'agent', 'topic']), id: z.string() }),
  z.strictObject({ kind: z.literal('subscription'), id: z.string(), module: z.string() }),
]) as z.ZodType<NoticeSubject>;

export const noticeCodec = codecOf<StoredNotice>(
  'notice',
  stored<StoredNotice>({
    topic: z.string(),
    at: instant,
    subject,
    title: z.string(),
    facts: z.array(z.strictObject({ name: z.string(), value: z.string() })),
    why: z.enum(['decides', 'proposed', 'voted', 'reviews', 'resolves', 'oversees', 'owns']),
  }),
);
/** The log index up to which everything was looked at. */
export const noticeCursorCodec = codecOf<{ readonly next: number }>('cursor of notices', stored({ next: whole }));

export interface NoticeStore {
  cursor(): Promise<number>;
  writeCursor(next: number): Promise<void>;
  /** @returns false: it was made before */
  add(personId: PersonId, position: Position, notice: StoredNotice): Promise<boolean>;
  /** Ascending, behind `after`. */
  list(personId: PersonId, page: { readonly after: number; readonly limit: number }): Promise<readonly Notice[]>;
  unread(personId: PersonId): Promise<number>;
  /** @returns how many are unread then */
  markRead(personId: PersonId, isRead: (position: number) => boolean): Promise<number>;
  /** Takes all away, so that they are made again from the log; what was read stays read. */
  clear(): Promise<void>;
}

export function createNoticeStore(ledger: string, items: ItemStore): NoticeStore {
  const cursorKey: ItemKey = { pk: `${ledger}#notice-cursor`, sk: 'log' };
  const boxes = createNoticeBoxes(ledger, items);
  const pkOf = (personId: string): string => `${ledger}#notices#${personId}`;
  return {
    cursor: async () => {
      const item = await items.get(cursorKey);
      return item === undefined ? 0 : noticeCursorCodec.decode(item).next;
    },
    writeCursor: async (next) => {
      await items.write([{ kind: 'put', key: cursorKey, value: noticeCursorCodec.encode({ next }), expect: 'any' }]);
    },
    add: async (personId, position, notice) => {
      let isNew = false;
      await boxes.update(personId, async (box) => {
        isNew = position > box.through;
        return isNew ? added(items, box, { pk: pkOf(personId), position, notice }) : undefined;
      });
      return isNew;
    },
    list: async (personId, { after, limit }) => {
      const [box, found] = await Promise.all([
        boxes.read(personId),
        items.list(pkOf(personId), { limit, ...(after < 0 ? {} : { after: padded(after) }) }),
      ]);
      const unread = new Set(box.unread);
      return found.map((item) => noticeOf(item, unread));
    },
    unread: async (personId) => (await boxes.read(personId)).unread.length,
    markRead: async (personId, isRead) => {
      const { unread } = await boxes.update(personId, async (box) => {
        const left = box.unread.filter((position) => !isRead(position));
        return left.length === box.unread.length ? undefined : { box: { ...box, unread: left }, writes: [] };
      });
      return unread.length;
    },
    clear: async () => {
      for await (const personId of boxes.owners()) {
        await removeAll(items, pkOf(personId));
        await boxes.update(personId, async (box) => ({ box: emptied(box), writes: [] }));
      }
      await items.write([{ kind: 'delete', key: cursorKey, expect: 'any' }]);
    },
  };
}

interface Addition {
  /** the person's */
  readonly pk: string;
  readonly position: Position;
  readonly notice: StoredNotice;
}

async function added(items: ItemStore, box: Box, { pk, position, notice }: Addition): Promise<BoxChange> {
  const oldest = box.held < MAX_HELD ? [] : await items.list(pk, { limit: box.held - MAX_HELD + 1 });
  const gone = new Set(oldest.map(({ sk }) => Number(sk)));
  const unread = [...box.unread.filter((one) => !gone.has(one)), ...(isNewTo(box, position) ? [position] : [])];
  const held = box.held + 1 - gone.size;
  return {
    box: { through: position, held, unread, ...defined({ before: box.before }) },
    writes: [
      { kind: 'put', key: { pk, sk: padded(position) }, value: noticeCodec.encode(notice), expect: 'any' },
      ...oldest.map(({ sk }): ItemWrite => ({ kind: 'delete', key: { pk, sk }, expect: 'any' })),
    ],
  };
}

async function removeAll(items: ItemStore, pk: string): Promise<void> {
  for (;;) {
    const page = await items.list(pk, { limit: WRITES });
    if (page.length > 0)
      await items.write(page.map(({ sk }): ItemWrite => ({ kind: 'delete', key: { pk, sk }, expect: 'any' })));
    if (page.length < WRITES) return;
  }
}

function noticeOf(item: Item, unread: ReadonlySet<number>): Notice {
  const position = Number(item.sk) as Position;
  return { ...noticeCodec.decode(item), position, read: !unread.has(position) };
}

function padded(position: number): string {
  return String(position).padStart(DIGITS, '0');
}
