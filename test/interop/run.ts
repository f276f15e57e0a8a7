/**
 * `npm run test:interop`: strangers' code and ours check each other's logs. Tessera writes a log and a witness cosigns it,
 * `nervous verify log` accepts it and finds damage; we write a log of ledger entries, Tessera's fsck and note.Open accept it,
 * transparency-dev/merkle accepts our proofs. Needs Go (and, once, its module proxy).
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import {
  CountingIds,
  ImpatientClock,
  localSealer,
  memoryRootSigner,
  MemoryStore,
} from '../../adapters/memory/index.ts';
import {
  consistencyProof,
  cosign,
  createAppender,
  formatCheckpoint,
  formatCosignerKey,
  formatVerifierKey,
  growLog,
  inclusionProof,
  merkleRoot,
  signNote,
  tileHashReader,
  type ReadLogFile,
  type StoredEntry,
} from '../../core/ledger/index.ts';
import { scriptOptions } from '../support/script-options.ts';

const CLI = join(import.meta.dirname, '../../clients/cli/nervous.mjs');
const ORIGIN = 'ledger.test/main';
const FOREIGN_ENTRIES = 700;
/** Sizes at which our log was published on its way: none is a multiple of 256. */
const OUR_SIZES = [1, 255, 300, 1000];

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

class Failed extends Error {}

