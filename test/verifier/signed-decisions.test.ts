/**
 * Decisions that had to be signed, on a data folder: somebody who can write to the store and has every key of the ledger records
 * one that people's keys did not sign. Both verifiers name that entry, and the same verdict.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { EpochMs, PersonId } from '../../core/brands/index.ts';
import { createAnchorFolder } from '../../adapters/embedded/log/anchor-folder.ts';
import { createLogFolder } from '../../adapters/embedded/log/log-folder.ts';
import { systemIds } from '../../adapters/embedded/machine/system-clock.ts';
import { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import { openForWriting } from '../../adapters/embedded/store/sqlite-schema.ts';
import { localSealer, memoryRootSigner } from '../../adapters/memory/index.ts';
import type { Assertion } from '../../core/assertions/index.ts';
import { decisionChallenge, type ChangeView } from '../../core/changes/index.ts';
import {
  createAppender,
  createLogPublisher,
  ed25519Key,
  formatVerifierKey,
  type Clock,
} from '../../core/ledger/index.ts';
import { onPolicy, patch, who } from '../core/changes/governance-fixture.ts';
import { createSigningFixture, KEYS, OTHER_CHALLENGE, signed, SIGNERS } from '../core/changes/signing-fixture.ts';
import { passkeyOf, plainKeyOf, type Parts, type SoftKey } from '../support/authenticator.ts';
import { checked } from '../support/checked.ts';
import { TwoVerifiers } from './two-verifiers.ts';

vi.unmock('../../adapters/embedded/index.ts');

const origin = 'ledger.test/main';
const DAY_MS = 86_400_000;
const place = mkdtempSync(join(tmpdir(), 'nervous-signed-'));
const honest = join(place, 'honest');
const rootSigner = memoryRootSigner(origin);
const vkey = formatVerifierKey(origin, rootSigner.publicKey);
/** bob's second key, which takes the place of the first one */
const second = plainKeyOf('bob');

let both: TwoVerifiers;
let now: number;
/** waits for owner and risk: proposed after bob's first key was revoked */
let waiting: ChangeView;
let under: object;
let steps: number;

const clockAt = (time: number): Clock => ({
  now: () => checked<EpochMs>(time),
  monotonic: () => time,
  sleep: async () => undefined,
});

async function publish(dir: string, store: SqliteStore): Promise<void> {
  const publisher = createLogPublisher({
    ...{ origin, entries: store, rootSigner, clock: clockAt(now), witnesses: [] },
    formerKeys: [ed25519Key(origin, rootSigner.publicKey)],
    files: createLogFolder(join(dir, 'log')),
    anchors: createAnchorFolder(join(dir, 'anchors')),
  });
  await publisher.publish();
}

beforeAll(async () => {
  both = await TwoVerifiers.start();
  mkdirSync(honest);
  const store = new SqliteStore(openForWriting(honest, { ledger: 'main', origin }));
  const fixture = createSigningFixture('signed', SIGNERS, store, rootSigner);
  const { changes, clock } = fixture;
  const decide = async (view: ChangeView, ...people: (readonly [string, SoftKey?])[]): Promise<void> => {
    for (const [person, key] of people)
      await changes.decide(who(person), view.id, signed(view, person, key === undefined ? {} : { key }));
    await clock.advance(view.entityId === 'registry:policy' ? DAY_MS : 0);
    expect(await changes.advance(view.id)).toMatchObject({ state: 'executed' });
  };
  await decide(await fixture.propose([{ type: 'state.put', payload: { limit: 1 } }]), ['bob'], ['rita']);
  const bobs = SIGNERS.credentials?.findIndex(({ personId }) => personId === 'bob') ?? -1;
  const exchange = patch({ op: 'replace', path: `/credentials/${bobs}`, value: second.credential });
  await decide(await fixture.propose([exchange], onPolicy), ['carl'], ['rita'], ['sam']);
  await decide(await fixture.propose([{ type: 'state.put', payload: { limit: 2 } }]), ['bob', second], ['rita']);
  waiting = await fixture.propose([{ type: 'state.put', payload: { limit: 3 } }]);
  const own = (await fixture.chain('account:1')).filter(({ body }) => body.data['change'] === waiting.id);
  under = own[0]?.body.data['under'] as object;
  steps = own.length;
  now = clock.now();
  await publish(honest, store);
  store.close();
  writeFileSync(join(honest, 'root.vkey'), `${vkey}\n`);
});

