import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { canonicalize, taggedHash, type JsonValue } from '../../../../core/canonical/index.ts';
import type { Subscription } from '../../../../core/events/index.ts';
import { createPolicy, modulesSchema, principalsOf, rosterSchema } from '../../../../core/policy/index.ts';
import { mapDot, mapMermaid, type MapReport } from '../../../../core/system/index.ts';
import { createMapView } from '../../../../core/system/map/map-view.ts';
import { createMap, type MapInput } from '../../../../core/system/map/map.ts';

const any = { description: 'x', versions: { 1: z.any() } };
const roster = rosterSchema.parse({ roles: {}, people: [], agents: [] });
const modules = modulesSchema.parse({
  feed: { publishes: ['money.*'] },
  budgets: { publishes: ['budget.*'], subscribes: ['money.*'] },
  agents: { publishes: ['agent.*', 'money.new'], subscribes: ['budget.*', 'money.*'] },
});
const policy = createPolicy(roster, modules);

const subscription = (
  id: string,
  module: string,
  topics: string[],
  status: 'active' | 'paused' = 'active',
): Subscription => ({ id, module, topics, status }) as unknown as Subscription;

const input = (more: Partial<MapInput> = {}): MapInput => ({
  ledger: 'main',
  origin: 'nervous.example/dev/main',
  topics: { 'money.new': any, 'budget.updated': any, 'agent.acted': any, 'nobody.cares': any },
  ingress: [],
  principals: [...principalsOf(roster, modules).values()],
  policy,
  subscriptions: [],
  traffic: { from: 0, to: 0, events: [] },
  ...more,
});

describe('the map', () => {
  it('knows by right who publishes and who subscribes to what', () => {
    const { publishes, subscribes, parties } = createMap(input());
    expect(publishes.map(({ party, topic }) => `${party} → ${topic}`)).toEqual([
      ...['agents → agent.acted', 'agents → money.new', 'budgets → budget.updated', 'feed → money.new'],
    ]);
    expect(subscribes).toContainEqual({ party: 'budgets', topic: 'money.new', declared: true, subscriptions: [] });
    expect(parties.map(({ id, kind }) => `${kind} ${id}`)).toEqual(['module agents', 'module budgets', 'module feed']);
  });

  it('tells circles by how much speaks for them, each once', () => {
    const wired = [subscription('b', 'budgets', ['money.*']), subscription('a', 'agents', ['budget.updated'])];
    const way = ['agents', 'money.new', 'budgets', 'budget.updated'];
    const running = {
      from: 10,
      to: 20,
      events: [
        { source: 'agents', topic: 'money.new', count: 3 },
        { source: 'budgets', topic: 'budget.updated', count: 2 },
      ],
    };
    expect(createMap(input()).loops).toEqual([
      {
        level: 'possible',
        parties: ['agents', 'budgets'],
        topics: ['budget.updated', 'money.new'],
        path: ['agents', 'money.new'],
      },
    ]);
    expect(createMap(input({ subscriptions: wired })).loops).toEqual([
      { level: 'wired', parties: ['agents', 'budgets'], topics: ['budget.updated', 'money.new'], path: way },
    ]);
    expect(createMap(input({ subscriptions: wired, traffic: running })).loops).toMatchObject([
      { level: 'running', path: way },
    ]);
    const paused = wired.map((one) => ({ ...one, status: 'paused' as const }));
    expect(createMap(input({ subscriptions: paused, traffic: running })).loops).toMatchObject([{ level: 'possible' }]);
  });

  it('names topics that nobody publishes or wants', () => {
    const subscriptions = [
      subscription('b', 'budgets', ['money.*']),
      subscription('p', 'agents', ['budget.*'], 'paused'),
    ];
    expect(createMap(input({ subscriptions })).orphans).toEqual({
      unpublished: ['nobody.cares'],
      unsubscribed: ['agent.acted', 'budget.updated', 'nobody.cares'],
    });
    const ingress = [{ name: 'S3\n"', topic: 'nobody.cares' }];
    const report = createMap(input({ ingress }));
    expect(report.orphans.unpublished).toEqual([]);
    expect(report.parties).toContainEqual({ id: 'ingress/S3\n"', kind: 'ingress' });
  });

  it('names subscriptions of no use, with the reason', () => {
    const subscriptions = [
      subscription('z-gone', 'removed-module', ['money.*']),
      subscription('no-right', 'feed', ['money.*']),
      subscription('no-publisher', 'agents', ['budget.never']),
      subscription('fine', 'agents', ['money.*']),
    ];
    const { unused, parties } = createMap(input({ subscriptions }));
    expect(unused.map((one) => `${one.subscription}: ${one.reason}`)).toEqual([
      'no-publisher: nobody publishes what it takes',
      'no-right: "feed" has no right any more to subscribe to "money.*"',
      'z-gone: nobody of that name is declared any more',
    ]);
    expect(parties).toContainEqual({ id: 'removed-module', kind: 'outside' });
  });

  it('shows what was recorded though nothing declares it', () => {
    const events = [{ source: 'aws.s3', topic: 'aws.s3.object-created', count: 7 }];
    const report = createMap(input({ traffic: { from: 0, to: 9, events } }));
    expect(report.publishes).toContainEqual({
      ...{ party: 'aws.s3', topic: 'aws.s3.object-created', declared: false, events: 7 },
    });
    expect(report.topics).toContainEqual({ topic: 'aws.s3.object-created', versions: [] });
    expect(report.parties).toContainEqual({ id: 'aws.s3', kind: 'outside' });
  });

  it('is the same for the same facts, in whatever order, and its hash is of all of it', () => {
    const subscriptions = [subscription('b', 'budgets', ['money.*']), subscription('a', 'agents', ['budget.*'])];
    const events = [
      { source: 'feed', topic: 'money.new', count: 1 },
      { source: 'agents', topic: 'money.new', count: 2 },
    ];
    const report = createMap(input({ subscriptions, traffic: { from: 0, to: 3, events } }));
    const other = input({
      topics: Object.fromEntries(Object.entries(input().topics).reverse()),
      principals: input().principals.toReversed(),
      subscriptions: subscriptions.toReversed(),
      traffic: { from: 0, to: 3, events: events.toReversed() },
    });
    expect(createMap(other)).toEqual(report);
    const { hash, ...rest } = report;
    expect(hash).toBe(taggedHash('nervous-system.map.v1', canonicalize(rest as unknown as JsonValue)));
    expect(createMap(input({ subscriptions })).hash).not.toBe(hash);
  });
});

