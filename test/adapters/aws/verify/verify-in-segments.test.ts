/** A long log verified by many workers: the report is that of one, whatever was tampered with and whoever fails. */
import { deserialize, serialize } from 'node:v8';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ChainHash } from '../../../../core/brands/index.ts';
import {
  invokeFunction,
  type FunctionAnswer as Answer,
  type InvokeFunction,
} from '../../../../adapters/aws/request/invoke-function.ts';
import { invokeVerifier, type SegmentRequest } from '../../../../adapters/aws/verify/invoke-verifier.ts';
import { serializeSegment } from '../../../../adapters/aws/verify/segment-json.ts';
import { createSequencer } from '../../../../adapters/aws/dynamo/sequencer.ts';
import { verifyInSegments } from '../../../../adapters/aws/verify/verify-in-segments.ts';
import { verifyTableSegment } from '../../../../adapters/aws/verify/verify-table-segment.ts';
import { LegEnded, type Handover } from '../../../../adapters/aws/verify/verify-legs.ts';
import { verifyTable } from '../../../../adapters/aws/verify/verify-table.ts';
import { FakeClock, MemoryLog } from '../../../../adapters/memory/index.ts';
import {
  createLogPublisher,
  type Segment,
  type VerificationReport,
  type Window,
} from '../../../../core/ledger/index.ts';
import { createEntryVerifier } from '../../../../core/system/index.ts';
import { appenderOn, note, ORIGIN, ROOT } from '../../../core/ledger/ledger-fixture.ts';
import { fakeStore } from '../fake-store.ts';
import { checked } from '../../../support/checked.ts';

const SEGMENT = 256;
const CHAINS = 7;
const APPENDS = 115;

const fixture = fakeStore();
const clock = new FakeClock();
const log = new MemoryLog();
const source = { ledger: 'main', origin: ORIGIN, root: ROOT, clock };
type Fault = (segment: SegmentRequest, attempt: number) => Answer | Error | undefined;

/** 806 entries in 4 segments, published up to the middle of the last; records that lie across the borders. */
beforeAll(async () => {
  const appender = appenderOn(fixture.store, { clock });
  const sequencer = createSequencer({ store: fixture.store });
  for (let i = 0; i < APPENDS; i += 1) {
    const entries = Array.from({ length: CHAINS }, (_, chain) => note(`c${chain}`, `${i}-${chain}`));
    await appender.append({ entries });
    if (i % 9 === 0) await sequencer.catchUp();
    if (i === 105) await publish();
  }
  await sequencer.catchUp();
});

async function publish(): Promise<void> {
  await createSequencer({ store: fixture.store }).catchUp();
  await createLogPublisher({
    ...{ origin: ORIGIN, entries: fixture.store, files: log.logFiles, anchors: log.anchors, clock },
    ...{ rootSigner: ROOT, witnesses: [] },
  }).publish();
}

const tables = fixture.dynamo.tables;
let kept: string;
const pack = (): string =>
  JSON.stringify([...tables].map(([name, parts]) => [name, [...parts].map(([pk, items]) => [pk, [...items]])]));
beforeEach(() => void (kept = pack()));
afterEach(() => {
  tables.clear();
  type Items = [string, Record<string, never>][];
  for (const [name, parts] of JSON.parse(kept) as [string, [string, Items][]][])
    tables.set(name, new Map(parts.map(([pk, items]) => [pk, new Map(items)])));
});

/** A function that is invoked; what it does instead is up to the fault. */
function lambda(fault: Fault = () => undefined) {
  const asked = new Map<number, number>();
  let running = 0;
  const seen = { most: 0, invocations: 0, asked };
  const invoke: InvokeFunction = async (_, payload) => {
    const request = JSON.parse(payload) as SegmentRequest;
    const attempt = (asked.get(request.from) ?? 0) + 1;
    asked.set(request.from, attempt);
    seen.invocations += 1;
    const instead = fault(request, attempt);
    if (instead instanceof Error) throw instead;
    if (instead !== undefined) return instead;
    seen.most = Math.max(seen.most, (running += 1));
    const { store } = fakeStore(fixture.dynamo);
    const verifier = createEntryVerifier({
      ledger: 'main',
      root: ROOT,
      entries: store,
      signatures: request.signatures,
    });
    const segment = await verifyTableSegment({ store, verifier, read: log.logFiles.read }, request);
    running -= 1;
    return { text: JSON.stringify(serializeSegment(segment)) };
  };
  return { invoke, seen };
}

