/**
 * The public log on S3 and DynamoDB that somebody else wrote: the contracts of its files and anchors, what lies over an
 * anchor, and the fault table of publishing: every write broken, in three ways, twice.
 */
import { generateKeyPairSync, sign } from 'node:crypto';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { ConfiguredRetryStrategy } from '@smithy/core/retry';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dynamoClient, s3Bucket } from '../../adapters/aws/wiring/clients.ts';
import { createAnchorBucket } from '../../adapters/aws/log/anchor-bucket.ts';
import { createLogBucket } from '../../adapters/aws/log/log-bucket.ts';
import { deleteObjects, getObject, listObjects, listVersions, putObject } from '../../adapters/aws/log/s3-bucket.ts';
import { createWitnessTable as witnessMemoryIn } from '../../adapters/aws/log/witness-table.ts';
import { FakeClock, memoryRootSigner } from '../../adapters/memory/index.ts';
import { leafHash } from '../../core/canonical/index.ts';
import {
  cosignerKey,
  createLogPublisher,
  createWitness,
  ed25519Key,
  formatCheckpoint,
  formatVerifierKey,
  fsckLog,
  merkleRoot,
  openCheckpoint,
  signNote,
  type LoggedEntry,
  type LogPublisher,
  type NoteSignatory,
  type Witness,
} from '../../core/ledger/index.ts';
import { describeAnchors, describeLogFiles } from '../contract/log-files.ts';
import { breakingFetch, breakWrites, type Breakage } from './support/break-writes.ts';
import { createScratchBucket, createWitnessTable, type Scratch } from './support/scratch-log.ts';

/** Sets the stage; the log has a client of its own. */
const client = new S3Client();
const retryStrategy = new ConfiguredRetryStrategy(4, () => 1);
afterAll(() => client.destroy());

const ORIGIN = 'ledger.test/main';
const ROOT = memoryRootSigner(ORIGIN);
const ROOT_KEY = ed25519Key(ORIGIN, ROOT.publicKey);
const ENTRIES: readonly LoggedEntry[] = Array.from({ length: 600 }, (_, position) => {
  const note = Buffer.from(`entry ${position}`);
  return { chain: 'a', seq: position, position, note, hash: leafHash(note) };
});
const rootAt = (size: number): Uint8Array => merkleRoot(ENTRIES.slice(0, size).map(({ hash }) => hash));
const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

describeLogFiles(
  'bucket',
  async () => {
    const { name, drop } = await createScratchBucket();
    return { files: createLogBucket(s3Bucket(name)), close: drop };
  },
  { shared: true },
);
describeAnchors('bucket', async () => {
  const { name, drop } = await createScratchBucket();
  return { anchors: createAnchorBucket({ bucket: s3Bucket(name) }), close: drop };
});

describe('the log in a bucket', () => {
  let scratch: Scratch;
  beforeEach(async () => void (scratch = await createScratchBucket()));
  afterEach(() => scratch.drop());

  it('says what its files are, for how long, and what they sum to', async () => {
    const files = createLogBucket(s3Bucket(scratch.name));
    await files.write('tile/0/000', Buffer.alloc(8_192));
    await files.replaceCheckpoint(Buffer.from('a'), undefined);
    const head = (Key: string) =>
      client.send(new HeadObjectCommand({ Bucket: scratch.name, Key, ChecksumMode: 'ENABLED' }));
    const tile = await head('tile/0/000');
    expect([tile.ContentType, tile.CacheControl]).toEqual(['application/octet-stream', 'max-age=31536000, immutable']);
    expect(tile.ChecksumSHA256).toBeDefined();
    const checkpoint = await head('checkpoint');
    expect([checkpoint.ContentType, checkpoint.CacheControl]).toEqual(['text/plain; charset=utf-8', 'no-cache']);
  });
});

