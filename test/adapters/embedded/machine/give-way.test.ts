/** How many threads verify: as many as there are cores for, and no more than there is work for. */
import { availableParallelism } from 'node:os';
import { expect, it, vi } from 'vitest';
import { threadsFor } from '../../../../adapters/embedded/machine/give-way.ts';

vi.mock('node:os', async (original) => ({
  ...(await original<Record<string, unknown>>()),
  availableParallelism: vi.fn(),
}));

it.each([
  { cores: 4, entries: 1_000_000, alone: 4, besideEngine: 2 },
  { cores: 4, entries: 15_000, alone: 3, besideEngine: 2 },
  { cores: 4, entries: 9_999, alone: 1, besideEngine: 1 },
  { cores: 4, entries: 0, alone: 1, besideEngine: 1 },
  { cores: 1, entries: 1_000_000, alone: 1, besideEngine: 1 },
  { cores: 64, entries: 1_000_000, alone: 8, besideEngine: 8 },
])('$entries entries on $cores cores: $alone, beside an engine $besideEngine', ({ cores, entries, ...expected }) => {
  vi.mocked(availableParallelism).mockReturnValue(cores);
  expect({
    alone: threadsFor(entries, { besideEngine: false }),
    besideEngine: threadsFor(entries, { besideEngine: true }),
  }).toEqual(expected);
});