async function alone(signatures = false): Promise<VerificationReport> {
  const points = { read: log.logFiles.read, anchors: log.anchors };
  return verifyTable({ store: fakeStore(fixture.dynamo).store, ...source, points, signatures });
}

async function together(fault?: Fault, signatures = false) {
  const { invoke, seen } = lambda(fault);
  const onError = vi.fn();
  const invoking = { invoke, functionName: 'verify', signatures, ids: { random: () => 0.5 } };
  const worker = invokeVerifier({ ...invoking, clock: { sleep: async () => {} } });
  const points = { read: log.logFiles.read, anchors: log.anchors };
  const workers = { worker, onError, segmentEntries: SEGMENT };
  const report = await verifyTable({ store: fakeStore(fixture.dynamo).store, ...source, points, workers, signatures });
  return { report, seen, onError };
}

/** Where the log has its entry at this index. */
async function placeOf(index: number): Promise<{ readonly chain: string; readonly seq: number }> {
  const [entry] = await fixture.store.readLog(index, 1);
  if (entry === undefined) throw new Error(`nothing at ${index}`);
  return entry;
}
const partition = (table: string, pk: string) => {
  const found = tables.get(table)?.get(pk);
  if (found === undefined) throw new Error(`no ${pk}`);
  return found;
};
const flip = (attributes: Record<string, unknown> | undefined, name: string, byte: number): void => {
  if (attributes === undefined) throw new Error('nothing to change');
  const bytes = Buffer.from((attributes[name] as { B: string }).B, 'base64');
  bytes.writeUInt8(bytes.readUInt8(byte) ^ 1, byte);
  attributes[name] = { B: bytes.toString('base64') };
};

describe('verifying a long log with many workers', () => {
  it('reports what one would report', async () => {
    const { report, seen, onError } = await together(undefined, true);
    expect(report).toMatchObject({ verdict: 'OK', entries: CHAINS * APPENDS + 1, chains: CHAINS + 1 });
    expect(report.against?.map(({ kind }) => kind)).toEqual(['published', 'anchor']);
    expect(report).toEqual(await alone(true));
    expect([...seen.asked]).toEqual([0, 256, 512, 768].map((from) => [from, 1]));
    expect(onError).not.toHaveBeenCalled();
  });

  const borders = [0, 255, 256, 600, 767, 768, 805];
  it.each(borders)('finds what one finds when the entry at %i is changed or gone', async (index) => {
    const { chain, seq } = await placeOf(index);
    flip(partition('entries', `main#${chain}`).get(String(seq)), 'b', 60);
    const changed = await together();
    expect(changed.report).toMatchObject({ verdict: 'CONTENT_MISMATCH', firstBad: { position: index } });
    expect(changed.report).toEqual(await alone());
    partition('entries', `main#${chain}`).delete(String(seq));
    const gone = await together();
    expect(gone.report.verdict).toBe('MISSING_ENTRY');
    expect(gone.report).toEqual(await alone());
  });

  it('finds what one finds in each record of the log, damaged or gone', async () => {
    const records = partition('state', 'main#log');
    for (const [first, record] of [...records].filter((_, i) => i % 6 === 0)) {
      const before = { ...record };
      for (const name of ['h', 'e']) {
        flip(record, name, 3);
        const { report } = await together();
        expect(report.verdict, `${first} ${name}`).not.toBe('OK');
        expect(report, `${first} ${name}`).toEqual(await alone());
        Object.assign(record, before);
      }
      records.delete(first);
      const { report } = await together();
      expect(report.verdict, first).not.toBe('OK');
      expect(report, first).toEqual(await alone());
      records.set(first, record);
    }
  }, 300_000);

  it.each([300, 512])('finds a changed tile of entry %i', async (index) => {
    const path = [...log.files.keys()].find((one) => one.startsWith(`tile/0/00${Math.floor(index / 256)}`)) ?? '';
    const before = log.files.get(path) as Uint8Array;
    log.files.set(path, Buffer.from(before).fill(1, (index % 256) * 32, (index % 256) * 32 + 3));
    const { report } = await together();
    expect(report).toMatchObject({ verdict: 'CONTENT_MISMATCH' });
    expect(report).toEqual(await alone());
    log.files.set(path, before);
  });

  it.each<[string, Fault, number]>([
    ['is throttled at first', (_, attempt) => (attempt < 3 ? named('TooManyRequestsException') : undefined), 12],
    ['fails at first', (_, attempt) => (attempt < 2 ? { text: '{}', error: 'Unhandled' } : undefined), 8],
    ['is always throttled', ({ from }) => (from === 512 ? named('TooManyRequestsException') : undefined), 7],
    ['always fails', ({ from }) => (from === 512 ? { text: '{}', error: 'Unhandled' } : undefined), 7],
    ['answers garbage', ({ from }) => (from === 512 ? { text: 'garbage' } : undefined), 7],
    ['answers nothing', () => ({ text: '' }), 16],
    ['answers OK', () => ({ text: '{"verdict":"OK"}' }), 16],
    ['may not be invoked', () => named('AccessDeniedException'), 4],
  ])('passes no segment over when a worker %s', async (_, fault, invocations) => {
    const sound = await together(fault);
    expect(sound.report).toEqual(await alone());
    expect(sound.report.verdict).toBe('OK');
    expect(sound.seen.invocations).toBe(invocations);
    const { chain, seq } = await placeOf(600);
    partition('entries', `main#${chain}`).delete(String(seq));
    expect((await together(fault)).report).toEqual(await alone());
  });
});