describe('the calls to S3', () => {
  it('find, list and delete what has the most unpleasant names', async () => {
    const scratch = await createScratchBucket();
    const bucket = s3Bucket(scratch.name);
    const keys = ['a b+c', 'a&<b>\'"c', "a(1)!*'", 'a/ü/€.p/7', 'a%2Fb', 'a//b'].sort();
    const put = { contentType: 'text/plain', cacheControl: 'no-cache' };
    for (const key of keys) expect(await putObject(bucket, key, Buffer.from(key), put)).toBe('stored');
    for (const key of keys) expect(text((await getObject(bucket, key))?.bytes)).toBe(key);
    expect([...(await listObjects(bucket, 'a'))].sort()).toEqual(keys);
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: scratch.name }));
    expect(Contents.map(({ Key }) => Key).sort()).toEqual(keys);
    await deleteObjects(bucket, keys);
    expect(await listObjects(bucket, '')).toEqual([]);
    const { deleteMarkers } = await listVersions(bucket, { prefix: 'a' });
    expect(deleteMarkers.map(({ key }) => key).sort()).toEqual(keys);
    await scratch.drop();
  });

  it('refuse a condition that does not hold', async () => {
    const scratch = await createScratchBucket();
    const bucket = s3Bucket(scratch.name);
    const put = { contentType: 'text/plain', cacheControl: 'no-cache' };
    const body = Buffer.from('a');
    expect(await putObject(bucket, 'x', body, { ...put, ifMatch: '"0"' })).toBe('refused');
    expect(await putObject(bucket, 'x', body, { ...put, ifNoneMatch: '*' })).toBe('stored');
    expect(await putObject(bucket, 'x', body, { ...put, ifNoneMatch: '*' })).toBe('refused');
    const etag = (await getObject(bucket, 'x'))?.etag ?? '';
    expect(await putObject(bucket, 'x', Buffer.from('b'), { ...put, ifMatch: etag })).toBe('stored');
    expect(await putObject(bucket, 'x', Buffer.from('c'), { ...put, ifMatch: etag })).toBe('refused');
    await expect(putObject(s3Bucket(`no-${scratch.name}`), 'x', body, put)).rejects.toMatchObject({
      ...{ code: 'S3_REFUSED', serviceCode: 'NoSuchBucket', status: 404 },
    });
    await scratch.drop();
  });
});

describe('anchors that somebody laid something over', () => {
  let scratch: Scratch;
  const shadowed: number[] = [];
  const open = () =>
    createAnchorBucket({ bucket: s3Bucket(scratch.name), onShadowed: (size) => void shadowed.push(size) });
  const Key = 'ckpt/00000000000000000007';
  beforeEach(async () => {
    shadowed.length = 0;
    scratch = await createScratchBucket();
    await open().put(3, Buffer.from('three'));
    await open().put(7, Buffer.from('first'));
  });
  afterEach(() => scratch.drop());
  const overwrite = (body: string) => client.send(new PutObjectCommand({ Bucket: scratch.name, Key, Body: body }));
  const remove = () => client.send(new DeleteObjectCommand({ Bucket: scratch.name, Key }));

  it.each([
    ['another version', [() => overwrite('forged')]],
    ['a delete marker', [() => remove()]],
    ['both, twice', [() => remove(), () => overwrite('forged'), () => remove(), () => overwrite('again')]],
  ])('%s: the first version is read, and it is told', async (_, steps) => {
    for (const step of steps) await step();
    const anchors = open();
    expect(text(await anchors.read(7))).toBe('first');
    expect(text(await anchors.read(3))).toBe('three');
    expect(shadowed).toEqual([7]);
    expect(await anchors.newest()).toBe(7);
    expect(await anchors.sizes(-1, 10)).toEqual([3, 7]);
    expect(await anchors.sizes(3, 10)).toEqual([7]);
  });

  it('many versions: they are all read to find the first', async () => {
    for (let i = 0; i < 1_010; i += 1) await overwrite(`${i}`);
    expect(text(await open().read(7))).toBe('first');
    expect(await open().newest()).toBe(7);
  });

  it('does not mistake what else is there for anchors', async () => {
    for (const other of ['ckpt/7', 'ckpt/00000000000000000009.json', 'ckpt/99999999999999999999', 'ckpu/1'])
      await client.send(new PutObjectCommand({ Bucket: scratch.name, Key: other, Body: 'x' }));
    expect(await open().newest()).toBe(7);
    expect(await open().sizes(-1, 1)).toEqual([3]);
    expect(await open().sizes(-1, 10)).toEqual([3, 7]);
    expect(await open().read(9)).toBeUndefined();
  });
});

