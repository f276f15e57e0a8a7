/** Claims on a store, with two who may claim and one who may steal. */
import { z } from 'zod';
import { CountingIds, FakeClock, MemoryStore } from '../../../adapters/memory/index.ts';
import { createCatalog, createPublish, ledgerTopics, type Publish } from '../../../core/events/index.ts';
import type { Appender, EntryStore, ItemStore } from '../../../core/ledger/index.ts';
import { parseEntry } from '../../../core/ledger/index.ts';
import { createPolicy, modulesSchema, rosterSchema, type Principal } from '../../../core/policy/index.ts';
import {
  createWork,
  reduceWork,
  readWorkStep,
  WORK_SOURCE,
  type Work,
  type WorkState,
} from '../../../core/work/index.ts';
import { appenderOn } from '../ledger/ledger-fixture.ts';

const policy = createPolicy(
  rosterSchema.parse({ roles: {}, people: [], agents: [] }),
  modulesSchema.parse({
    one: { publishes: ['*'], claims: ['*'] },
    two: { publishes: ['*'], claims: ['*'] },
    chief: { publishes: ['*'], claims: ['*'], steals: ['*'] },
    stranger: { publishes: ['*'] },
  }),
);
export const as = (id: string): Principal => policy.principal(id) as Principal;

const catalog = createCatalog(
  ledgerTopics({ 'step.done': { description: 'A step.', versions: { 1: z.strictObject({ n: z.int() }) } } }),
);

export interface WorkFixture {
  readonly store: EntryStore & ItemStore;
  readonly clock: FakeClock;
  readonly work: Work;
  readonly publish: Publish;
  readonly appender: Appender;
  /** another process on the same store */
  readonly other: () => WorkFixture;
}

let processes = 0;

export function workFixture(
  store: EntryStore & ItemStore = new MemoryStore(),
  clock = new FakeClock(),
  appender = appenderOn(store, { clock }),
): WorkFixture {
  const ids = new CountingIds();
  processes += 1;
  const prefix = `p${processes}-`;
  const own = { next: () => prefix + ids.next() };
  const work = createWork({ ledger: 'main', appender, entries: store, items: store, policy, clock, ids: own });
  const claims = { ledger: 'main', entries: store };
  const publish = createPublish({
    appender,
    catalog,
    policy,
    claims,
    ids: Object.assign(Object.create(ids) as CountingIds, own),
  });
  return { store, clock, work, publish, appender, other: () => workFixture(store, clock) };
}

/** What the entries on the chain say, judged one after the other. @throws when one cannot follow */
export async function told(
  store: Pick<EntryStore, 'read'>,
  workId: string,
): Promise<{ state?: WorkState; fences: number[] }> {
  const fences: number[] = [];
  let state: WorkState | undefined;
  for (let from = 0; ;) {
    const page = await store.read(`work:${workId}`, from, 500);
    for (const { note, seq } of page) {
      const parsed = parseEntry(note);
      if (parsed.kind !== 'entry') throw new Error(parsed.reason);
      const { actor, at, data } = parsed.body;
      if (data['source'] !== WORK_SOURCE) throw new Error('not told by the system');
      const step = readWorkStep(data['topic'], data['payload']);
      if (step === undefined) throw new Error('malformed');
      const next = reduceWork(state, { ...step, actor, at, seq });
      if (typeof next === 'string') throw new Error(`#${seq}: ${next}`);
      if (step.topic === 'work.claimed') fences.push(seq);
      state = next;
    }
    if (page.length === 0) return { ...(state && { state }), fences };
    from = (page.at(-1)?.seq ?? from) + 1;
  }
}
