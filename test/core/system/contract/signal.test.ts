/** What happens is told to all who listen by then, and to somebody when nobody does. */
import { expect, it } from 'vitest';
import { createSignal } from '../../../../core/system/contract/signal.ts';

it('tells everybody who listens, in the order in which they began to', () => {
  const told: string[] = [];
  const signal = createSignal<number>();
  signal.tell(1);
  signal.listen((n) => told.push(`a${n}`));
  signal.tell(2);
  signal.listen((n) => told.push(`b${n}`));
  signal.tell(3);
  expect(told).toEqual(['a2', 'a3', 'b3']);
});

it('tells of what nobody heard', () => {
  const unheard: number[] = [];
  const heard: number[] = [];
  const signal = createSignal<number>((n) => unheard.push(n));
  signal.tell(1);
  signal.listen((n) => heard.push(n));
  signal.tell(2);
  expect([unheard, heard]).toEqual([[1], [2]]);
});
