/**
 * Schemathesis asks every operation of our OpenAPI document, as every principal of the sample, what the document allows: no 5xx, no answer that
 * the document does not tell of, and nothing refused that fits it, but for what a JSON Schema cannot say. `NERVOUS_FUZZ_EXAMPLES` is how many
 * random requests each operation gets from each principal (default 3); with `NERVOUS_FUZZ_PHASES=examples,coverage,fuzzing`, every boundary of
 * every schema too, which makes more than 30,000 requests in all.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Engine } from '../../adapters/embedded/index.ts';
import { BUDGET_NAMES } from '../../core/guard/index.ts';
import { defineConfig } from '../../core/system/index.ts';
import { config } from '../../nervous.config.ts';
import { openEngine, pythonWith, runTool, scratchDir } from './tools.ts';

const EXAMPLES = process.env['NERVOUS_FUZZ_EXAMPLES'] ?? '3';
const PHASES = process.env['NERVOUS_FUZZ_PHASES'] ?? 'examples,fuzzing';
const SEED = process.env['NERVOUS_FUZZ_SEED'] ?? '1';
const PRINCIPALS = [
  'ana',
  'boris',
  'dan',
  'eva',
  'budget-bot',
  'bank-feed',
  'budget-engine',
  'agent-layer',
  'reporting',
];
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
  'positive_data_acceptance',
];

/** Refusals of what fits the document, everywhere or in one operation: by what is stored or configured, or by a rule that JSON Schema has no words for. */
const WITH_CAUSE: Readonly<Record<string, string>> = {
  CURSOR_INVALID: 'a cursor of an incarnation of the log that there has not been',
  NOT_I_JSON: 'a number beyond 2^53, or a fraction, in a payload of any form (RFC 7493)',
  CHANGE_INVALID:
    'an operation that is not enabled or not with these others, text that hides, another kind of assertion',
  'POST /v1/verify REQUEST_INVALID': 'a range that ends before it begins: JSON Schema cannot compare two numbers',
  SUBSCRIPTION_INVALID:
    'a filter or condition that is no event pattern (docs/patterns.md), or a webhook to where none may go',
  PATTERN_INVALID: 'no event pattern (docs/patterns.md)',
  NOTICE_CHANNEL_INVALID: 'an address of a chat to where no webhook may go',
  EVENT_INVALID: 'a schema URI of another topic, metadata with a fixed form',
  TOPIC_UNKNOWN: 'a topic that the catalog does not have',
  VERSION_UNKNOWN: 'a version that the topic does not have',
  PAYLOAD_INVALID: "a payload that breaks the topic's own schema",
  DELEGATION_INVALID: 'a delegation to oneself, to nobody, or of a role one does not hold',
};

const dir = scratchDir();
let engine: Engine;
let python: string;

beforeAll(async () => {
  const budgets = Object.fromEntries(BUDGET_NAMES.map((name) => [name, 'unlimited' as const]));
  const unlimited = {
    ...config.protection,
    rates: { sessions: 'unlimited' as const },
    budgets: { ...budgets, heavyAtOnce: { perPrincipal: 64, all: 64 } },
  };
  engine = await openEngine(defineConfig({ ...config, protection: unlimited }), join(dir, 'data'));
  python = await pythonWith('schemathesis');
  const expected = ['2xx', '304', '401', '403', '404', '409', '412'].map((status) => `"${status}"`).join(', ');
  writeFileSync(
    join(dir, 'schemathesis.toml'),
    `[checks.positive_data_acceptance]\nexpected-statuses = [${expected}]\n`,
  );
});
afterAll(() => engine.close());

it.each(PRINCIPALS)('as %s every answer is one that the document tells of', async (principal) => {
  const args = [
    ...['--config-file', join(dir, 'schemathesis.toml'), 'run', `${engine.url}/v1/openapi.json`, '--url', engine.url],
    ...[
      '--header',
      `Authorization: Bearer ${engine.tokens[principal] ?? ''}`,
      '--max-examples',
      EXAMPLES,
      '--seed',
      SEED,
    ],
    ...['--phases', PHASES, '--checks', CHECKS.join(','), '--continue-on-failure', '--no-shrink'],
    ...[
      '--exclude-path-regex',
      '/stream$',
      '--request-timeout',
      '60',
      '--warnings',
      'off',
      '--output-truncate',
      'false',
    ],
  ];
  const { said } = await runTool(python, ['-m', 'schemathesis.cli', ...args], { cwd: dir });
  const [, cases = '0'] = /(\d+) generated/.exec(said) ?? [];
  const { found, withCause } = judged(said);
  console.log(`${principal}: ${cases} requests; refused with cause: ${withCause.join(', ') || 'none'}`);
  expect(Number(cases)).toBeGreaterThan(100);
  expect(found).toEqual([]);
});

/** What was found, an operation with its finding each, and apart from that the refusals that have a cause. */
function judged(said: string): { readonly found: string[]; readonly withCause: string[] } {
  const sections = said.split(/^_{3,} ((?:GET|POST|PUT|PATCH|DELETE) \S+) _{3,}$/m).slice(1);
  const found: string[] = [];
  const withCause = new Map<string, number>();
  for (let i = 0; i + 1 < sections.length; i += 2) {
    for (const finding of (sections[i + 1] ?? '').split(/^\d+\. Test Case ID: .*$/m).slice(1)) {
      const code = /"code":\s*"([A-Z_]+)"/.exec(finding)?.[1] ?? '';
      const place = `${sections[i] ?? ''} ${code}`;
      const hasCause = [code, place].some((key) => Object.hasOwn(WITH_CAUSE, key));
      const isRefusal = finding.includes('ST202') && (finding.match(/^- /gm) ?? []).length === 1;
      if (isRefusal && hasCause) withCause.set(place, (withCause.get(place) ?? 0) + 1);
      else found.push(`${sections[i] ?? ''}\n${finding.trim()}`);
    }
  }
  return { found, withCause: [...withCause].map(([place, count]) => `${place} (${count})`) };
}
