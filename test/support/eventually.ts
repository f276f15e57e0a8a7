/** Waits for what comes by itself. No test fails because the machine is slow, so the limit only ends a hang. */
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 60_000;
const POLL_MS = 25;

/**
 * Looks again and again until nothing is thrown.
 * @returns what was seen then
 * @throws what the last look threw, after a minute
 */
export async function eventually<Seen>(look: () => Seen | Promise<Seen>, patienceMs = PATIENCE_MS): Promise<Seen> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await sleep(POLL_MS);
  }
}
