/** DuckDB and pyarrow read a lake: rows, sums and hashes are those of the ledger, the fingerprints can be computed from the rows, and every saved question has an answer. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { openParquetTables } from '../../adapters/machine/parquet-table.ts';
import { toHex } from '../../core/canonical/index.ts';
import { CLASS_NAMES, duckDbTables, exportLake, QUESTIONS } from '../../core/lake/index.ts';
import { MemoryLake, PublishedLog, sampleEntry } from '../core/lake/lake-fixture.ts';
import { pythonWith, runTool, scratchDir } from './tools.ts';

const ENTRIES = 5_000;

/** Arguments: lake, file of the tables' SQL. Prints what each of the two readers finds, and what the questions answer. */
const READ = `
import glob, hashlib, json, sys
import duckdb, pyarrow, pyarrow.parquet as pq
lake, tables, questions = sys.argv[1], open(sys.argv[2]).read(), json.load(open(sys.argv[3]))

def without_nulls(value):
    if isinstance(value, dict):
        kept = {name: without_nulls(inner) for name, inner in value.items()}
        return {name: inner for name, inner in kept.items() if inner is not None} or None
    return [without_nulls(one) for one in value] if isinstance(value, list) else value

def leaf(raw):
    return hashlib.sha256(b"\\0" + raw.encode()).hexdigest()

def summary(rows):
    rows = sorted(rows)
    digest = hashlib.sha256("".join(h for _, h, _ in rows).encode()).hexdigest()
    return {"rows": len(rows), "positions": sum(p for p, _, _ in rows), "times": sum(t for _, _, t in rows), "hashes": digest}

arrow, proven = [], 0
for path in glob.glob(lake + "/**/*.parquet", recursive=True):
    for row in pq.ParquetFile(path).read().to_pylist():
        unmapped = row["unmapped"]
        assert leaf(row["raw_data"]) == unmapped["hash"], path
        arrow.append((unmapped["position"], unmapped["hash"], row["time"]))
        event = without_nulls(row)
        fingerprint = event["unmapped"]["ns_attestation"].pop("fingerprint")["value"]
        text = json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        proven += hashlib.sha256(text.encode()).hexdigest() == fingerprint

db = duckdb.connect()
db.execute(tables)
duck = []
for name in sys.argv[4:]:
    duck += db.execute(f"SELECT unmapped.position, unmapped.hash, time FROM {name}").fetchall()
answers = {name: len(db.execute(sql).fetchall()) for name, sql in questions.items()}
print(json.dumps({"arrow": summary(arrow), "duck": summary(duck), "proven": proven, "answers": answers}))
`;

it(`${ENTRIES} entries, read by DuckDB and by pyarrow, are those of the ledger`, async () => {
  const dir = scratchDir();
  const lake = join(dir, 'lake');
  const files = new MemoryLake();
  const { read: log } = await new PublishedLog().grow(ENTRIES);
  const table = await openParquetTables();
  await exportLake({ files, table, log, region: 'local', accountId: 'main', maxRange: 2_000 });
  for (const [path, bytes] of files.stored) {
    mkdirSync(dirname(join(lake, path)), { recursive: true });
    writeFileSync(join(lake, path), bytes);
  }
  writeFileSync(join(dir, 'read.py'), READ);
  writeFileSync(join(dir, 'tables.sql'), duckDbTables(lake, CLASS_NAMES));
  writeFileSync(
    join(dir, 'questions.json'),
    JSON.stringify(Object.fromEntries(QUESTIONS.map(({ name, sql }) => [name, sql]))),
  );
  const args = [join(dir, 'read.py'), lake, join(dir, 'tables.sql'), join(dir, 'questions.json'), ...CLASS_NAMES];
  const { code, said } = await runTool(await pythonWith('lake'), args);
  expect(code, said).toBe(0);
  const found = JSON.parse(said) as { answers: Readonly<Record<string, number>> };
  const entries = Array.from({ length: ENTRIES }, (_, position) => sampleEntry(position));
  const expected = {
    rows: ENTRIES,
    positions: (ENTRIES * (ENTRIES - 1)) / 2,
    times: entries.reduce(
      (sum, { note }) => sum + Date.parse(/"at":"([^"]+)"/.exec(Buffer.from(note).toString())?.[1] ?? ''),
      0,
    ),
    hashes: createHash('sha256')
      .update(entries.map(({ hash }) => toHex(hash)).join(''))
      .digest('hex'),
  };
  expect(found).toMatchObject({ arrow: expected, duck: expected, proven: ENTRIES });
  expect(Object.keys(found.answers)).toEqual(QUESTIONS.map(({ name }) => name));
  // One override in nine entries, none reviewed; nothing failed.
  const { failures, ...others } = found.answers;
  expect(failures).toBe(0);
  expect(others['overrides-without-review']).toBe(others['overrides']);
  for (const [name, rows] of Object.entries(others)) expect(rows, name).toBeGreaterThan(0);
});
