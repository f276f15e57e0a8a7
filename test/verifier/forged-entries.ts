/** What a thief with the keys makes a ledger say instead: one change, or a few, for each seed. */
import type { Random } from './random.ts';
import { anyHash, rememberNames, type Draft, type Thief } from './thief.ts';
import { TREE_FAULTS } from './tree-lines.ts';

export interface Forgery {
  readonly drafts: readonly Draft[];
  readonly links: boolean;
  /** in words */
  readonly what: string;
}

/**
 * @param changes how many; default: one, or sometimes two
 * @param only the types of entries to change; default: all, most often steps of change-sets
 */
export function forge(
  random: Random,
  honest: readonly Draft[],
  thief: Thief,
  { changes = random.chance(0.7) ? 1 : 2, only }: { readonly changes?: number; readonly only?: RegExp } = {},
): Forgery {
  const drafts = [...honest];
  rememberNames(drafts);
  const first = drafts[0]?.body ?? {};
  const certificate = thief.certificate(String(first['at']), String(first['ledger']));
  const what: string[] = [];
  if (random.chance(0.6)) putInTrees(random, drafts);
  for (let i = 0; i < changes; i += 1)
    what.push(random.pick(FORGERIES)(random, drafts, { certificate, thief, ...(only === undefined ? {} : { only }) }));
  drafts.splice(0, 0, certificate);
  return { drafts, links: random.chance(0.8), what: what.join('; ') };
}

/** Neighbours of as many chains under one signature, as a group commit would have them. */
function putInTrees(random: Random, drafts: readonly Draft[]): void {
  let chains = new Set<string>();
  let tree = 0;
  for (const draft of drafts) {
    if (draft.root || draft.verbatim !== undefined) continue;
    if (chains.has(draft.chain) || random.chance(0.1)) [tree, chains] = [tree + 1, new Set()];
    chains.add(draft.chain);
    draft.tree = tree;
  }
}

interface Fixture {
  readonly certificate: Draft;
  readonly thief: Thief;
  readonly only?: RegExp;
}

type Change = (random: Random, drafts: Draft[], fixture: Fixture) => string;

/** Entries the thief can sign anew, most often those of change-sets. */
function target(random: Random, drafts: readonly Draft[], { only }: Pick<Fixture, 'only'>): Draft {
  const free = drafts.filter(({ verbatim }) => verbatim === undefined);
  const wanted = only === undefined ? [] : free.filter(({ body }) => only.test(String(body['type'])));
  if (wanted.length > 0) return random.pick(wanted);
  const steps = free.filter(({ body }) => String(body['type']).startsWith('change.'));
  const grants = free.filter(({ chain }) => /^(registry:|system\/)/.test(chain));
  return random.pick(random.chance(0.6) ? steps : random.chance(0.5) && grants.length > 0 ? grants : free);
}

const nameOf = ({ chain, body }: Draft): string => `${String(body['type'])} on ${chain}`;

