/** SHA-256 (FIPS 180-4) in a browser, where the platform's own cannot be asked without waiting for it. */

const BLOCK_BYTES = 64;
const LENGTH_BYTES = 8;
const WORD_BYTES = 4;
const WORDS = 16;
const ROUNDS = 64;

/** The first 32 bits behind the point of the roots of the first primes: cube roots for the rounds, square roots to begin with. */
const ROUND_CONSTANTS = rootsOfPrimes(ROUNDS, Math.cbrt);
const START = rootsOfPrimes(8, Math.sqrt);

export function sha256(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const state = Uint32Array.from(START);
  const padded = new Uint8Array(Math.ceil((bytes.length + 1 + LENGTH_BYTES) / BLOCK_BYTES) * BLOCK_BYTES);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - LENGTH_BYTES, BigInt(bytes.length) * 8n);
  for (let at = 0; at < padded.length; at += BLOCK_BYTES) mix(state, schedule(view, at));
  const out = new DataView(new ArrayBuffer(state.length * WORD_BYTES));
  for (const [i, word] of state.entries()) out.setUint32(i * WORD_BYTES, word);
  return new Uint8Array(out.buffer);
}

function schedule(view: DataView, at: number): Uint32Array {
  const words = new Uint32Array(ROUNDS);
  const word = (i: number): number => words[i] ?? 0;
  for (let i = 0; i < WORDS; i += 1) words[i] = view.getUint32(at + i * WORD_BYTES);
  for (let i = WORDS; i < ROUNDS; i += 1) {
    const [before, recent] = [word(i - 15), word(i - 2)];
    const s0 = turned(before, 7) ^ turned(before, 18) ^ (before >>> 3);
    const s1 = turned(recent, 17) ^ turned(recent, 19) ^ (recent >>> 10);
    words[i] = word(i - 16) + s0 + word(i - 7) + s1;
  }
  return words;
}

function mix(state: Uint32Array, words: Uint32Array): void {
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (const [i, word] of words.entries()) {
    const s1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
    const one = (h + s1 + ((e & f) ^ (~e & g)) + (ROUND_CONSTANTS[i] ?? 0) + word) >>> 0;
    const s0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
    const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) >>> 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) >>> 0, c, b, a, (one + two) >>> 0];
  }
  for (const [i, value] of [a, b, c, d, e, f, g, h].entries()) state[i] = (state[i] ?? 0) + value;
}

function turned(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

function rootsOfPrimes(count: number, root: (prime: number) => number): Uint32Array {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n += 1) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  return Uint32Array.from(primes, (prime) => (root(prime) % 1) * 2 ** 32);
}
