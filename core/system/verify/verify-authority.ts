/**
 * Who was entitled to what is recorded, and whether anything is recorded twice: the log's decisive entries through the replay
 * (core/changes/replay), its idempotency keys against each other. The entries were verified before; nothing else is read.
 */
import type { ChainHash } from '../../brands/index.ts';
import {
  datedAuthority,
  DELEGATIONS_CHAIN,
  POLICY_ENTITY,
  Replay,
  type ReplayOutcome,
  type ReplayState,
} from '../../changes/index.ts';
import { toHex } from '../../canonical/index.ts';
import {
  entitledTo,
  heldIn,
  RENEWALS,
  ONCE,
  SESSIONS,
  advisedIn,
  beforePolicyOf,
  externalIn,
  withoutUnderOf,
  findingAt,
  isDecisive,
  parseEntry,
  readPlace,
  ReplayIndexBuilder,
  suspectedDuplicates,
  TILE_WIDTH,
  uniqueKeyOf,
  type EntryBody,
  type EntryStore,
  type Finding,
  type LoggedEntry,
  type ReplayIndex,
  type ReplayReport,
} from '../../ledger/index.ts';
import { defined, orBlank, orNone } from '../../values/index.ts';

const PAGE = 1_024;
/** Entries beside the decisive ones that are read with them rather than in a call of their own. */
const BLOCK = TILE_WIDTH;

export interface AuthoritySources {
  readonly ledger: string;
  readonly entries: Pick<EntryStore, 'readLog'>;
  /** where a sequencer made the order of the log later; absent: it is the order of the commits */
  readonly chains?: Pick<EntryStore, 'read'>;
  /** for who may have to leave off in the middle; only with `chains` */
  readonly progress?: ReplayProgress;
}

/** Where a replay was left off: plain data. */
export interface ReplayCursor {
  /** decisive entries that were taken */
  readonly at: number;
  readonly state: ReplayState;
}

export interface ReplayProgress {
  readonly from?: ReplayCursor | undefined;
  /** Called now and then; what it throws ends the replay, and `cursor` says where. */
  readonly after: (cursor: () => ReplayCursor) => void;
}

export async function replayLog(sources: AuthoritySources, index: ReplayIndex): Promise<ReplayReport> {
  const [outcome, twice] = [await replayDecisive(sources, index), await firstDuplicate(sources, index)];
  const { first } = outcome;
  const unauthorized = first && (await findingOf(sources, first));
  const isTwiceFirst =
    twice !== undefined && (unauthorized === undefined || positionOf(twice) <= positionOf(unauthorized));
  const finding = isTwiceFirst ? twice : unauthorized;
  return { ...defined({ finding }), ...sayingOf(outcome) };
}

/**
 * For who has not looked at every entry: what its replay needs. Rows may be missing, and each counts at its own place.
 * @param size one past the last log index
 */
export async function indexForReplay(
  { entries }: Pick<AuthoritySources, 'entries'>,
  size: number,
): Promise<ReplayIndex> {
  const index = new ReplayIndexBuilder(0);
  const positions: number[] = [];
  for (let from = 0; from < size;) {
    const page = await entries.readLog(from, Math.min(PAGE, size - from));
    for (const { note, position } of page) {
      index.add(typeOf(note), note);
      positions.push(position);
    }
    from = (page.at(-1)?.position ?? from + PAGE - 1) + 1;
  }
  const { keys, decisive } = index.built();
  return {
    keys,
    decisive: decisive.map((at) => positions[at] as number),
    positions: Float64Array.from(positions),
  };
}

