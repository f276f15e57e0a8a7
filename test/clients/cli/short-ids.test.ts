/** U8: the beginning of an id is enough while it stands for one; for several the error lists them, for none the service says so. */
import { describe, expect, it } from 'vitest';
import { wholeId } from '../../../clients/cli/input/change-id.ts';
import { idAmong } from '../../../clients/cli/input/short-id.ts';
import { wholeSubscription } from '../../../clients/cli/input/subscription-id.ts';
import { UsageError } from '../../../clients/cli/output/output.ts';

type Changes = Parameters<typeof wholeId>[0];
type Subscriptions = Parameters<typeof wholeSubscription>[0];

/** Pages of two, in the order of ids, as a service gives them. */
function changesNamed(...ids: readonly string[]): Changes {
  const changeSets = ({ after = '' }: { after?: string }): Promise<unknown> => {
    const later = ids.filter((id) => id > after);
    const changes = later.slice(0, 2).map((id) => ({ id, state: 'pending', title: `title of ${id.slice(-1)}` }));
    return Promise.resolve({ changes, ...(later.length > 2 ? { next: changes.at(-1)?.id } : {}) });
  };
  return { changeSets } as unknown as Changes;
}

const id = (end: string): string => `019a7c2e-0000-7000-8000-00000000000${end}`;

describe('a change-set', () => {
  it('is found by the beginning of its id', async () => {
    expect(await wholeId(changesNamed(id('1'), '019b0000-0000-7000-8000-000000000000'), '019a')).toBe(id('1'));
  });

  it('is not guessed: those that begin so are listed', async () => {
    const error = await wholeId(changesNamed(id('1'), id('2'), id('3')), '019a7c').catch((one: unknown) => one);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message.split('\n')).toEqual([
      '"019a7c" is the beginning of several change-sets: give more of it',
      ...['1', '2', '3'].map((end) => `  ${id(end)}  pending  title of ${end}`),
    ]);
  });

  it('that is one of very many is not looked for among all', async () => {
    const many = changesNamed(...['1', '2', '3', '4', '5', '6', '7', '8', '9'].map(id));
    const error = await wholeId(many, '019a').catch((one: unknown) => one);
    expect((error as Error).message.split('\n').slice(-2)).toEqual([expect.stringContaining(id('5')), '  and others']);
  });

  it('that is not there is told with what shows them', async () => {
    await expect(wholeId(changesNamed(id('1')), 'ffff')).rejects.toThrow('nervous changes list shows them');
  });
});

describe('a subscription', () => {
  const named = (...ids: readonly string[]): Subscriptions =>
    ({
      subscriptions: () => Promise.resolve(ids.map((one) => ({ id: one, status: 'active', topics: ['a.*'] }))),
    }) as unknown as Subscriptions;

  it('is found by the beginning of its id, and by its whole id where others begin with it', async () => {
    expect(await wholeSubscription(named('budget', 'totals'), 'bud')).toBe('budget');
    expect(await wholeSubscription(named('budget', 'budget-2'), 'budget')).toBe('budget');
  });

  it('is not guessed', async () => {
    await expect(wholeSubscription(named('budget', 'budget-2'), 'bud')).rejects.toThrow(
      '"bud" is the beginning of several subscriptions: give more of it\n  budget  active  a.*\n  budget-2  active  a.*',
    );
  });

  it('of somebody else is for the service to judge', async () => {
    expect(await wholeSubscription(named('budget'), 'totals')).toBe('totals');
  });
});

it('nothing is the beginning of nothing', () => {
  expect(idAmong('', [{ id: 'a', about: '' }], 'things')).toBe('');
});
