/**
 * A plug-in for SDK clients, and a `fetch` for our S3 client, that break chosen writes: lost on the way, or applied with the answer lost on the way back,
 * either for good or so that the client itself sends the same write again.
 */
import type { MetadataBearer, Pluggable } from '@smithy/types';

export type Breakage = 'lost' | 'answer lost' | 'answer lost, sent again';

export class BrokenError extends Error {
  override readonly name = 'TimeoutError'; // a name that the SDK's retries know
}

const WRITES = new Set(['PutItemCommand']);
/** of one write by our S3 client, if all are broken */
const TRIES = 4;

/** @param strike called once for every write; true breaks it */
export function breakWrites(how: Breakage, strike: (what: string) => boolean): Pluggable<object, MetadataBearer> {
  const isStruck = (command = '', input: object = {}): boolean =>
    WRITES.has(command) && strike(`${command} ${(input as { Key?: string }).Key ?? ''}`);
  return {
    applyToStack: (stack) => {
      if (how === 'answer lost, sent again') {
        const struck = new WeakSet<object>();
        stack.add(
          (next, context) => (args) => {
            if (isStruck(context.commandName, args.input)) struck.add(context);
            return next(args);
          },
          { step: 'initialize', name: 'chooseWrites' },
        );
        stack.add(
          (next, context) => async (args) => {
            const answer = await next(args);
            if (struck.delete(context)) throw new BrokenError('broken');
            return answer;
          },
          { step: 'deserialize', name: 'loseAnswers', priority: 'high' },
        );
        return;
      }
      stack.add(
        (next, context) => async (args) => {
          const isBroken = isStruck(context.commandName, args.input);
          if (isBroken && how === 'lost') throw new BrokenError('broken');
          const answer = await next(args);
          if (isBroken) throw new BrokenError('broken');
          return answer;
        },
        { step: 'initialize', name: 'breakWrites' },
      );
    },
  };
}

/** A struck write is broken on every try, unless it is to be sent again. @param strike called once for every write */
export function breakingFetch(how: Breakage, strike: (what: string) => boolean): typeof fetch {
  const most = how === 'answer lost, sent again' ? 1 : TRIES;
  /** tries so far of the writes that are being broken */
  const broken = new Map<string, number>();
  return async (input, init) => {
    const what = `${init?.method ?? 'GET'} ${input instanceof Request ? input.url : input.toString()}`;
    if (what.startsWith('GET ')) return fetch(input, init);
    const tries = broken.get(what);
    if (tries === undefined && !strike(what)) return fetch(input, init);
    if (tries === most) {
      broken.delete(what);
      return fetch(input, init);
    }
    broken.set(what, (tries ?? 0) + 1);
    if (how !== 'answer lost, sent again' && broken.get(what) === most) broken.delete(what);
    if (how !== 'lost') await (await fetch(input, init)).arrayBuffer();
    throw new BrokenError('broken');
  };
}