describe('W7: in legs', () => {
  /** A call for each piece of work, each with what the one before handed over. */
  async function inLegs(fault?: Fault) {
    const { invoke } = lambda(fault);
    const invoking = { invoke, functionName: 'verify', signatures: false, ids: { random: () => 0.5 } };
    const worker = invokeVerifier({ ...invoking, clock: { sleep: async () => {} } });
    const points = { read: log.logFiles.read, anchors: log.anchors };
    const workers = { worker, segmentEntries: SEGMENT };
    for (let [from, legs]: [Handover | undefined, number] = [undefined, 1]; ; legs += 1) {
      const leg = { from, isTimeUp: () => true };
      const { store } = fakeStore(fixture.dynamo);
      try {
        return { report: await verifyTable({ store, ...source, points, workers, leg, signatures: false }), legs };
      } catch (error) {
        if (!(error instanceof LegEnded)) throw error;
        from = deserialize(serialize(error.handover)) as Handover;
      }
    }
  }

  it('joins segments of several calls to the report of one', async () => {
    const { report, legs } = await inLegs();
    expect(report).toEqual(await alone());
    expect(report.verdict).toBe('OK');
    expect(legs).toBeGreaterThan(4);
  });

  it('is what it was when it began, however the log and its checkpoints grow meanwhile', async () => {
    const before = await alone();
    const { store } = fakeStore(fixture.dynamo);
    const points = { read: log.logFiles.read, anchors: log.anchors };
    const first = verifyTable({ store, ...source, points, leg: { isTimeUp: () => true }, signatures: false });
    const { handover } = (await first.catch((error: unknown) => error)) as LegEnded;
    const kept = new Map(log.files);
    await appenderOn(fakeStore(fixture.dynamo).store, { clock }).append({ entries: [note('late', 'late')] });
    await publish();
    const leg = { from: handover, isTimeUp: () => false };
    const report = await verifyTable({
      store: fakeStore(fixture.dynamo).store,
      ...source,
      points,
      leg,
      signatures: false,
    });
    expect(report).toMatchObject({ verdict: 'OK', against: before.against });
    expect(report.entries).toBeGreaterThan(before.entries);
    log.files.clear();
    for (const [path, file] of kept) log.files.set(path, file);
  });

  it.each([3, 255, 256, 511, 600, 805])('finds what was changed at log index %i, as in one call', async (index) => {
    const { chain, seq } = await placeOf(index);
    flip(partition('entries', `main#${chain}`).get(String(seq)), 'b', 60);
    const { report } = await inLegs();
    expect(report.verdict).not.toBe('OK');
    expect(report).toEqual(await alone());
  });
});

function named(name: string): Error {
  return Object.assign(new Error(name), { name });
}

