/**
 * Sends a body piece by piece at its reader's pace: it asks for the next piece when the kernel has taken the one before. It
 * cuts off a reader that does not take a piece in time; that reader has the id to resume with, and nothing is kept for it.
 */
import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ApiResponse, StreamedBody } from '../../../api/index.ts';

const SLOW_READER_MS = 10_000;

export interface StreamOptions {
  /** ms in which a reader must take a piece, default 10 s */
  readonly slowReaderMs?: number;
  /** Told why a stream broke off; its reader sees only that it did. */
  readonly onError?: (error: unknown) => void;
}

/** Resolves when the stream has ended, or its reader is gone. Never rejects. */
export async function sendStream(
  response: ServerResponse,
  { status, headers, body }: ApiResponse & { readonly body: StreamedBody },
  { slowReaderMs = SLOW_READER_MS, onError }: StreamOptions,
): Promise<void> {
  // Proxies that keep answers back until they are whole (nginx) are asked not to; the connection ends with the stream.
  response.writeHead(status, { ...headers, 'x-accel-buffering': 'no', connection: 'close' });
  try {
    for await (const piece of body) {
      const isTaken = response.write(piece) || (await taken(response, slowReaderMs));
      if (!isTaken) break;
      await nextTurn(); // one with much to read must not keep the others waiting
    }
    if (response.writableNeedDrain) response.destroy();
    else response.end();
  } catch (error) {
    onError?.(error);
    response.destroy();
  }
}

/** @returns whether everything written was taken in time */
function taken(response: ServerResponse, withinMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (isTaken: boolean) => (): void => {
      clearTimeout(timer);
      response.off('drain', drained);
      response.off('close', closed);
      resolve(isTaken);
    };
    const [drained, closed] = [finish(true), finish(false)];
    const timer = setTimeout(closed, withinMs);
    response.once('drain', drained);
    response.once('close', closed);
  });
}