afterAll(() => {
  both.stop();
  rmSync(place, { recursive: true, force: true });
});

interface Forgery {
  /** who votes */
  readonly by?: 'bob' | 'rita';
  readonly assertion?: Assertion;
  readonly key?: SoftKey;
  readonly parts?: Parts;
  /** what is signed instead */
  readonly over?: object;
}

/** The next step of what waits: a vote, with everything right but what is said otherwise. */
async function forged({ by = 'bob', key, parts, over = {}, assertion }: Forgery): Promise<string> {
  const dir = mkdtempSync(join(place, 'forged-'));
  cpSync(honest, dir, { recursive: true });
  const { id: change, revision, contentHash, assessmentHash } = waiting;
  const bound = { revision, contentHash, assessmentHash, decision: 'approve', nonce: 'forged-nonce-0001' };
  const subject = { ...bound, ledger: 'main', change, personId: checked<PersonId>(by), ...over };
  const made = assertion ?? key?.assert(decisionChallenge(subject as never), parts);
  const vote = { ...bound, change, personId: by, roles: [by === 'bob' ? 'owner' : 'risk'], under };
  const data = { ...vote, ...(made === undefined ? {} : { assertion: made }) };
  const actor = { kind: 'person' as const, id: by };
  const store = new SqliteStore(openForWriting(dir, { ledger: 'main', origin }));
  const appender = createAppender({
    ...{ ledger: 'main', origin, store, sealer: localSealer, rootSigner, clock: clockAt(now), ids: systemIds },
  });
  const draft = { type: 'change.voted', actor, idem: `${change}#${steps}`, data: data as never };
  await appender.append({ entries: [{ chain: 'account:1', draft }] });
  await appender.drain();
  await publish(dir, store);
  store.close();
  return dir;
}

const compared = async (forgery: Forgery): Promise<{ readonly verdict: string; readonly detail: string }> =>
  both.compareDataDir(await forged(forgery), [], now);

it('both find the honest ledger sound', async () => {
  expect(await both.compareDataDir(honest, [], now)).toMatchObject({ verdict: 'OK' });
});