describe('joining segments', () => {
  const window: Window = { from: 0, to: 256 * 100, sizes: [], published: 0, isShort: false, replay: false };
  const hash = (n: number): ChainHash => checked<ChainHash>(n.toString(16).padStart(64, '0'));
  /** One chain, entry n has hash n + 1. */
  const outcome = ({ from, to }: Window): Segment => ({
    entries: to - from,
    spans: new Map([
      [
        'a',
        {
          ...{ firstSeq: from, firstPrev: hash(from), firstPosition: from, lastSeq: to - 1, lastHash: hash(to) },
          hasChanges: from === 0,
        },
      ],
    ]),
    tree: { from, to, tileRoots: new Uint8Array(32 * ((to - from) / 256)), ends: [] },
  });

  it('has 32 at work at most, and stops them when it knows enough', async () => {
    let [running, most] = [0, 0];
    const stopped = vi.fn();
    const worker = async (segment: Window, signal: AbortSignal): Promise<Segment> => {
      most = Math.max(most, (running += 1));
      signal.addEventListener('abort', stopped);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      const { spans, ...rest } = outcome(segment);
      const span = spans.get('a');
      if (span === undefined) throw new Error('no chain');
      return segment.from === 256 * 50
        ? { ...rest, spans: new Map([['a', { ...span, firstPrev: hash(1) }]]) }
        : outcome(segment);
    };
    const local = vi.fn();
    const found = await verifyInSegments(window, { worker, local, segmentEntries: 256 });
    expect(most).toBe(32);
    expect(found).toMatchObject({
      entries: 256 * 50,
      finding: { verdict: 'LINK_BROKEN', entity: 'a', position: 256 * 50 },
    });
    expect(stopped).toHaveBeenCalled();
    expect(running).toBe(0);
    expect(local).not.toHaveBeenCalled();
  });

  it('joins all of it', async () => {
    const worker = async (segment: Window): Promise<Segment> => outcome(segment);
    const found = await verifyInSegments(window, { worker, local: vi.fn(), segmentEntries: 256 });
    expect(found).toEqual(outcome(window));
  });

  it('rejects when a segment can be verified nowhere', async () => {
    const worker = () => Promise.reject(new Error('not there'));
    const local = () => Promise.reject(new Error('nor here'));
    await expect(verifyInSegments(window, { worker, local, segmentEntries: 256 })).rejects.toThrow('nor here');
  });

  it('leaves a short log to one', async () => {
    const worker = vi.fn();
    const local = async (segment: Window): Promise<Segment> => outcome(segment);
    await verifyInSegments({ ...window, to: 512 }, { worker, local, segmentEntries: 256 });
    expect(worker).not.toHaveBeenCalled();
  });
});

describe('invoking a function', () => {
  const env = {
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 't',
  };
  const signal = new AbortController().signal;

  it('signs, waits and tells a failure of the function from an answer', async () => {
    const fetcher = vi.fn<typeof fetch>().mockResolvedValueOnce(new Response('{"a":1}'));
    expect(await invokeFunction(env, fetcher)('verify', '{}', signal)).toEqual({ text: '{"a":1}' });
    const [url, init] = fetcher.mock.calls[0] ?? [];
    expect(url instanceof URL ? url.href : url).toBe(
      'https://lambda.eu-west-1.amazonaws.com/2015-03-31/functions/verify/invocations',
    );
    expect(new Headers(init?.headers).get('authorization')).toMatch(
      /^AWS4-HMAC-SHA256 .*eu-west-1\/lambda\/aws4_request/,
    );
    fetcher.mockResolvedValueOnce(new Response('{}', { headers: { 'x-amz-function-error': 'Unhandled' } }));
    expect(await invokeFunction(env, fetcher)('verify', '{}', signal)).toEqual({ text: '{}', error: 'Unhandled' });
  });

  it('names why it was not run', async () => {
    const headers = { 'x-amzn-errortype': 'TooManyRequestsException:http://internal' };
    const fetcher = async () => new Response('{}', { status: 429, headers });
    await expect(invokeFunction(env, fetcher)('verify', '{}', signal)).rejects.toThrow(
      expect.objectContaining({ name: 'TooManyRequestsException' }),
    );
    await expect(invokeFunction({}, fetcher)('verify', '{}', signal)).rejects.toThrow('AWS_REGION');
  });
});
