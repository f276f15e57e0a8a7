/** What a data folder holds to verify its ledger against: the published log, the anchors, the witness's key and memory. */
import { join } from 'node:path';
import {
  ed25519Key,
  logFinding,
  logOrigin,
  parseLogKey,
  type Finding,
  type LogKey,
  type PointSources,
  type Remembered,
  type TrustedRoot,
} from '../../../core/ledger/index.ts';
import { createAnchorFolder } from '../log/anchor-folder.ts';
import { readIfThere } from '../machine/durable-files.ts';
import { anchorPlace } from '../log/incarnations.ts';
import { createLogFolder } from '../log/log-folder.ts';
import { ANCHOR_FOLDER, LOG_FOLDER, WITNESS_FOLDER } from '../log/open-log.ts';

const WITNESS_KEY = 'witness.vkey';
const ROOT_BYTES = 32;

export async function pointsOf(options: {
  readonly dataDir: string;
  /** default: `anchors` in the data folder */
  readonly anchorsDir?: string | undefined;
  readonly root: TrustedRoot;
  /** the ledger's */
  readonly origin: string;
  /** sizes at which the log was begun anew; default: it never was */
  readonly incarnations?: readonly number[];
}): Promise<PointSources> {
  const { dataDir, anchorsDir, root, incarnations = [] } = options;
  const origin = logOrigin(options.origin, incarnations);
  const witness = await witnessKey(dataDir);
  return {
    origin,
    rootKeys: [ed25519Key(origin, root.publicKey)],
    ...(witness === undefined ? {} : 'verdict' in witness ? { unusable: [witness] } : { witnessKeys: [witness] }),
    read: createLogFolder(join(dataDir, LOG_FOLDER)).read,
    anchors: createAnchorFolder(anchorPlace(anchorsDir ?? join(dataDir, ANCHOR_FOLDER), incarnations)),
    witnessMemory: () => remembered(dataDir, origin),
    mustBePublished: incarnations.length > 0,
  };
}

/** A key that cannot be read would silently take its cosignatures away. */
async function witnessKey(dataDir: string): Promise<LogKey | Finding | undefined> {
  const text = await readIfThere(join(dataDir, WITNESS_FOLDER, WITNESS_KEY));
  const key = text === undefined ? undefined : parseLogKey(Buffer.from(text).toString('utf8').trim());
  if (key === undefined || (!('malformed' in key) && key.role === 'witness')) return key;
  return logFinding('UNREADABLE', 'it holds no verifier key of a witness', {
    path: `${WITNESS_FOLDER}/${WITNESS_KEY}`,
  });
}

/** @throws Error when what is there is no memory of this log */
async function remembered(dataDir: string, origin: string): Promise<Remembered | undefined> {
  const name = `${Buffer.from(origin).toString('base64url')}.json`;
  const bytes = await readIfThere(join(dataDir, WITNESS_FOLDER, name));
  if (bytes === undefined) return undefined;
  const memory: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
  const { origin: of, size, root: encoded } = (memory ?? {}) as Record<string, unknown>;
  const root = typeof encoded === 'string' ? Buffer.from(encoded, 'base64') : Buffer.of();
  if (of !== origin || !Number.isSafeInteger(size) || (size as number) < 0 || root.length !== ROOT_BYTES)
    throw new Error(`${name} is not of the form {origin, size, root}`);
  return { size: size as number, root };
}