describe('the witness', () => {
  it('remembers over what it read, and nothing else', async () => {
    const { name: table, drop } = await createWitnessTable();
    const memory = witnessMemoryIn({ client: dynamoClient(), table });
    const at = (size: number) => ({ size, root: rootAt(size) });
    expect(await memory.load(ORIGIN)).toBeUndefined();
    expect(await memory.store(ORIGIN, at(5), at(3))).toBe(false);
    expect(await memory.store(ORIGIN, at(5), undefined)).toBe(true);
    expect(await memory.store(ORIGIN, at(9), undefined)).toBe(false);
    expect(await memory.store(ORIGIN, at(9), { size: 5, root: rootAt(4) })).toBe(false);
    expect(await memory.load(ORIGIN)).toMatchObject({ size: 5 });
    const race = await Promise.all([6, 7, 8, 9].map((size) => memory.store(ORIGIN, at(size), at(5))));
    expect(race.filter(Boolean)).toHaveLength(1);
    const won = [6, 7, 8, 9][race.indexOf(true)] ?? 0;
    const remembered = await memory.load(ORIGIN);
    expect([remembered?.size, text(remembered?.root)]).toEqual([won, text(rootAt(won))]);
    await drop();
  });
});

interface Faults {
  /** true breaks that write */
  readonly strike: (what: string) => boolean;
  readonly how: Breakage;
}

/** A log that grows on buckets of its own. */
class Fixture {
  readonly clock = new FakeClock();
  size = 0;
  readonly errors: Error[] = [];
  private readonly signatory = witnessSignatory();

  readonly log: Scratch;
  readonly anchors: Scratch;
  readonly table: Scratch;
  private readonly faults: Faults;

  private constructor([log, anchors, table]: readonly [Scratch, Scratch, Scratch], faults: Faults) {
    this.log = log;
    this.anchors = anchors;
    this.table = table;
    this.faults = faults;
  }

  static async open(faults: Faults = { strike: () => false, how: 'lost' }): Promise<Fixture> {
    return new Fixture([await createScratchBucket(), await createScratchBucket(), await createWitnessTable()], faults);
  }

  async close(): Promise<void> {
    await Promise.all([this.log.drop(), this.anchors.drop(), this.table.drop()]);
  }

  /** A process of its own: nothing is remembered from the one before. */
  publisher(): LogPublisher {
    const { how, strike } = this.faults;
    const faults = { fetch: breakingFetch(how, strike), sleep: async () => {} };
    const dynamo = dynamoClient({ retryStrategy });
    dynamo.middlewareStack.use(breakWrites(how, strike));
    const logs = new Map([[ORIGIN, [ROOT_KEY]]]);
    const memory = witnessMemoryIn({ client: dynamo, table: this.table.name });
    const witness: Witness = {
      key: cosignerKey(this.signatory.name, this.signatory.publicKey),
      addCheckpoint: createWitness({ signatory: this.signatory, logs, memory, clock: this.clock }),
    };
    return createLogPublisher({
      origin: ORIGIN,
      entries: {
        size: async () => this.size,
        readLog: async (from, limit) => ENTRIES.slice(from, Math.min(this.size, from + limit)),
      },
      files: createLogBucket(s3Bucket(this.log.name, faults)),
      anchors: createAnchorBucket({ bucket: s3Bucket(this.anchors.name, faults) }),
      witnesses: [witness],
      rootSigner: ROOT,
      clock: this.clock,
      onWitnessError: (error) => void this.errors.push(error),
    });
  }

  async expectSound(size: number): Promise<void> {
    const read = createLogBucket(s3Bucket(this.log.name)).read;
    const verifierKeys = [formatVerifierKey(ORIGIN, ROOT.publicKey)];
    expect(await fsckLog({ read, verifierKeys })).toMatchObject({
      ...{ verdict: 'OK', size, root: Buffer.from(rootAt(size)).toString('base64') },
    });
    const anchors = createAnchorBucket({ bucket: s3Bucket(this.anchors.name) });
    expect(await anchors.newest()).toBe(size);
    for (const anchored of await anchors.sizes(-1, 1_000))
      expect(rootOf(await anchors.read(anchored))).toEqual(rootAt(anchored));
  }

