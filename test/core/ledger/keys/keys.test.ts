import { expect, it } from 'vitest';
import {
  CountingIds,
  FakeClock,
  localSealer,
  memoryRootSigner,
  MemoryStore,
} from '../../../../adapters/memory/index.ts';
import {
  createAppender,
  ed25519Key,
  EntryVerifier,
  formatCheckpoint,
  createGatedAppender,
  MAX_CERTIFICATIONS_PER_MINUTE,
  parseEntry,
  recordRotation,
  revokeKey,
  ROOT_CHAIN,
  rootHistory,
  rotationDraft,
  rotationOf,
  signNote,
  openNote,
  type Appender,
  type EntryBody,
  type EntryDraft,
  type RootSigner,
} from '../../../../core/ledger/index.ts';
import { note, ORIGIN, turn } from '../ledger-fixture.ts';

const [A, B, C, D] = [1, 2, 3, 4].map(() => memoryRootSigner(ORIGIN)) as [
  RootSigner,
  RootSigner,
  RootSigner,
  RootSigner,
];

/** A ledger whose root key can be changed at any time, by the rules or against them. */
function fixture(store = new MemoryStore()) {
  let current = A;
  const clock = new FakeClock();
  const rootSigner: RootSigner = {
    name: ORIGIN,
    get publicKey() {
      return current.publicKey;
    },
    sign: (text) => current.sign(text),
  };
  const make = (): Appender =>
    createAppender({
      ledger: 'main',
      origin: ORIGIN,
      store,
      sealer: localSealer,
      rootSigner,
      clock,
      ids: new CountingIds(),
    });
  const appender = createGatedAppender(make());
  const verifier = (root: RootSigner): EntryVerifier =>
    new EntryVerifier({
      ...{ ledger: 'main', root, signatures: true, rootSigned: (type: string) => type === 'change.approved' },
      certificate: async (name) => (await store.read(name, 0, 1))[0],
      revocations: (name) => store.read(name, 1, 100),
      rotations: () => store.read(ROOT_CHAIN, 0, 100),
    });
  return {
    ...{ store, clock, appender, make, verifier },
    use: (root: RootSigner) => void (current = root),
    rotate: (to: RootSigner) =>
      appender.alone(async (alone) => {
        await recordRotation({ alone, entries: store }, { from: current, to, reason: 'yearly' });
        current = to;
      }),
    put: (chain: string, draft: EntryDraft, by: Appender = appender) => by.append({ entries: [{ chain, draft }] }),
    /** "chain #seq verdict" of everything that is bad, for a reader who trusts this key */
    bad: async (root: RootSigner): Promise<string[]> => {
      const check = verifier(root);
      const found: string[] = [];
      for (const entry of await store.readLog(0, 10_000)) {
        const checked = await check.check(entry);
        if (checked.kind === 'bad') found.push(`${entry.chain.slice(0, 9)} #${entry.seq} ${checked.finding.verdict}`);
      }
      return found;
    },
    sessions: async (): Promise<string[]> =>
      (await store.readLog(0, 10_000)).filter(({ note }) => typeOf(note) === 'key.certified').map(({ chain }) => chain),
  };
}

function typeOf(bytes: Uint8Array): string {
  const parsed = parseEntry(bytes);
  return parsed.kind === 'entry' ? parsed.body.type : '';
}

const approval = (idem: string): EntryDraft => ({
  ...{ type: 'change.approved', actor: { kind: 'service', id: 'test' }, idem, rootSigned: true, data: {} },
});

async function rotatedTwice() {
  const one = fixture();
  await one.put('change:1', approval('1'));
  await one.rotate(B);
  await one.put('change:1', approval('2'));
  await one.clock.advance(3_600_000);
  await one.appender.append({ entries: [note('account:1', 'x')] });
  await one.rotate(C);
  await one.put('change:1', approval('3'));
  return one;
}

it.each([
  ['the first', A],
  ['the middle', B],
  ['the newest', C],
])('a reader who trusts %s root key verifies everything before and after two rotations', async (_, root) => {
  const { bad, store } = await rotatedTwice();
  expect(await bad(root)).toEqual([]);
  const { keys, rotations } = rootHistory(root, await store.read(ROOT_CHAIN, 0, 9));
  expect(keys.map((key) => Buffer.from(key).toString('hex'))).toEqual(
    [A, B, C].map(({ publicKey }) => Buffer.from(publicKey).toString('hex')),
  );
  expect(rotations.map(({ seq }) => seq)).toEqual([0, 1]);
});

