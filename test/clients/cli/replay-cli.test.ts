/** `nervous events replay`: rate, resumption, tables, bad lines. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEngine, type Engine } from '../../../adapters/embedded/index.ts';
import { eventOfRow, RowError } from '../../../clients/cli/input/csv-events.ts';
import { readCsv, type CsvRow } from '../../../clients/cli/input/csv.ts';
import { parseRate } from '../../../clients/cli/input/pace.ts';
import { config } from '../../../nervous.config.ts';

const folder = mkdtempSync(join(tmpdir(), 'nervous-replay-'));
let engine: Engine;

beforeAll(async () => {
  engine = await startEngine({ config, dataDir: join(folder, 'data'), auditMinutes: 0 });
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true });
});

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function replay(name: string, text: string, ...options: string[]): Promise<Ended> {
  const file = join(folder, name);
  writeFileSync(file, text);
  const args = ['clients/cli/nervous.mjs', 'replay', file, '--url', engine.url, ...options];
  const env = { ...process.env, NERVOUS_TOKEN: engine.tokens['bank-feed'] ?? '' };
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env }, (error, out, err) =>
      resolve({ code: Number(error?.code ?? 0), out, err }),
    );
  });
}

const line = (id: string, amount = '5.00'): string =>
  `{"eventId":"${id}","topic":"transactions.new","entityId":"account:r","payload":{"amount":"${amount}","kind":"credit"}}`;

describe('replay', () => {
  it('goes on from a line, and says so only about what it read', async () => {
    const text = ['{broken', line('a-2'), line('a-3'), line('a-4')].join('\n');
    const ended = await replay('from.ndjson', text, '--from-line', '3', '--json');
    expect(ended).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(ended.out)).toMatchObject({ events: 2, accepted: 2, rejected: 0, nextLine: 5 });
  });

  it('with --strict publishes what comes before the first bad line, and nothing after', async () => {
    const text = [line('b-1'), line('b-2'), '{broken', line('b-4')].join('\n');
    const ended = await replay('strict.ndjson', text, '--strict', '--json');
    expect(ended.code).toBe(1);
    expect(JSON.parse(ended.out)).toMatchObject({ accepted: 2, rejected: 1, nextLine: 4, problems: [{ line: 3 }] });
  });

  it('keeps to a rate', async () => {
    const begin = performance.now();
    const text = Array.from({ length: 30 }, (_, i) => line(`c-${i}`)).join('\n');
    expect(await replay('rate.ndjson', text, '--rate', '60/s', '--json')).toMatchObject({ code: 0, err: '' });
    expect(performance.now() - begin).toBeGreaterThan(300); // 24 of 30 events have to wait for their turn
  });

  it('reads a table through a template, and names the lines that do not fit it', async () => {
    const mapping = {
      ...{ topic: 'transactions.new', eventId: 'csv-{id}', entityId: 'account:{account}' },
      payload: { amount: '{amount}', kind: 'credit', bank: '{bank?}' },
    };
    const table = ['id;account;amount;bank', '1;7;5.00;"A; ""B"""', '2;7;6.00;', '3;7', '4;7;six;X'].join('\r\n');
    const options = ['--mapping', JSON.stringify(mapping), '--separator', ';', '--json'];
    const ended = await replay('table.csv', table, ...options);
    expect(JSON.parse(ended.out)).toMatchObject({
      ...{ events: 4, accepted: 2, rejected: 2 },
      problems: [
        { line: 4, code: 'ROW_INVALID', detail: '2 fields, the header has 4' },
        { line: 5, code: 'PAYLOAD_INVALID' },
      ],
    });
    expect(JSON.parse((await replay('table.csv', table, ...options)).out)).toMatchObject({
      accepted: 0,
      duplicates: 2,
    });
    const auditor = engine.system.policy.principal('eva');
    if (auditor === undefined) throw new Error('no auditor');
    expect((await engine.system.trace(auditor, 'csv-1')).event).toMatchObject({
      ...{ entityId: 'account:7', payload: { amount: '5.00', kind: 'credit', bank: 'A; "B"' } },
    });
  });

  it('reads a table by column names alone', async () => {
    const table = ['account,amount,kind', 'account:t,1.00,credit'].join('\n');
    const options = ['--topic', 'transactions.new', '--entity-column', 'account', '--json'];
    expect(JSON.parse((await replay('plain.csv', table, ...options)).out)).toMatchObject({ accepted: 1, rejected: 0 });
  });

  it.each([
    [['--rate', 'fast'], 'such as 500/s'],
    [['--from-line', '0'], 'from 1'],
    [[], 'a table needs --mapping'],
    [['--topic', 't', '--separator', '"'], 'one character'],
    [['--mapping', '{'], '--mapping'],
  ])('refuses %j with what to write instead', async (options, text) => {
    const ended = await replay('refused.csv', 'a,b\n1,2\n', ...options);
    expect(ended).toMatchObject({ code: 2, out: '' });
    expect(ended.err).toContain(text);
  });

  it('refuses a table without a header', async () => {
    const ended = await replay('empty.csv', '', '--topic', 't');
    expect(ended).toMatchObject({ code: 2 });
    expect(ended.err).toContain('its first line must name the columns');
  });
});

describe('tables', () => {
  const rows = async (...texts: string[]): Promise<CsvRow[]> => {
    const lines = (async function* () {
      yield* texts;
    })();
    const read: CsvRow[] = [];
    for await (const row of readCsv(lines, ',')) read.push(row);
    return read;
  };

  it('may have line breaks, quotes and separators in fields; lines count as an editor does', async () => {
    expect(await rows('\ufeffa,b', '"one', 'two",2', '', '"x,""y""",3', '1,"2"3', '4,5')).toEqual([
      { kind: 'record', line: 2, record: { a: 'one\ntwo', b: '2' } },
      { kind: 'record', line: 5, record: { a: 'x,"y"', b: '3' } },
      { kind: 'bad', line: 6, reason: 'a quote is not closed, or stands inside a field' },
      { kind: 'record', line: 7, record: { a: '4', b: '5' } },
    ]);
  });

  it('are converted as the template says', () => {
    const toEvent = eventOfRow({ template: { n: '{n:int}', flag: '{f:boolean}', all: ['{n}-{f}', 1, null] } });
    expect(toEvent({ n: '12', f: 'TRUE' })).toEqual({ n: 12, flag: true, all: ['12-TRUE', 1, null] });
    expect(() => toEvent({ n: '1.5', f: 'true' })).toThrow(RowError);
    expect(() => toEvent({ n: '1', f: 'yes' })).toThrow('neither true nor false');
    expect(() => toEvent({ f: 'true' })).toThrow('there is no column "n": the file has f');
    expect([parseRate('500/s'), parseRate('600/m'), parseRate('7')]).toEqual([500, 10, 7]);
  });
});