scriptOptions('npm run test:interop: takes no options', {});
const folder = mkdtempSync(join(tmpdir(), 'nervous-interop-'));
try {
  const strangers = await build();
  await theirLogPassesOurs(strangers);
  await ourLogPassesTheirs(strangers);
  console.log('interop: passed');
} catch (error) {
  if (!(error instanceof Failed)) throw error;
  console.error(`interop: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}

/** @returns the path of the Go program */
async function build(): Promise<string> {
  const version = await run('go', ['version']);
  if (version.code !== 0) throw new Failed('Go is missing: install it (https://go.dev/dl/) and run this again');
  const program = join(folder, 'interop');
  await mustPass('go build', run('go', ['build', '-mod=readonly', '-o', program, '.'], import.meta.dirname));
  return program;
}

async function theirLogPassesOurs(strangers: string): Promise<void> {
  const dir = join(folder, 'theirs');
  const { out } = await mustPass('Tessera', run(strangers, ['make', dir, String(FOREIGN_ENTRIES)]));
  const { vkey, witnessVkey } = JSON.parse(out) as { vkey: string; witnessVkey: string };
  writeFileSync(join(folder, 'their.vkey'), `${vkey}\n${witnessVkey}\n`);
  const fsck = (...options: string[]): Promise<Ended> =>
    run(process.execPath, [CLI, 'log', 'fsck', dir, '--vkey', join(folder, 'their.vkey'), '--json', ...options]);
  const { out: report } = await mustPass('nervous verify log', fsck());
  const { entries, checked } = JSON.parse(report) as { entries: number; checked: string[] };
  if (entries !== FOREIGN_ENTRIES || !checked.join().includes('witness.example/w1 (witness)'))
    throw new Failed(`nervous verify log did not check all of Tessera's log: ${report}`);
  await mustPass('nervous verify log --hash-only', fsck('--hash-only'));
  flip(join(dir, 'tile/entries/001'), 5000);
  const { code } = await fsck();
  if (code !== 10)
    throw new Failed(`nervous verify log exits with ${code}, not 10, after a byte of an entry was changed`);
  console.log(
    `interop: nervous verify log accepts a log of ${entries} entries by Tessera, cosigned, and finds a changed byte`,
  );
}

async function ourLogPassesTheirs(strangers: string): Promise<void> {
  const dir = join(folder, 'ours');
  const root = memoryRootSigner(ORIGIN);
  const entries = await ledgerEntries(Math.max(...OUR_SIZES), root);
  const read: ReadLogFile = async (path) => readFileSync(join(dir, path));
  let size = 0;
  for (const next of OUR_SIZES) {
    for await (const { path, bytes } of growLog({ size, entries: entries.slice(size, next), read }))
      write(join(dir, path), bytes);
    size = next;
  }
  // Any Ed25519 key can witness for this test.
  const witness = { ...memoryRootSigner('witness.test/w1'), name: 'witness.test/w1' };
  const text = formatCheckpoint({ origin: ORIGIN, size, root: rootOf(entries, size) });
  const line = await cosign(text, 1_700_000_000, witness);
  write(join(dir, 'checkpoint'), Buffer.concat([await signNote(text, [root]), Buffer.from(line)]));
  const claims = {
    vkey: formatVerifierKey(root.name, root.publicKey),
    witnessVkey: formatCosignerKey(witness.name, witness.publicKey),
    ...(await proofsOf(entries, size, read)),
  };
  writeFileSync(
    join(folder, 'claims.json'),
    JSON.stringify(claims, (_, value: unknown) => base64IfBytes(value)),
  );
  const checked = await mustPass("Tessera's fsck", run(strangers, ['check', dir, join(folder, 'claims.json')]));
  flip(join(dir, 'tile/0/001'), 40);
  const broken = await run(strangers, ['check', dir, join(folder, 'claims.json')]);
  if (broken.code === 0) throw new Failed("Tessera's fsck accepts a changed tile, so its acceptance means nothing");
  console.log(`interop: Tessera's fsck accepts our log of ${size} entries; merkle/proof accepts ${checked.out.trim()}`);
}

/** Real entries: notes signed by a session key that the root key certified. */
async function ledgerEntries(
  count: number,
  rootSigner: ReturnType<typeof memoryRootSigner>,
): Promise<readonly StoredEntry[]> {
  const store = new MemoryStore();
  const appender = createAppender({
    ...{ ledger: 'main', origin: ORIGIN, store, sealer: localSealer, rootSigner },
    ...{ clock: new ImpatientClock(), ids: new CountingIds() },
  });
  for (let i = 0; store.log.length < count; i += 1) {
    const draft = { type: 'event', actor: { kind: 'module' as const, id: 'm' }, idem: `e${i}`, data: { i } };
    await appender.append({ entries: [{ chain: `account:${i % 7}`, draft }] });
  }
  return store.log.slice(0, count);
}

async function proofsOf(entries: readonly StoredEntry[], treeSize: number, read: ReadLogFile): Promise<object> {
  const root = rootOf(entries, treeSize);
  const reader = tileHashReader(read, treeSize);
  const inclusion = [];
  for (let leafIndex = 0; leafIndex < treeSize; leafIndex += 37) {
    const proof = await inclusionProof(leafIndex, treeSize, reader);
    inclusion.push({ leafHash: entries[leafIndex]?.hash, leafIndex, treeSize, proof, root });
  }
  const consistency = [];
  for (let size1 = 1; size1 <= treeSize; size1 += 37) {
    const proof = await consistencyProof(size1, treeSize, reader);
    consistency.push({ size1, size2: treeSize, root1: rootOf(entries, size1), root2: root, proof });
  }
  return { inclusion, consistency };
}

function rootOf(entries: readonly StoredEntry[], size: number): Uint8Array {
  return merkleRoot(
    entries.slice(0, size).map(({ note }) => createHash('sha256').update(Buffer.of(0)).update(note).digest()),
  );
}

/** A Buffer has become `{type, data}` when the replacer sees it. */
function base64IfBytes(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  const { type, data } = (value ?? {}) as { type?: unknown; data?: unknown };
  return type === 'Buffer' ? Buffer.from(data as number[]).toString('base64') : value;
}

function write(path: string, bytes: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(at % bytes.length) ^ 1, at % bytes.length);
  writeFileSync(path, bytes);
}

async function mustPass(what: string, ended: Promise<Ended>): Promise<Ended> {
  const { code, out, err } = await ended;
  if (code !== 0) throw new Failed(`${what} fails with exit code ${code}:\n${err}${out}`);
  return { code, out, err };
}

async function run(program: string, args: readonly string[], cwd?: string): Promise<Ended> {
  try {
    const { stdout, stderr } = await promisify(execFile)(program, args, cwd === undefined ? {} : { cwd });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr, message } = error as Error & { code: unknown; stdout?: string; stderr?: string };
    return { code: typeof code === 'number' ? code : 127, out: stdout ?? '', err: stderr ?? message };
  }
}
