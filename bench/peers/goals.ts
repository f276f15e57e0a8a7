/** The goals of the project's design, each held against what one run measured. What was not measured has no verdict. */
import type { Figures, Row } from './results.ts';

export interface GoalRow {
  readonly what: string;
  readonly ours: number | undefined;
  /** what ours is to be, in the same unit */
  readonly goal: number | undefined;
  readonly unit: string;
  readonly more: 'better' | 'worse';
  /** where the goal comes from, when it is no number of its own */
  readonly basis: string;
}

/** Signing and one fsync on this machine, in the same run. */
export interface Floor {
  readonly signUs: number;
  readonly fsyncUs: number;
}

const TIMES_CHAIN = 2;
const TIMES_NATS = 2;
const OF_IN_PROCESS = 0.8;
const TIMES_FLOOR = 1.5;

export function goalRows(rows: readonly Row[], floor: Floor | undefined): GoalRow[] {
  const of = (variant: string): Figures => rows.find((row) => row.variant === variant)?.figures ?? {};
  const rate = (variant: string): number | undefined => of(variant)['eventsPerSecond'];
  const times = (factor: number, value: number | undefined): number | undefined =>
    value === undefined ? undefined : factor * value;
  const ours = of('ours-in-process');
  const http = of('ours-http');
  const alone = floor === undefined ? undefined : (TIMES_FLOOR * (floor.signUs + floor.fsyncUs)) / 1_000;
  const atLeast = (what: string, ours: number | undefined, goal: number, unit: string): GoalRow => ({
    ...{ what, ours, goal, unit, more: 'better', basis: '' },
  });
  const atMost = (what: string, ours: number | undefined, goal: number, unit: string): GoalRow => ({
    ...{ what, ours, goal, unit, more: 'worse', basis: '' },
  });
  return [
    {
      what: 'in process, 64 publishers',
      ours: rate('ours-in-process'),
      goal: times(TIMES_CHAIN, rate('postgres-chain')),
      ...{ unit: 'events/s', more: 'better', basis: '2 × postgres-chain' },
    },
    {
      what: 'HTTP single, 64 connections',
      ours: rate('ours-http'),
      goal: times(TIMES_NATS, rate('nats-fsync-each')),
      ...{ unit: 'events/s', more: 'better', basis: '2 × nats-fsync-each' },
    },
    {
      what: 'HTTP, batches of 100',
      ours: rate('ours-http-batches'),
      goal: times(OF_IN_PROCESS, rate('ours-batches')),
      ...{ unit: 'events/s', more: 'better', basis: '0.8 × ours-batches' },
    },
    {
      what: 'one publisher alone, p50',
      ours: of('ours-alone')['publishP50Ms'],
      goal: alone,
      ...{ unit: 'ms', more: 'worse', basis: '1.5 × (one fsync + one signature)' },
    },
    atLeast('verify, hashes only', ours['verifyPerSecond'], 300_000, 'entries/s'),
    atLeast('verify, with signatures', ours['verifySignedPerSecond'], 150_000, 'entries/s'),
    atMost('delivery at 1,000/s, 1 subscriber, p99', ours['deliver1P99Ms'], 3, 'ms'),
    atMost('delivery at 1,000/s, 10 subscribers, p99', ours['deliver10P99Ms'], 3, 'ms'),
    atMost('memory under load, in process', ours['rssMb'], 200, 'MB'),
    atMost('memory under load, HTTP', http['rssMb'], 200, 'MB'),
    atMost('on disk, all included', ours['diskBytesPerEvent'], 1_000, 'B/event'),
    atMost('CPU, in process', micros(ours['cpuSecPer1000']), 60, 'µs/event'),
    atMost('CPU, HTTP (server)', micros(http['serverCpuSecPer1000']), 150, 'µs/event'),
  ];
}

/** s a thousand events → µs an event */
function micros(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1_000;
}

export function isMet({ ours, goal, more }: GoalRow): boolean | undefined {
  if (ours === undefined || goal === undefined) return undefined;
  return more === 'better' ? ours >= goal : ours <= goal;
}