const FORGERIES: readonly Change[] = [
  changeLeaf,
  changeLeaf,
  changeLeaf,
  changeLeaf,
  (random, drafts, fixture) => {
    const draft = target(random, drafts, fixture);
    const [object, key] = random.pick(members(draft.body));
    if (random.chance(0.5)) Reflect.deleteProperty(object, key);
    else
      object[random.pick(['added', 'v', 'sampled', 'reverts', 'under', 'a', ''])] = random.pick<unknown>([
        1,
        'x',
        null,
        {},
        true,
      ]);
    return `another shape of ${nameOf(draft)} at ${key}`;
  },
  (random, drafts, fixture) => {
    const draft = target(random, drafts, fixture);
    drafts.splice(drafts.indexOf(draft), 1);
    return `left ${nameOf(draft)} out`;
  },
  (random, drafts, fixture) => {
    const draft = target(random, drafts, fixture);
    drafts.splice(random.below(drafts.length + 1), 0, { ...draft, body: structuredClone(draft.body) });
    return `told ${nameOf(draft)} twice`;
  },
  (random, drafts) => {
    const i = random.below(drafts.length - 1);
    const [one, other] = [drafts[i] as Draft, drafts[i + 1] as Draft];
    drafts.splice(i, 2, other, one);
    return `swapped ${nameOf(one)} and ${nameOf(other)}`;
  },
  (random, drafts, fixture) => {
    const draft = target(random, drafts, fixture);
    draft.root = !draft.root;
    return `${draft.root ? 'added' : 'left out'} the root signature of ${nameOf(draft)}`;
  },
  (random, drafts, fixture) => {
    const draft = target(random, drafts, fixture);
    draft.extra = [random.pick(['unknown', 'repeated', 'root', 'wrong-root'] as const)];
    return `one more signature line, ${draft.extra.join()}, on ${nameOf(draft)}`;
  },
  (random, drafts, fixture) => {
    const inTree = drafts.filter(({ tree }) => tree !== undefined);
    const draft = inTree.length > 0 ? random.pick(inTree) : target(random, drafts, fixture);
    draft.tree ??= -1;
    draft.treeFault = random.pick(TREE_FAULTS);
    return `${draft.treeFault} in the tree of ${nameOf(draft)}`;
  },
  (random, drafts, fixture) => {
    const draft = target(random, drafts, fixture);
    const beside = drafts[drafts.indexOf(draft) + 1];
    draft.tree = -2;
    if (beside !== undefined) beside.tree = -2;
    return `in a tree, whatever it is: ${nameOf(draft)}`;
  },
  (random, drafts, fixture) => {
    const draft = target(random, drafts, fixture);
    if (random.chance(0.5)) draft.seq = random.pick([0, 1, 99]);
    else draft.unknownKey = true;
    return `another seq or an unknown key for ${nameOf(draft)}`;
  },
  (random, drafts, fixture) => {
    const draft = target(random, drafts, fixture);
    const time = Date.parse(String(draft.body['at']));
    draft.body['at'] = random.pick([
      ...[new Date(time + 7_200_000).toISOString(), new Date(time - 7_200_000).toISOString()],
      ...[new Date(time + 60_001).toISOString(), new Date(time - 60_001).toISOString()],
      ...['2026-13-40T99:00:00.000Z', '2026-02-30T00:00:00.000Z', '2026-01-05T08:00:00Z', ''],
    ]);
    return `another time for ${nameOf(draft)}`;
  },
  (random, drafts, fixture) => {
    const draft = target(random, drafts, fixture);
    draft.body['actor'] = random.pick<unknown>([
      ...[
        { kind: 'agent', id: 'budget-bot' },
        { kind: 'person', id: 'ana' },
        { kind: 'person', id: 'nobody' },
      ],
      ...[
        { kind: 'wizard', id: 'ana' },
        {},
        { kind: 'person', id: 'boris', via: 'x' },
        { kind: 'person', id: 'boris', extra: 1 },
      ],
      ...[{ kind: 'person', id: 7 }, { kind: 'service', id: 'nervous-system' }, { id: 'ana' }],
    ]);
    return `another actor for ${nameOf(draft)}`;
  },
  (random, _drafts, { certificate }) => {
    const data = certificate.body['data'] as Record<string, unknown>;
    const at = Date.parse(String(certificate.body['at']));
    const what = random.below(4);
    if (what === 0) data['notAfter'] = new Date(at + 10 * 365 * 86_400_000).toISOString();
    if (what === 1) data['notBefore'] = new Date(at - 86_400_000).toISOString();
    if (what === 2) data['algorithm'] = 'Ed448';
    if (what === 3) data['note'] = 'x';
    return `another certificate (${what})`;
  },
  (random, drafts, fixture) => {
    const [chain, type, data, root] = random.pick(PLANTED)(random, fixture);
    const at = random.pick(drafts).body['at'];
    const actor = random.pick([
      { kind: 'service', id: 'nervous-system' },
      { kind: 'person', id: 'eva' },
      { kind: 'module', id: 'bank-feed' },
    ]);
    const ledger = drafts[0]?.body['ledger'];
    const body = { actor, at, data, idem: `planted-${random.below(1e6)}`, ledger, type };
    drafts.splice(1 + random.below(drafts.length), 0, { chain, body, root: root ?? false });
    return `planted ${type} on ${chain}`;
  },
  (random, drafts, fixture) => {
    const [one, other] = [target(random, drafts, fixture), target(random, drafts, fixture)];
    one.body['idem'] = other.body['idem'];
    return `${nameOf(one)} with the idempotency key of ${nameOf(other)}`;
  },
];

type Plant = (random: Random, fixture: Fixture) => readonly [chain: string, type: string, data: object, root?: boolean];

