/** What became of an operation outside: every answer of its status and of the call, and the ends of its grant to the millisecond. */
import { describe, expect, it } from 'vitest';
import {
  grantEnd,
  isHopeless,
  lookUp,
  resolveExternalApply,
  resolveExternalUndo,
} from '../../../../core/changes/recording/external-outcome.ts';

const END = Date.parse('2026-11-21T09:00:30.000Z');
const SKEW_MS = 5_000;
type Kind = 'applied' | 'not-applied' | 'refused' | 'unknown';

/** @param statuses one after the other @param answer of the call */
function fixture(statuses: readonly Kind[], answer: Kind = 'unknown', now = END - 1) {
  const calls: string[] = [];
  const left = [...statuses];
  const say = (kind: Kind, by: string): object => ({ kind, reason: kind === 'applied' ? '' : `${by} ${kind}` });
  const context = {
    clock: { now: () => now },
    executors: {
      status: async () => {
        calls.push('status');
        return say(left.shift() ?? 'unknown', 'status');
      },
      invoke: async () => {
        calls.push('invoke');
        return say(answer, 'call');
      },
      declared: () => ({ maxSeconds: 30 }),
    },
  };
  return { calls, context: context as never, invocation: { grantUntil: new Date(END).toISOString() } as never };
}
async function applied(...of: Parameters<typeof fixture>): Promise<unknown> {
  const { context, invocation, calls } = fixture(...of);
  const outcome = await resolveExternalApply(context, invocation);
  return [outcome.kind, 'failure' in outcome ? outcome.failure.message : '', calls.join()];
}

describe('applying', () => {
  it('is not asked for where the status settles it, or says nothing', async () => {
    expect(await applied(['applied'])).toEqual(['applied', '', 'status']);
    expect(await applied(['refused'])).toEqual(['not-applied', 'status refused', 'status']);
    expect(await applied(['unknown'])).toEqual(['unsettled', 'status unknown', 'status']);
  });

  it('is asked for while the grant lasts, and looked up again only when it is refused', async () => {
    const calls = 'status,invoke';
    expect(await applied(['not-applied'], 'applied')).toEqual(['applied', '', calls]);
    expect(await applied(['not-applied'], 'unknown')).toEqual(['unsettled', 'call unknown', calls]);
    expect(await applied(['not-applied'], 'not-applied')).toEqual(['unsettled', 'call not-applied', calls]);
    const again = `${calls},status`;
    expect(await applied(['not-applied', 'refused'], 'refused')).toEqual(['not-applied', 'call refused', again]);
    for (const status of ['not-applied', 'unknown', 'applied'] as const)
      expect(await applied(['not-applied', status], 'refused')).toEqual(['unsettled', 'call refused', again]);
  });

  it('is not asked for from the end of the grant on, and had no effect when every clock is past it', async () => {
    expect(await applied(['not-applied'], 'applied', END)).toEqual(['unsettled', 'status not-applied', 'status']);
    const late = (ms: number) => applied(['not-applied'], 'applied', END + SKEW_MS + ms);
    expect(await late(-1)).toEqual(['unsettled', 'status not-applied', 'status']);
    for (const ms of [0, 1])
      expect(await late(ms)).toEqual(['not-applied', 'it had no effect before its grant was over', 'status']);
  });

  it('says what the executor said where that settles nothing', async () => {
    const said = async (status: Kind): Promise<unknown> => {
      const { context, invocation } = fixture([status]);
      return (await lookUp(context, invocation)).answer;
    };
    expect([await said('not-applied'), await said('unknown')]).toEqual(['not-applied', 'unknown']);
    expect([await said('applied'), await said('refused')]).toEqual([undefined, undefined]);
  });
});

describe('undoing', () => {
  const undone = async (status: Kind, answer: Kind): Promise<unknown> => {
    const { context, invocation, calls } = fixture([status], answer);
    return [(await resolveExternalUndo(context, invocation)).kind, calls.join()];
  };
  it('is asked for where it has not been done, and nowhere else', async () => {
    for (const [status, kind] of [
      ['applied', 'applied'],
      ['refused', 'refused'],
      ['unknown', 'unsettled'],
    ] as const)
      expect(await undone(status, 'applied')).toEqual([kind, 'status']);
    for (const [answer, kind] of [
      ['applied', 'applied'],
      ['refused', 'refused'],
      ['unknown', 'unsettled'],
      ['not-applied', 'unsettled'],
    ] as const)
      expect(await undone('not-applied', answer)).toEqual([kind, 'status,invoke']);
  });
});

describe('times', () => {
  it('a grant ends as many whole seconds after the next one as the executor takes at most', () => {
    const ending = (now: number): string => grantEnd(fixture([], 'unknown', now).context, {} as never);
    expect([END, END + 1, END + 999].map(ending)).toEqual([
      ...['2026-11-21T09:01:00.000Z', '2026-11-21T09:01:01.000Z', '2026-11-21T09:01:01.000Z'],
    ]);
  });

  it('waiting is hopeless after ten times as long', () => {
    const record = { content: { operations: [{}] }, updatedAt: new Date(END).toISOString() } as never;
    const hopeless = (ms: number): boolean => isHopeless(fixture([], 'unknown', END + ms).context, record, 0);
    expect([299_999, 300_000, 300_001].map(hopeless)).toEqual([false, true, true]);
  });
});
