/** Writing one step of an execution: whether it was written, and what is said when its operation key exists already. */
import { describe, expect, it } from 'vitest';
import { writeStep } from '../../../../core/changes/execution/write-step.ts';

const KEY = { pk: 'main#operation', sk: 'c/1/apply/0' };
const OPERATION = { index: 0, direction: 'apply', from: 3, document: { a: 1 } };

interface Told {
  readonly recorded: object;
  /** of the record, when it is looked up again; undefined: it is gone */
  readonly found?: number | undefined;
}

async function written({ recorded, found }: Told, operation?: object): Promise<{ wrote: unknown; asked: object[] }> {
  const asked: object[] = [];
  const context = {
    recorder: {
      record: async (asking: { readonly writes: unknown }) => {
        const { writes } = asking;
        asked.push({
          ...asking,
          writes: typeof writes === 'function' ? (writes as (entries: object[]) => unknown)([{ seq: 7 }]) : writes,
        });
        return recorded;
      },
    },
    store: {
      keys: { operation: () => KEY },
      once: (key: object) => ({ once: key }),
      find: async () => (found === undefined ? undefined : { version: found }),
    },
    states: { put: (entity: string, more: object) => [{ entity, ...more }] },
  };
  const current = { version: 5, record: { id: 'c', entityId: 'account:1', content: { revision: 1 } } };
  const write = { steps: [], writes: [{ own: true }], ...(operation === undefined ? {} : { operation }) };
  return { wrote: await writeStep(context as never, current as never, write as never, 'done'), asked };
}

describe('a step', () => {
  it('is written, or somebody else was faster', async () => {
    expect(await written({ recorded: { kind: 'recorded' } })).toMatchObject({
      wrote: 'done',
      asked: [{ writes: [{ own: true }] }],
    });
    for (const kind of ['precondition', 'conflict', 'replayed'])
      expect((await written({ recorded: { kind, failed: KEY }, found: 5 })).wrote).toBe('moved');
  });

  it('of an operation goes with its key and the document', async () => {
    const { wrote, asked } = await written({ recorded: { kind: 'recorded' } }, OPERATION);
    const document = { entity: 'account:1', from: 3, document: { a: 1 }, change: 'c', entry: { seq: 7 } };
    expect(wrote).toBe('done');
    expect(asked).toMatchObject([{ writes: [{ own: true }, { once: KEY }, document] }]);
  });

  it('of an operation that was written by another is read again', async () => {
    const taken = { kind: 'precondition', failed: KEY };
    for (const told of [
      { recorded: taken, found: 6 }, // the other has moved the record, too
      { recorded: taken },
      { recorded: { kind: 'precondition', failed: { pk: 'main#document', sk: 'account:1' } }, found: 5 },
      { recorded: { kind: 'conflict', failed: KEY }, found: 5 },
    ])
      expect((await written(told, OPERATION)).wrote).toBe('moved');
  });

  it('of an operation whose key exists, though the record does not know of it, is refused', async () => {
    const told = { recorded: { kind: 'precondition', failed: KEY }, found: 5 };
    expect((await written(told, OPERATION)).wrote).toMatchObject({ kind: 'refused', code: 'CHANGE_STATE_CONFLICT' });
  });
});