async function replayDecisive(
  { ledger, entries, chains, progress }: AuthoritySources,
  { decisive }: ReplayIndex,
): Promise<ReplayOutcome> {
  const authority = chains === undefined ? undefined : await authorityOf(chains);
  const { from: begun, after } = progress ?? {};
  const replay = new Replay({ ledger, authority, from: begun?.state });
  const blockOf = (at: number): number => Math.floor((decisive[at] ?? Infinity) / BLOCK);
  for (let at = orNone(begun?.at); at < decisive.length;) {
    const from = decisive[at] as number;
    let end = at + 1;
    while (blockOf(end) === blockOf(at)) end += 1;
    const to = decisive[end - 1] as number;
    for (const { position, note, hash } of await entries.readLog(from, to - from + 1)) {
      if (position > to) break; // where rows are missing, those behind come instead
      const body = isDecisive(typeOf(note), note) ? bodyOf(note) : undefined;
      if (body !== undefined && !replay.take({ body, hash: toHex(hash), position })) return replay.end();
      if (position !== decisive[at]) continue;
      at += 1;
      after?.(() => ({ at, state: replay.state() }));
    }
    at = end;
  }
  return replay.end();
}

async function authorityOf(chains: Pick<EntryStore, 'read'>): Promise<ReturnType<typeof datedAuthority>> {
  const [policy, delegations] = [await readChain(chains, POLICY_ENTITY), await readChain(chains, DELEGATIONS_CHAIN)];
  return datedAuthority({ policy, delegations });
}

/** Those without a place in the log too: what they brought into force may be named by one that has its place. */
async function readChain(
  chains: Pick<EntryStore, 'read'>,
  chain: string,
): Promise<{ readonly body: EntryBody; readonly hash: ChainHash; readonly position: number }[]> {
  const all: { body: EntryBody; hash: ChainHash; position: number }[] = [];
  for (let from = 0; ;) {
    const page = await chains.read(chain, from, PAGE);
    for (const { note, hash, position = Infinity } of page) {
      const body = bodyOf(note);
      if (body !== undefined) all.push({ body, hash: toHex(hash), position });
    }
    if (page.length < PAGE) return all;
    from = (page.at(-1)?.seq ?? from) + 1;
  }
}

async function firstDuplicate(sources: AuthoritySources, index: ReplayIndex): Promise<Finding | undefined> {
  let found: Finding | undefined;
  for (const group of suspectedDuplicates(index)) {
    const seen = new Map<string, number>();
    for (const position of group) {
      if (found !== undefined && position >= positionOf(found)) break;
      const entry = await entryAt(sources, position);
      const body = entry && bodyOf(entry.note);
      const key = body && uniqueKeyOf(body);
      if (entry === undefined || key === undefined) continue;
      const first = seen.get(key);
      if (first === undefined) seen.set(key, position);
      else found = findingAt(entry, 'DUPLICATE_ENTRY', `"${key}" was recorded before, at log index ${first}`);
    }
  }
  return found;
}

async function findingOf(
  sources: AuthoritySources,
  { position, reason, verdict = 'UNAUTHORIZED_DECISION' }: NonNullable<ReplayOutcome['first']>,
): Promise<Finding> {
  const entry = await entryAt(sources, position);
  return findingAt(entry ?? { chain: '(not recorded)', seq: 0, position }, verdict, reason);
}

async function entryAt({ entries }: AuthoritySources, position: number): Promise<LoggedEntry | undefined> {
  return (await entries.readLog(position, 1)).find((entry) => entry.position === position);
}

function positionOf({ position = Infinity }: Finding): number {
  return position;
}

function bodyOf(note: Uint8Array): EntryBody | undefined {
  const parsed = parseEntry(note);
  return parsed.kind === 'entry' ? parsed.body : undefined;
}

function typeOf(note: Uint8Array): string {
  return orBlank(readPlace(note)?.type ?? bodyOf(note)?.type);
}

function sayingOf({
  judged,
  beforePolicy,
  withoutUnder,
  advised,
  external,
  claims,
  underClaims,
}: ReplayOutcome): Omit<ReplayReport, 'finding'> {
  return {
    checked: [ONCE, entitledTo(judged), heldIn(claims, underClaims)],
    notChecked: [
      SESSIONS,
      ...(claims === 0 ? [] : [RENEWALS]),
      ...(advised === 0 ? [] : [advisedIn(advised)]),
      ...(beforePolicy === 0 ? [] : [beforePolicyOf(beforePolicy)]),
      ...(external === 0 ? [] : [externalIn(external)]),
      ...(withoutUnder === 0 ? [] : [withoutUnderOf(withoutUnder)]),
    ],
  };
}
