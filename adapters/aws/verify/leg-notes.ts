/**
 * What one leg of a verification hands over to the next: kept in the state table in pieces, named by their hash in the call that
 * goes on. Whoever changes them there is noticed, because the call is where nobody can change it.
 *   pk `<ledger>#audit`   sk `<run>#<leg>#<hash>#<piece>`   value base64 of a piece
 */
import { hash } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { isoOf, later, type EpochMs } from '../../../core/brands/index.ts';
import type { ItemStore } from '../../../core/ledger/index.ts';
import { AwsError } from '../request/errors.ts';
import type { Handover } from './verify-legs.ts';

/** Bytes; in base64 two thirds of what an item may have. */
const PIECE_BYTES = 200_000;
/** What a leg that died left there. */
const FORGOTTEN_AFTER_MS = 2 * 86_400_000;
const PAGE = 100;

export interface LegName {
  /** ISO 8601, when it began, and something random: no two are the same */
  readonly run: string;
  /** from 1 on */
  readonly leg: number;
  /** hex SHA-256 of what was handed over to it */
  readonly hash: string;
  readonly pieces: number;
}

type Items = Pick<ItemStore, 'get' | 'list' | 'write'>;

/** @returns under which name it is kept; doing it twice is doing it once */
export async function keepHandover(
  { ledger, items }: { readonly ledger: string; readonly items: Items },
  of: Pick<LegName, 'run' | 'leg'>,
  handover: Handover,
): Promise<LegName> {
  const bytes = deflateRawSync(serialize(handover), { level: 1 });
  const name: LegName = { ...of, hash: hash('sha256', bytes), pieces: Math.ceil(bytes.length / PIECE_BYTES) };
  for (let piece = 0; piece < name.pieces; piece += 1) {
    const value = bytes.subarray(piece * PIECE_BYTES, (piece + 1) * PIECE_BYTES).toString('base64');
    await items.write([{ kind: 'put', key: keyOf(ledger, name, piece), value, expect: 'any' }]);
  }
  return name;
}

/** @throws AwsError DATA_UNREADABLE: somebody changed it, or took it away */
export async function readHandover(
  { ledger, items }: { readonly ledger: string; readonly items: Items },
  name: LegName,
): Promise<Handover> {
  const pieces: Buffer[] = [];
  for (let piece = 0; piece < name.pieces; piece += 1) {
    const found = await items.get(keyOf(ledger, name, piece));
    if (found === undefined) throw unreadable(`what leg ${name.leg} was handed over is gone: verify again`);
    pieces.push(Buffer.from(typeof found.value === 'string' ? found.value : '', 'base64')); // no text: another hash
  }
  const bytes = Buffer.concat(pieces);
  if (hash('sha256', bytes) !== name.hash)
    throw unreadable(`somebody changed what leg ${name.leg} was handed over: verify again`);
  return deserialize(inflateRawSync(bytes)) as Handover;
}

/**
 * What was handed over to the leg before this one, whose late tries are over; and what was left behind days ago. What this one was
 * handed stays until the next has handed over, so that nothing but a hand of somebody else takes it away from a try of it.
 */
export async function forgetHandover(
  { ledger, items }: { readonly ledger: string; readonly items: Items },
  { run, leg }: Pick<LegName, 'run' | 'leg'>,
  now: EpochMs,
): Promise<void> {
  const pk = partitionOf(ledger);
  const before: string = isoOf(later(now, -FORGOTTEN_AFTER_MS));
  const over = await items.list(pk, { prefix: `${run}#${leg - 1}#`, limit: PAGE });
  const old = (await items.list(pk, { limit: PAGE })).filter(({ sk }) => sk < before);
  for (const { sk } of [...over, ...old]) await items.write([{ kind: 'delete', key: { pk, sk }, expect: 'any' }]);
}

function unreadable(message: string): AwsError {
  return new AwsError({ code: 'DATA_UNREADABLE', message });
}

function keyOf(ledger: string, { run, leg, hash: of }: LegName, piece: number): { pk: string; sk: string } {
  return { pk: partitionOf(ledger), sk: `${run}#${leg}#${of}#${piece}` };
}

function partitionOf(ledger: string): string {
  return `${ledger}#audit`;
}