  async paths(): Promise<string[]> {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: this.log.name }));
    return Contents.map(({ Key }) => Key ?? '').sort();
  }
}

function witnessSignatory(): NoteSignatory {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  return { name: `${ORIGIN}/witness`, publicKey: raw, sign: (signed) => sign(null, signed, privateKey) };
}

function rootOf(note: Uint8Array | undefined): Uint8Array {
  const opened = openCheckpoint(note ?? new Uint8Array(), [ROOT_KEY], ORIGIN);
  if (opened.kind !== 'opened') throw new Error(opened.reason);
  return opened.checkpoint.root;
}

describe('publishing to buckets', () => {
  const SIZES = [3, 255, 260];

  /** A failed round is tried again by a new process. @returns how many failed */
  async function grow(fixture: Fixture): Promise<number> {
    let failures = 0;
    for (const size of SIZES) {
      fixture.size = size;
      for (;;) {
        try {
          await fixture.publisher().publish();
          break;
        } catch (error) {
          failures += 1;
          expect(String(error)).toContain('broken');
          expect(failures).toBeLessThan(4);
        }
      }
    }
    return failures;
  }

  it('ends with a log that anybody can check, cosigned, without parts of what is full', async () => {
    const fixture = await Fixture.open();
    await grow(fixture);
    await fixture.expectSound(260);
    expect(await fixture.paths()).toEqual([
      'checkpoint',
      ...['tile/0/000', 'tile/0/001.p/4', 'tile/1/000.p/1', 'tile/entries/000', 'tile/entries/001.p/4'],
    ]);
    const note = await client.send(new GetObjectCommand({ Bucket: fixture.log.name, Key: 'checkpoint' }));
    expect(await note.Body?.transformToString()).toContain(`— ${ORIGIN}/witness `);
    expect(fixture.errors).toEqual([]);
    await fixture.close();
  });

  it('goes on when somebody else published meanwhile, and makes one log of two publishers', async () => {
    const fixture = await Fixture.open();
    for (const size of [10, 300, 600]) {
      fixture.size = size;
      await Promise.all([fixture.publisher().publish(), fixture.publisher().publish(), fixture.publisher().publish()]);
    }
    await fixture.expectSound(600);
    await fixture.close();
  });

  it('signs nothing when a delete marker hides the anchor of a longer log', async () => {
    const fixture = await Fixture.open();
    fixture.size = 300;
    await fixture.publisher().publish();
    await client.send(new DeleteObjectCommand({ Bucket: fixture.anchors.name, Key: 'ckpt/00000000000000000300' }));
    const old = await signNote(formatCheckpoint({ origin: ORIGIN, size: 100, root: rootAt(100) }), [ROOT]);
    await client.send(new PutObjectCommand({ Bucket: fixture.log.name, Key: 'checkpoint', Body: old }));
    fixture.size = 200;
    await expect(fixture.publisher().publish()).rejects.toMatchObject({ code: 'LOG_SHRUNK' });
    await fixture.close();
  });

  describe('with every write broken, twice', () => {
    it.each(['lost', 'answer lost', 'answer lost, sent again'] as const)('%s', async (how) => {
      let writes = 0;
      const counted = await Fixture.open({ how, strike: () => (writes++, false) });
      await grow(counted);
      const expected = await counted.paths();
      await counted.close();
      expect(writes).toBeGreaterThan(20);
      for (let broken = 0; broken < writes; broken += 1) {
        let count = 0;
        let struck = '';
        const fixture = await Fixture.open({
          how,
          strike: (what) => {
            const isStruck = count === broken || count === broken + 5;
            count += 1;
            if (isStruck) struck += ` ${what}`;
            return isStruck;
          },
        });
        const failures = await grow(fixture);
        if (how !== 'answer lost, sent again')
          expect(failures + fixture.errors.length, `${how} ${broken}${struck}`).toBeGreaterThan(0);
        await fixture.expectSound(260);
        // Parts whose removal was lost stay: they cost space only.
        expect(await fixture.paths(), `${how} ${broken}${struck}`).toEqual(expect.arrayContaining(expected));
        await fixture.close();
      }
    });
  });
});
