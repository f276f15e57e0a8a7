/**
 * Each person's box: how far the log was looked at for this person, how many notices are held and which are unread. It changes
 * with them in one transaction, so a notice is made once however often its event is met, and nothing is recounted.
 */
import * as z from 'zod';
import { LedgerError, type ItemKey, type ItemStore, type ItemWrite } from '../../ledger/index.ts';
import { codecOf, stored, whole } from '../../values/index.ts';

/** Writers that meet at one box: the reader of the log, and the person who reads. */
const MAX_TRIES = 20;
const PAGE = 500;

/** Which were unread before the notices were made again. */
type Remembered = { readonly through: number; readonly unread: readonly number[] };
export type Box = Remembered & { readonly held: number; readonly before?: Remembered };

const NEW_BOX: Box = { through: -1, held: 0, unread: [] };
/** The log index of the last notice; -1: there was none. */
const through = z.int().min(-1);
const places = z.array(whole);

export const boxCodec = codecOf<Box>(
  'box of notices',
  stored<Box>({
    ...{ through, held: whole, unread: places },
    before: z.strictObject({ through, unread: places }).exactOptional(),
  }),
);

export interface BoxChange {
  readonly box: Box;
  /** what becomes true together with it */
  readonly writes: readonly ItemWrite[];
}

export interface NoticeBoxes {
  read(personId: string): Promise<Box>;
  /**
   * Writes what `change` makes of the box, and asks it again when somebody else was faster; undefined: it stays.
   * @throws LedgerError LEDGER_BUSY
   */
  update(personId: string, change: (box: Box) => Promise<BoxChange | undefined>): Promise<Box>;
  /** Everybody who has one. */
  owners(): AsyncGenerator<string>;
}

export function createNoticeBoxes(ledger: string, items: ItemStore): NoticeBoxes {
  const pk = `${ledger}#notice-box`;
  const keyOf = (sk: string): ItemKey => ({ pk, sk });
  return {
    read: async (personId) => {
      const item = await items.get(keyOf(personId));
      return item === undefined ? NEW_BOX : boxCodec.decode(item);
    },
    update: async (personId, change) => {
      const key = keyOf(personId);
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const item = await items.get(key);
        const box = item === undefined ? NEW_BOX : boxCodec.decode(item);
        const changed = await change(box);
        if (changed === undefined) return box;
        const value = boxCodec.encode(changed.box);
        const put: ItemWrite = { kind: 'put', key, value, expect: item?.version ?? 'absent' };
        const { kind } = await items.write([put, ...changed.writes]);
        if (kind === 'written') return changed.box;
      }
      const message = `the notices of "${personId}" change faster than they are written: try again`;
      throw new LedgerError({ code: 'LEDGER_BUSY', message });
    },
    owners: async function* () {
      for (let after = ''; ;) {
        const page = await items.list(pk, { limit: PAGE, ...(after === '' ? {} : { after }) });
        for (const { sk } of page) yield (after = sk);
        if (page.length < PAGE) return;
      }
    },
  };
}

/** Nothing is held; what was read stays so when it is made again. */
export function emptied({ through: last, unread, before }: Box): Box {
  return { ...NEW_BOX, before: before !== undefined && before.through > last ? before : { through: last, unread } };
}

/** Whether a notice that is made now is new to its reader. */
export function isNewTo({ before }: Box, position: number): boolean {
  return before === undefined || position > before.through || before.unread.includes(position);
}
