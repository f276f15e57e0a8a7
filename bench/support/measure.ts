/** Percentiles, temporary folders and the primitives' floor. */
import { generateKeyPairSync, hash, sign, verify } from 'node:crypto';
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function percentile(sorted: readonly number[], p: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? 0;
}

/** Three significant digits: more would claim a precision that a shared machine does not have. */
export function round(value: number): number {
  return Number(value.toPrecision(3));
}

export async function withTempDir<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'nervous-bench-'));
  try {
    return await work(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** What no implementation on this machine can beat, in the same run: microseconds per call. */
export async function primitives(): Promise<{ signUs: number; verifyUs: number; sha256Us: number; fsyncUs: number }> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const text = Buffer.alloc(800, 'x');
  const signature = sign(null, text, privateKey);
  return {
    signUs: timeUs(5_000, () => sign(null, text, privateKey)),
    verifyUs: timeUs(2_000, () => verify(null, text, publicKey, signature)),
    sha256Us: timeUs(50_000, () => hash('sha256', text, 'buffer')),
    fsyncUs: await withTempDir(async (dir) => {
      const file = openSync(join(dir, 'fsync'), 'w');
      const page = Buffer.alloc(4_096);
      const us = timeUs(500, () => {
        writeSync(file, page, 0, page.length, 0);
        fsyncSync(file);
      });
      closeSync(file);
      return us;
    }),
  };
}

function timeUs(times: number, work: () => unknown): number {
  for (let i = 0; i < times / 10; i++) work();
  const start = performance.now();
  for (let i = 0; i < times; i++) work();
  return round(((performance.now() - start) * 1_000) / times);
}