describe('both name a vote that was recorded past the engine', () => {
  it('not, where the right person’s key signed it', async () => {
    expect(await compared({ key: second })).toMatchObject({ verdict: 'OK' });
    expect(await compared({ by: 'rita', key: KEYS['rita'] as SoftKey })).toMatchObject({ verdict: 'OK' });
  });

  const rita = KEYS['rita'] as SoftKey;
  const { credential } = second;
  const cases: readonly (readonly [string, Forgery])[] = [
    ['without a signature', {}],
    ['with one over another decision', { key: second, over: { decision: 'reject' } }],
    ['with one over another change-set', { key: second, over: { change: 'other' } }],
    ['with one over another challenge', { assertion: second.assert(OTHER_CHALLENGE) }],
    ['with one for somebody else', { key: second, over: { personId: 'carl' } }],
    ['by a key that was revoked', { key: KEYS['bob'] as SoftKey }],
    ['by a key that nobody enrolled', { key: plainKeyOf('bob') }],
    ['by somebody else’s key', { key: KEYS['carl'] as SoftKey }],
    ['by a key that takes another’s name', { key: plainKeyOf('bob', { id: credential.id }) }],
    ['by a passkey that takes its name', { key: passkeyOf('bob', { id: credential.id }) }],
    ['with a signature that is none', { assertion: { kind: 'key', keyId: credential.id, signature: 'AAAA' } }],
    [
      'with a signature that is no text of bytes',
      { assertion: { kind: 'key', keyId: credential.id, signature: '*=' } },
    ],
    ['by a passkey that nobody unlocked', { by: 'rita', key: rita, parts: { flags: 0x01 } }],
    ['by a passkey with nobody there', { by: 'rita', key: rita, parts: { flags: 0x04 } }],
    ['by a passkey that may be copied', { by: 'rita', key: rita, parts: { flags: 0x0d } }],
    ['for another domain', { by: 'rita', key: rita, parts: { rpId: 'evil.example' } }],
    ['on another page', { by: 'rita', key: rita, parts: { clientData: { origin: 'https://evil.example' } } }],
    ['inside another page', { by: 'rita', key: rita, parts: { clientData: { crossOrigin: true } } }],
    ['that was a registration', { by: 'rita', key: rita, parts: { clientData: { type: 'webauthn.create' } } }],
    ['with bytes behind it', { by: 'rita', key: rita, parts: { rest: Buffer.from([1]) } }],
    ['by another passkey', { by: 'rita', key: passkeyOf('rita', { id: rita.credential.id }) }],
  ];
  it.each(cases)('%s', async (_what, forgery) => {
    expect(await compared(forgery)).toMatchObject({ verdict: 'UNAUTHORIZED_DECISION' });
  });

  /** Signed as it stands by the right key: what is left to differ on is how it is read. */
  const texts: readonly (readonly [string, (right: string) => Uint8Array, 'OK' | 'UNAUTHORIZED_DECISION'])[] = [
    ['with spaces', (right) => Buffer.from(right.replaceAll(',', ' ,\n')), 'OK'],
    ['that says the same twice', (right) => Buffer.from(right.replace('{', '{"origin":"https://evil.example",')), 'OK'],
    ['with a mark before it', (right) => Buffer.from(`\ufeff${right}`), 'UNAUTHORIZED_DECISION'],
    ['with something behind it', (right) => Buffer.from(`${right}}`), 'UNAUTHORIZED_DECISION'],
    [
      'that is no UTF-8',
      (right) => Buffer.concat([Buffer.from(right.slice(0, -1)), Buffer.from(',"x":"\xff"}', 'latin1')]),
      'UNAUTHORIZED_DECISION',
    ],
    ['with a number that is none', (right) => Buffer.from(right.replace('{', '{"x":NaN,')), 'UNAUTHORIZED_DECISION'],
    ['in a list', (right) => Buffer.from(`[${right}]`), 'UNAUTHORIZED_DECISION'],
    ['that escapes its letters', (right) => Buffer.from(right.replace('webauthn', '\\u0077ebauthn')), 'OK'],
  ];
  it.each(texts)('by client data %s', async (_what, clientBytes, verdict) => {
    expect(await compared({ by: 'rita', key: rita, parts: { clientBytes } })).toMatchObject({ verdict });
  });

  it('with bytes that another text stands for, too', async () => {
    const { id: change, revision, contentHash, assessmentHash } = waiting;
    const bound = { revision, contentHash, assessmentHash, decision: 'approve', nonce: 'forged-nonce-0001' };
    const subject = { ...bound, ledger: 'main', change, personId: checked<PersonId>('bob') };
    const right = second.assert(decisionChallenge(subject as never)) as Extract<Assertion, { kind: 'key' }>;
    const last = right.signature.at(-1) ?? '';
    const other = String.fromCharCode(last.charCodeAt(0) + 1);
    const same = { ...right, signature: `${right.signature.slice(0, -1)}${other}` };
    expect(Buffer.from(same.signature, 'base64url')).toEqual(Buffer.from(right.signature, 'base64url'));
    expect(await compared({ assertion: right })).toMatchObject({ verdict: 'OK' });
    expect(await compared({ assertion: same })).toMatchObject({ verdict: 'UNAUTHORIZED_DECISION' });
  });
});