describe('the drawings', () => {
  const subscriptions = [subscription('b', 'budgets', ['money.*'])];
  const events = [{ source: 'feed', topic: 'money.new', count: 5 }];
  const report = createMap(input({ subscriptions, traffic: { from: 0, to: 5, events } }));

  it('draw what happens solid and what is only allowed dashed', () => {
    expect(mapDot(report)).toContain('p2 [label="feed (module)", shape=box];');
    expect(mapDot(report)).toContain('p2 -> t2 [label="5", style=solid];');
    expect(mapDot(report)).toContain('p1 -> t1 [label="", style=dashed];');
    expect(mapMermaid(report)).toContain('  p2["feed (module)"]');
    expect(mapMermaid(report)).toContain('  t2 -->|"b"| p1');
    expect(mapMermaid(report)).toContain('  p1 -.-> t1');
  });

  it('keep every name inside its quotes', () => {
    const hostile = fc.oneof(
      fc.constantFrom(
        '"]; evil -> p0 [label="',
        '\\',
        '\\"',
        '"]\n  end --> p0',
        '<script>alert(1)</script>',
        '%%{init}%%',
      ),
      fc.string({ unit: 'binary' }),
    );
    const withName = (name: string): MapReport => ({
      ...report,
      parties: [{ id: name, kind: 'outside' }],
      topics: [{ topic: name, versions: [] }],
      publishes: [{ party: name, topic: name, declared: false, events: 1 }],
      subscribes: [{ party: name, topic: name, declared: false, subscriptions: [name] }],
    });
    const dotText = '"(?:[^"\\\\\\n]|\\\\["\\\\])*"';
    const dotLine = new RegExp(
      `^(digraph nervous \\{|  rankdir=LR;|  [pt]0 \\[label=${dotText}, shape=(box|ellipse)\\];|  [pt]0 -> [pt]0 \\[label=${dotText}, style=solid\\];|\\}|)$`,
    );
    const text = '"(?:[A-Za-z0-9 ._,:/@()-]|#[0-9]+;)*"';
    const mermaidLine = new RegExp(
      `^(flowchart LR|  p0\\[${text}\\]|  t0\\(${text}\\)|  [pt]0 -->(\\|${text}\\|)? [pt]0|)$`,
    );
    fc.assert(
      fc.property(hostile, (name) => {
        const dot = mapDot(withName(name)).split('\n');
        const mermaid = mapMermaid(withName(name)).split('\n');
        expect([dot.length, mermaid.length]).toEqual([8, 6]);
        for (const line of dot) expect(line).toMatch(dotLine);
        for (const line of mermaid) expect(line).toMatch(mermaidLine);
      }),
    );
  });
});

it('R10: lets others in between pages of the log', async () => {
  let turns = 0;
  const readers = createPolicy(roster, modulesSchema.parse({ all: { reads: ['*'] } }));
  const view = createMapView({
    entries: {
      size: async () => 1_200,
      readLog: async () => [],
    },
    config: { ledger: 'main', origin: 'nervous.example/dev/main', topics: {}, ingress: [], modules },
    ...{ policy: readers, subscriptions: async () => [] },
    pause: async () => void (turns += 1),
  });
  await view({ kind: 'module', id: 'all' }, { observe: 10_000 });
  expect(turns).toBe(3);
});
