/** Who decided what, out of entries alone: the rows, what they are about, and which of them are asked for. */
import { beforeAll, describe, expect, it } from 'vitest';
import { reportApprovals, reportColumns, type ReportEntry } from '../../../../core/changes/views/approval-report.ts';
import { must } from '../../../../core/errors/index.ts';
import { recordingFixture, by, overrideOf, pending, vote } from '../recording/recording-fixture.ts';
import { decision, hours, patchOf, proposal, type Fixture } from '../fixture.ts';

let fixture: Fixture;
let entries: ReportEntry[];
beforeAll(async () => {
  fixture = recordingFixture();
  const first = await pending(fixture);
  await fixture.changes.decide(by('ann-admin'), first.id, decision(first, 'reject'));
  await fixture.clock.advance(hours(1));
  const second = (await fixture.changes.propose(by('advisor'), proposal([patchOf('/balance', 11)]))).change;
  await vote(fixture, second, 'ann');
  await fixture.changes.revoke(by('ann'), second.id, { reason: 'too early' });
  await fixture.clock.advance(hours(1));
  const third = await pending(fixture, [patchOf('/balance', 12)]);
  await fixture.changes.override(by('olga'), third.id, overrideOf(third));
  entries = (await fixture.chain()).map((entry, position) => ({ ...entry, position }));
});

const from = async function* (all: readonly ReportEntry[]): AsyncGenerator<ReportEntry> {
  yield* all;
};
const report = (filter = {}, all = entries) => reportApprovals(from(all), filter);
const decisions = async (filter: object): Promise<string[]> =>
  (await report(filter)).rows.map(({ decision: what, person }) => `${person} ${what}`);

describe('the report', () => {
  it('has a row for each decision, with what it was about and what came of it', async () => {
    const { rows, changes, entries: count, unreadable } = await report();
    expect([changes, count, unreadable]).toEqual([3, entries.length, 0]);
    expect(rows).toEqual([
      expect.objectContaining({ decision: 'reject', person: 'ann', account: 'ann-admin', outcome: 'rejected' }),
      expect.objectContaining({ decision: 'approve', person: 'ann', proposer: 'agent:advisor', sponsor: 'person:bob' }),
      expect.objectContaining({ decision: 'revoke', person: 'ann', reason: 'too early', outcome: 'pending' }),
      expect.objectContaining({ decision: 'override', person: 'olga', ticket: 'INC-7', outcome: 'approved' }),
    ]);
    expect(rows[0]).toMatchObject({
      level: 'L2',
      revision: 1,
      title: 'Change it',
      proposer: 'person:pete',
      reason: 'not now',
    });
    expect(rows[0]).not.toHaveProperty('sponsor');
    expect(rows[0]).not.toHaveProperty('castBy');
    expect(rows[0]).not.toHaveProperty('ticket');
    expect(rows[1]).not.toHaveProperty('reason');
    expect(rows.map(({ seq, position }) => seq === position)).toEqual([true, true, true, true]);
  });

  it('names the log index where there is one', async () => {
    const { rows } = await report(
      {},
      entries.map(({ position: _, ...entry }) => entry),
    );
    expect(rows[0]).not.toHaveProperty('position');
    expect(reportColumns(rows[0] as never)).toMatchObject({ log_index: '', cast_by: '', sponsor: '', ticket: '' });
    const [row] = (await report()).rows;
    expect(reportColumns(row as never)).toMatchObject({ log_index: row?.position, level: 'L2', reason: 'not now' });
  });

  it('goes from a time, included, to a time, excluded', async () => {
    const { rows } = await report();
    const [first, , , last] = rows.map(({ at }) => at);
    expect(await decisions({ from: first })).toHaveLength(4);
    expect(await decisions({ from: last })).toEqual(['olga override']);
    expect(await decisions({ to: last })).toHaveLength(3);
    expect(await decisions({ to: first })).toEqual([]);
    const later = new Date(Date.parse(last ?? '') + 1).toISOString();
    expect(await decisions({ from: later })).toEqual([]);
    expect(await decisions({ to: later })).toHaveLength(4);
  });

  it('is about one person or account', async () => {
    expect(await decisions({ by: 'ann-admin' })).toEqual(['ann reject']);
    expect(await decisions({ by: 'ann' })).toEqual(['ann reject', 'ann approve', 'ann revoke']);
    expect(await decisions({ by: 'nobody' })).toEqual([]);
  });

  it('counts steps that are none, and those of a change-set that nobody proposed', async () => {
    const [proposed] = entries;
    if (proposed === undefined) throw new Error('nothing was recorded');
    const damaged = { ...proposed, body: { ...proposed.body, data: {} } };
    expect(await report({}, [damaged])).toMatchObject({ rows: [], changes: 0, entries: 1, unreadable: 1 });
    const orphan = must(
      entries.find(({ body }) => body.type === 'change.voted'),
      'a vote',
    );
    const first = { ...orphan, body: { ...orphan.body, seq: 0 } };
    expect(await report({}, [first])).toMatchObject({ rows: [], changes: 0, entries: 1, unreadable: 1, broken: [] });
    const event = { ...proposed, body: { ...proposed.body, type: 'event' } };
    expect(await report({}, [event])).toMatchObject({ rows: [], changes: 0, entries: 1, unreadable: 0 });
  });

  it('believes nothing of a chain from where it breaks, and knows no outcome there', async () => {
    const { rows } = await report();
    const vote = must(rows[1], 'the second decision');
    const at = entries.findIndex(({ hash }) => hash === vote.hash);
    const forged = entries.map((entry, i) =>
      i === at ? { ...entry, hash: must(entries[0], 'an entry').hash } : entry,
    );
    const told = await report({}, forged);
    expect(told.broken).toEqual([{ entity: vote.entity, seq: vote.seq }]);
    expect(told.rows).toEqual(rows.slice(0, 1).map((row) => ({ ...row, outcome: 'unknown' })));
    expect(await report({}, entries.slice(1))).toMatchObject({ rows: [], broken: [{ entity: vote.entity, seq: 0 }] });
    expect(told.notChecked).not.toEqual([]);
  });

  it('is about one level and one entity', async () => {
    const { rows } = await report();
    expect((await report({ level: 'L2' })).rows).toEqual(rows.filter(({ level }) => level === 'L2'));
    expect((await report({ level: 'L4' })).rows).toEqual([]);
    expect((await report({ entity: rows[0]?.entity })).rows).toEqual(rows);
    expect((await report({ entity: 'account:none' })).rows).toEqual([]);
  });
});
