/**
 * Cursors of the feed: a log index, and the incarnation of the log when it is not the first, because what a reader saw of
 * entries that are lost must not be taken for others. Opaque to readers.
 */
import { CursorGone, SystemError } from '../config/errors.ts';

/** Stands for the end of the log, whatever its cursor is. */
const LATEST = 'latest';
const CURSOR = /^([2-9]|[1-9][0-9]{1,3})?p(0|[1-9][0-9]{0,14})$/;

/** @param incarnations sizes at which the log was begun anew after a loss */
export function formatCursor(position: number, incarnations: readonly number[]): string {
  return `${incarnations.length === 0 ? '' : incarnations.length + 1}p${position}`;
}

/** @throws SystemError CURSOR_INVALID | CURSOR_GONE */
export function parseCursor(cursor: string, size: number, incarnations: readonly number[]): number {
  if (cursor === LATEST) return size;
  const [, of = '1', at] = CURSOR.exec(cursor) ?? [];
  const position = at === undefined ? NaN : Number(at);
  // Up to where the log was begun anew, both have the same entries.
  const kept = Math.min(Infinity, ...incarnations.slice(Number(of) - 1));
  if (position > kept) {
    const oldestCursor = formatCursor(kept, incarnations);
    const message = `"${cursor}" points behind entries that are lost; the log goes on from "${oldestCursor}": read on from there`;
    throw new CursorGone({ message, oldestCursor });
  }
  if (Number.isNaN(position) || position > size || Number(of) > incarnations.length + 1) {
    throw new SystemError({
      code: 'CURSOR_INVALID',
      message: `"${cursor.slice(0, 40)}" is not a cursor of this feed: start without one`,
    });
  }
  return position;
}