it('a reader who trusts a foreign key believes nothing', async () => {
  const { bad } = await rotatedTwice();
  expect((await bad(D)).filter((line) => line.includes('SIGNATURE_INVALID')).length).toBeGreaterThanOrEqual(6);
});

it('refuses what a former root key signs after it was replaced, and what the next one signs before', async () => {
  const one = fixture();
  await one.put('change:1', approval('1'));
  one.use(B);
  await one.put('change:1', approval('early'));
  one.use(A);
  await one.rotate(B);
  one.use(A);
  await one.put('change:1', approval('late'));
  expect(await one.bad(A)).toEqual(['change:1 #1 SIGNATURE_INVALID', 'change:1 #2 SIGNATURE_INVALID']);
  expect(await one.bad(B)).toEqual(await one.bad(A));
});

it('a session key that the former root key certifies after it was replaced is unknown', async () => {
  const one = fixture();
  await one.put('change:1', approval('1'));
  await one.rotate(B);
  one.use(A);
  const thief = one.make();
  await one.put('account:1', note('account:1', 'stolen').draft, thief);
  const bad = await one.bad(B);
  expect(bad).toEqual([expect.stringMatching(/^keys\/.* #0 SIGNATURE_INVALID/), 'account:1 #0 KEY_UNKNOWN']);
});

it.each<[string, RootSigner[]]>([
  ['only by the new key', [B]],
  ['only by the old key', [A]],
  ['by the old key and a third', [A, C]],
])('a rotation signed %s hands nothing over', async (_, roots) => {
  const one = fixture();
  await one.put('change:1', approval('1'));
  await one.put(ROOT_CHAIN, { ...rotationDraft(A, B, 'forged'), roots });
  one.use(B);
  await one.put('change:1', approval('2'));
  expect(await one.bad(A)).toEqual(['keys/root #0 SIGNATURE_INVALID', 'change:1 #1 SIGNATURE_INVALID']);
  // Nor does it keep a proper one from being found behind it.
  one.use(A);
  await one.rotate(C);
  await one.put('change:1', approval('3'));
  expect(await one.bad(C)).toEqual(await one.bad(A));
  expect(await one.bad(A)).toEqual(['keys/root #0 SIGNATURE_INVALID', 'change:1 #1 SIGNATURE_INVALID']);
});

it('a loop of rotations ends where it closes: a key that went does not come back', async () => {
  const one = fixture();
  await one.rotate(B);
  await expect(one.rotate(A)).rejects.toMatchObject({ code: 'KEY_NOT_CURRENT' });
  await one.put(ROOT_CHAIN, rotationDraft(B, A, 'back'));
  one.use(A);
  await one.put('change:1', approval('1'));
  expect(await one.bad(B)).toEqual(['keys/root #1 SIGNATURE_INVALID', 'change:1 #0 SIGNATURE_INVALID']);
  expect(await one.bad(A)).toEqual(await one.bad(B));
});

it('of two rotations from one key the first counts, whoever stole the key for the second', async () => {
  const one = fixture();
  await one.rotate(B);
  await one.put(ROOT_CHAIN, rotationDraft(A, C, 'stolen'));
  await one.put('change:1', approval('1'));
  for (const root of [A, B]) expect(await one.bad(root)).toEqual(['keys/root #1 SIGNATURE_INVALID']);
});

it('a rotation on another chain, or of another form, changes nothing', async () => {
  const one = fixture();
  await one.put('system/keys', rotationDraft(A, B, 'elsewhere'));
  await one.put(ROOT_CHAIN, { ...rotationDraft(A, B, 'no key'), data: { from: 'x', to: 1 } });
  await one.put('change:1', approval('1'));
  expect(await one.bad(A)).toEqual(['system/ke #0 SIGNATURE_INVALID', 'keys/root #0 SIGNATURE_INVALID']);
});

it('rotates amid concurrent appends: each is recorded, each verifies, none waits for ever', async () => {
  const store = new MemoryStore();
  const commit = store.commit.bind(store);
  // Slow, so that the next batch is sealed while one is being committed.
  store.commit = async (groups) => {
    await turn();
    return commit(groups);
  };
  const one = fixture(store);
  const rotated = new AbortController();
  // They go on until all rotations are done, and then some: a rotation that waits for a pause would wait for ever.
  const writers = Array.from({ length: 8 }, async (_, w) => {
    let count = 0;
    for (let left = 5; left > 0 && count < 300; count += 1) {
      await one.put(`change:${w}`, approval(`${w}-${count}`));
      if (rotated.signal.aborted) left -= 1;
      if ((count + w) % 3 === 0) await turn();
    }
    return count;
  });
  for (const next of [B, C, D]) {
    for (let i = 0; i < 5; i += 1) await turn();
    await one.rotate(next);
  }
  rotated.abort();
  const counts = await Promise.all(writers);
  const { rotations } = rootHistory(D, await one.store.read(ROOT_CHAIN, 0, 9));
  expect(rotations).toHaveLength(3);
  const [last] = await one.store.readLog((await one.store.size()) - 1, 1);
  expect(last?.chain).not.toBe(ROOT_CHAIN);
  for (const [w, count] of counts.entries()) {
    expect(count).toBeLessThan(300);
    expect((await one.store.head(`change:${w}`))?.seq).toBe(count - 1);
  }
  for (const root of [A, D]) expect(await one.bad(root)).toEqual([]);
});

it('a checkpoint of a former key counts for sizes before it was replaced only', async () => {
  const { store } = await rotatedTwice();
  const history = rootHistory(C, await store.read(ROOT_CHAIN, 0, 9));
  const replacedAt = history.rotations[0]?.position as number;
  const opened = async (size: number, by: RootSigner) =>
    openNote(
      await signNote(formatCheckpoint({ origin: ORIGIN, size, root: Buffer.alloc(32) }), [by]),
      history.logKeys(ORIGIN),
    );
  expect((await opened(replacedAt, A)).kind).toBe('opened');
  expect(await opened(replacedAt + 1, A)).toMatchObject({ kind: 'refused', verdict: 'SIGNATURE_INVALID' });
  expect((await opened(replacedAt + 1, C)).kind).toBe('opened');
  expect(openNote(await signNote(Buffer.from('text\n'), [A]), [ed25519Key(ORIGIN, A.publicKey)]).kind).toBe('opened');
});

it('what a revoked session key signs afterwards is KEY_REVOKED; what it signed before stands', async () => {
  const one = fixture();
  const thief = one.make();
  await one.put('account:1', note('account:1', 'before').draft, thief);
  const [stolen] = (await one.sessions()) as [string];
  const actor = { kind: 'person', id: 'eva' } as const;
  const revoked = await revokeKey(
    { appender: one.appender, entries: one.store },
    { key: stolen.slice(5), reason: 'lost laptop', actor },
  );
  expect(revoked).toMatchObject({ entity: stolen, seq: 1 });
  await one.put('account:1', note('account:1', 'after').draft, thief);
  expect(await one.bad(A)).toEqual(['account:1 #1 KEY_REVOKED']);
  // Again: the first time counts.
  expect(
    await revokeKey({ appender: one.appender, entries: one.store }, { key: stolen, reason: 'again', actor }),
  ).toEqual(revoked);
});

it('a process whose own key is revoked goes on with another', async () => {
  const one = fixture();
  await one.put('account:1', note('account:1', 'a').draft);
  const [own] = (await one.sessions()) as [string];
  const more = [1, 2, 3].map((i) => one.put('account:1', note('account:1', `m${i}`).draft));
  await revokeKey(
    { appender: one.appender, entries: one.store },
    { key: own, reason: 'test', actor: { kind: 'person', id: 'eva' } },
  );
  await Promise.all(more);
  await one.put('account:1', note('account:1', 'b').draft);
  expect(await one.bad(A)).toEqual([]);
  expect(await one.sessions()).toHaveLength(2);
});

it('whoever stole a session key cannot block its revocation by taking the place behind the certificate', async () => {
  const one = fixture();
  const thief = one.make();
  await one.put('account:1', note('account:1', 'x').draft, thief);
  const [stolen] = (await one.sessions()) as [string];
  const fake: EntryDraft = { type: 'key.revoked', actor: { kind: 'service', id: 'x' }, idem: 'fake', data: {} };
  await one.put(stolen, fake, thief);
  await one.put('account:1', note('account:1', 'y').draft, thief);
  expect(await one.bad(A)).toEqual([`${stolen.slice(0, 9)} #1 SIGNATURE_INVALID`]);
  await revokeKey({ appender: one.appender, entries: one.store }, { key: stolen, reason: 'stolen', actor: fake.actor });
  await one.put('account:1', note('account:1', 'z').draft, thief);
  expect(await one.bad(A)).toEqual([`${stolen.slice(0, 9)} #1 SIGNATURE_INVALID`, 'account:1 #2 KEY_REVOKED']);
});

it.each(['keys/0123456789abcdef', 'keys/root', 'nonsense', ''])(
  'refuses to revoke %j, which is no key of the ledger',
  async (key) => {
    const one = fixture();
    await one.put('account:1', note('account:1', 'x').draft);
    const asked = revokeKey(
      { appender: one.appender, entries: one.store },
      { key, reason: 'why', actor: { kind: 'person', id: 'eva' } },
    );
    await expect(asked).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
  },
);

it('asks the root key for a bounded number of certificates a minute, whatever becomes of them', async () => {
  let signed = 0;
  const store = new MemoryStore();
  const commit = store.commit.bind(store);
  let isDown = true;
  store.commit = async (groups) => {
    if (isDown) throw new Error('the store is down');
    return commit(groups);
  };
  const clock = new FakeClock();
  const rootSigner = { ...A, sign: async (text: Uint8Array) => ((signed += 1), A.sign(text)) };
  const appender = createAppender({
    ledger: 'main',
    origin: ORIGIN,
    store,
    sealer: localSealer,
    rootSigner,
    clock,
    ids: new CountingIds(),
  });
  const append = (i: number) => appender.append({ entries: [note('account:1', `x${i}`)] });
  for (let i = 0; i < MAX_CERTIFICATIONS_PER_MINUTE; i += 1)
    await expect(append(i)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  await expect(append(99)).rejects.toMatchObject({
    code: 'LEDGER_BUSY',
    message: expect.stringContaining('in a minute') as string,
  });
  expect(signed).toBe(MAX_CERTIFICATIONS_PER_MINUTE);
  isDown = false;
  await expect(append(100)).rejects.toMatchObject({ code: 'LEDGER_BUSY' });
  await clock.advance(60_000);
  expect((await append(101)).kind).toBe('appended');
});

it('is revoked for a reason of 1 to 1,000 characters', async () => {
  const one = fixture();
  await one.put('account:1', note('account:1', 'x').draft);
  const [key] = (await one.sessions()) as [string];
  const actor = { kind: 'person', id: 'eva' } as const;
  const revoke = async (reason: string): Promise<unknown> =>
    revokeKey({ appender: one.appender, entries: one.store }, { key, reason, actor });
  for (const reason of ['', ' ', 'r'.repeat(1_001)])
    await expect(revoke(reason)).rejects.toMatchObject({ code: 'KEY_REASON_INVALID' });
  await expect(revoke('r'.repeat(1_000))).resolves.toMatchObject({ entity: key });
});

it('only 32 bytes in canonical base64 are a key of a rotation', () => {
  const proper = rotationDraft(A, B, 'x').data as { readonly from: string; readonly to: string };
  const rotated = (data: object): unknown =>
    rotationOf({ type: 'key.rotated', entity: ROOT_CHAIN, data } as unknown as EntryBody);
  expect(rotated(proper)).toEqual({ from: Buffer.from(A.publicKey), to: Buffer.from(B.publicKey) });
  const short = Buffer.alloc(31, 7).toString('base64');
  const long = Buffer.alloc(33, 7).toString('base64');
  for (const wrong of [short, long, proper.to.replace('=', ''), ` ${proper.to}`, '', 1, undefined]) {
    expect(rotated({ ...proper, to: wrong })).toBeUndefined();
    expect(rotated({ ...proper, from: wrong })).toBeUndefined();
  }
});

it.each([
  ['key.certified', ROOT_CHAIN],
  ['key.rotated', 'keys/other'],
])('%s on %s is no rotation', (type, entity) => {
  expect(rotationOf({ ...rotationDraft(A, B, 'x'), type, entity } as unknown as EntryBody)).toBeUndefined();
});

it('a rotation that cannot be read, or stands at another place than it says, is none', async () => {
  const one = fixture();
  await one.rotate(B);
  const stored = await one.store.read(ROOT_CHAIN, 0, 9);
  expect(rootHistory(B, stored).rotations).toHaveLength(1);
  const read = (change: Partial<(typeof stored)[number]>): unknown =>
    rootHistory(
      B,
      stored.map((entry) => ({ ...entry, ...change })),
    ).rotations;
  expect(read({ note: Buffer.from('nonsense') })).toEqual([]);
  expect(read({ seq: 5 })).toEqual([]);
});
