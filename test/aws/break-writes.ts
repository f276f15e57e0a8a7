/**
 * A plug-in for SDK clients that breaks chosen writes: lost on the way, or applied with the answer lost on the way back,
 * either for good or so that the client itself sends the same write again.
 */
import type { MetadataBearer, Pluggable } from '@smithy/types';

export type Breakage = 'lost' | 'answer lost' | 'answer lost, sent again';

export class BrokenError extends Error {
  override readonly name = 'TimeoutError'; // a name that the SDK's retries know
}

const WRITES = new Set(['PutObjectCommand', 'DeleteObjectsCommand', 'PutItemCommand']);

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