const EVENT = {
  payload: { amount: '1.00', kind: 'credit' },
  source: 'bank-feed',
  topic: 'transactions.new',
  version: 1,
};
const PLANTED: readonly Plant[] = [
  () => ['account:0', 'event', { nonsense: 1 }],
  () => ['account:0', 'event', { ...EVENT, payload: { amount: 1.5 } }],
  () => ['account:0', 'event', { ...EVENT, version: 0 }],
  () => ['account:0', 'event', { ...EVENT, metadata: { hops: -1 } }],
  () => ['account:0', 'event', EVENT],
  (random) => [random.pick(['keys/root', 'system/x', 'registry:policy', 'module/other']), 'event', EVENT],
  () => ['account:0', 'event.unknown', {}],
  () => ['account:0', 'change.unknown', { change: 'x', revision: 1 }],
  () => ['account:0', '', {}],
  () => [
    'account:0',
    'redacted',
    { change: 'none', revision: 1, seq: 0, fields: ['/payload/ip'], basis: 'x', approvers: [] },
  ],
  () => ['account:0', 'revealed', { seq: 0, fields: ['/payload/ip'] }],
  () => ['account:0', 'revealed', { seq: 99 }],
  (_, { thief }) => [thief.session.name, 'key.revoked', { key: thief.session.name, reason: 'stolen' }, true],
  (_, { thief }) => [thief.session.name, 'key.revoked', { key: 'keys/other', reason: '' }, true],
  (_, { thief }) => [thief.session.name, 'key.revoked', { key: thief.session.name, reason: 'stolen' }],
  () => ['keys/root', 'key.rotated', { algorithm: 'Ed25519', from: 'x', to: 'y', reason: 'x' }, true],
  () => ['keys/root', 'key.certified', { algorithm: 'Ed25519', key: 'x', notBefore: 'a', notAfter: 'b' }, true],
  () => [
    'system/log',
    'log.incarnated',
    { incarnation: 2, kept: 0, lost: 0, before: { origin: 'x', size: 0, root: 'x' } },
  ],
  () => [
    'system/log',
    'log.incarnated',
    { incarnation: 2, kept: 0, lost: 0, before: { origin: 'x', size: 0, root: 'x' } },
    true,
  ],
  () => [
    'system/tamper',
    'tamper.observed',
    { entity: 'account:0', seq: 0, change: 'modified', verdict: 'x', detail: 'x' },
  ],
  () => ['system/tamper', 'tamper.observed', { anything: true }],
  () => ['registry:policy', 'policy.adopted', { version: 1, hash: anyHash('x'), document: {} }, true],
  () => [
    'registry:policy',
    'policy.adopted',
    { version: 2, hash: anyHash('x'), document: { roster: {}, risk: {} } },
    true,
  ],
  () => [
    'system/delegations',
    'delegation.granted',
    { from: 'dan', to: 'clara', roles: ['risk'], until: '2030-01-01T00:00:00Z', reason: 'x' },
  ],
  () => [
    'system/delegations',
    'delegation.granted',
    { from: 'dan', to: 'dan', until: '2026-11-22T00:00:00Z', reason: 'x' },
  ],
  () => ['system/delegations', 'delegation.revoked', { delegation: anyHash('none'), from: 'dan' }],
  () => ['account:0', 'delegation.granted', { from: 'dan', to: 'clara', until: '2026-11-22T00:00:00Z', reason: 'x' }],
  () => ['account:0', 'change.expired', { change: 'none', revision: 1, deadline: '2020-01-01T00:00:00Z' }],
  () => ['account:0', 'change.withdrawn', { change: 'none', revision: 1 }],
];

function changeLeaf(random: Random, drafts: Draft[], fixture: Fixture): string {
  const draft = target(random, drafts, fixture);
  const data = members(draft.body).filter(([object]) => object !== draft.body);
  const [object, key] = random.pick(random.chance(0.85) && data.length > 0 ? data : members(draft.body));
  const was = object[key];
  object[key] = otherThan(random, was);
  return `${nameOf(draft)}: ${key} ${shown(was)} became ${shown(object[key])}`;
}

function shown(value: unknown): string {
  return (JSON.stringify(value) as string | undefined)?.slice(0, 60) ?? 'nothing';
}

function otherThan(random: Random, was: unknown): unknown {
  if (random.chance(0.15)) return random.pick<unknown>([null, 0, -1, 1.5, '', [], {}, true, 'x', 2 ** 53, '\ud800']);
  if (typeof was === 'number') return random.pick([was + 1, was - 1, 0, 99]);
  if (typeof was === 'boolean') return !was;
  if (Array.isArray(was))
    return random.pick<unknown>([
      [],
      [...(was as unknown[]), 'ana'],
      (was as unknown[]).slice(1),
      [...(was as unknown[]), ...(was as unknown[])],
    ]);
  if (typeof was !== 'string') return random.pick<unknown>([{}, { a: 1 }, 'x']);
  if (/^[0-9a-f]{64}$/.test(was)) return anyHash(was);
  if (/^\d{4}-\d\d-\d\dT/.test(was))
    return new Date(Date.parse(was) + random.pick([-1, 1]) * 10 ** random.below(9)).toISOString();
  return random.pick([...WORDS, `${was}x`, was.slice(1)]);
}

const WORDS = [
  'ana',
  'boris',
  'clara',
  'dan',
  'eva',
  'owner',
  'risk',
  'security',
  'peer',
  'L0',
  'L1',
  'L4',
  'approve',
  'reject',
  'person:ana',
  'agent:budget-bot',
  'none',
  'state.put',
  'restore-before-image',
];

/** Every member of every object and array of a body. */
function members(value: unknown): [Record<string, unknown>, string][] {
  if (typeof value !== 'object' || value === null) return [];
  const object = value as Record<string, unknown>;
  return Object.keys(object).flatMap((key): [Record<string, unknown>, string][] => [
    [object, key],
    ...members(object[key]),
  ]);
}
