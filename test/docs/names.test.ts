/** Docs that cannot drift: every file, link, route, command, flag, metric and context key that a page names is there. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { noticeRoutes, ROUTES } from '../../api/index.ts';
import { GROUPS } from '../../clients/cli/table/index.ts';
import { loadAllCommands } from '../support/commands.ts';
import { anchors, inlineCode, pages, REPOSITORY, type Page } from './pages.ts';

const ALL = pages();
const commands = await loadAllCommands();
const groups = new Set(GROUPS.map(({ name }) => name));

/** Inline code and blocks, where commands stand. */
function codeOf({ prose, blocks }: Page): string[] {
  const shell = blocks.filter(({ language }) => language === 'sh' || language === 'console');
  const lines = shell.flatMap(({ text }) => text.replaceAll('\\\n', ' ').split('\n'));
  return [...inlineCode(prose), ...lines.map((line) => line.replace(/\s#.*$/, ''))];
}

describe.each(ALL.map((page) => [page.path, page] as const))('%s', (path, page) => {
  it('names files that exist', () => {
    const ROOTS = 'core|api|adapters|lambdas|lib|bin|clients|testing|examples|bench|test|docs';
    const file = new RegExp(`^(?:${ROOTS})/[A-Za-z0-9_.\\-/]*$`);
    const named = inlineCode(page.prose).filter((code) => file.test(code) && !/\/x$/.test(code)); // adapters/x: any of them
    expect(named.filter((one) => !existsSync(join(REPOSITORY, one)))).toEqual([]);
  });

  it('links to pages and headings that exist', () => {
    const targets = [...page.prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    const own = targets.filter((target) => !/^[a-z]+:/.test(target));
    const broken = own.filter((target) => {
      const [file = '', anchor] = target.split('#');
      const place = file === '' ? path : normalize(join(dirname(path), file));
      if (!existsSync(join(REPOSITORY, place))) return true;
      return anchor !== undefined && !anchors(readFileSync(join(REPOSITORY, place), 'utf8')).has(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('names routes that exist', () => {
    const known = [...ROUTES, ...noticeRoutes].map(({ method, path: of }) => `${method} ${of.replaceAll(/\{[^}]+\}/g, '{}')}`);
    const named = codeOf(page).flatMap((code) => {
      const found = /^(GET|POST|PUT|PATCH|DELETE) (\/[^\s?…]*)/.exec(code);
      return found === null ? [] : [`${found[1] ?? ''} ${found[2] ?? ''}`];
    });
    const other = ['GET /metrics', 'GET /']; // the embedded engine's own; a read in general
    const isKnown = (one: string): boolean =>
      other.includes(one) || known.some((route) => patternOf(route).test(one.replace(/\/$/, '')));
    expect(named.filter((one) => !isKnown(one))).toEqual([]);
  });

  it('names commands and options of `nervous` that exist', () => {
    const wrong = codeOf(page).flatMap((code) =>
      [...code.matchAll(/(?:^|npx |[|;(&$] ?)nervous ([a-z-]+[^|;)&]*)/g)].flatMap(([, rest = '']) => misnamed(rest)),
    );
    expect(wrong).toEqual([]);
  });

  it('names metrics that exist', () => {
    const metrics = readFileSync(join(REPOSITORY, 'core/system/monitor/metric-families.ts'), 'utf8');
    const process = readFileSync(join(REPOSITORY, 'adapters/embedded/runtime/process-metrics.ts'), 'utf8');
    const named = [...page.text.matchAll(/\bnervous_[a-z_]+[a-z]/g)].map(([name]) => name);
    const isKnown = (name: string): boolean => {
      const base = name.replace(/_(?:total|info)$/, '');
      const suffix = base.replace(/^nervous_subscription_/, '');
      // the second is a schema in a user's own database
      return ['nervous_system', 'nervous_outbox'].includes(base) || [base, `'${suffix}'`].some((one) => (metrics + process).includes(one));
    };
    expect(named.filter((name) => !isKnown(name) && !isDashboard(name))).toEqual([]);
  });

  it('names context keys that exist', () => {
    const context = readFileSync(join(REPOSITORY, 'lib/context.ts'), 'utf8');
    const named = [...page.text.matchAll(/-c ([A-Za-z]+)(?==)/g)].map(([, key = '']) => key).filter((key) => key !== 'key');
    expect(named.filter((key) => !new RegExp(`^ +${key}:`, 'm').test(context))).toEqual([]);
  });
});

function patternOf(route: string): RegExp {
  return new RegExp(`^${route.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&').replaceAll('{}', '.+')}$`);
}

function isDashboard(name: string): boolean {
  return ['nervous_system_health', 'nervous_system_performance'].includes(name); // tested in test/lib
}

/** What of `verify full --data x` is no command or option. */
function misnamed(text: string): string[] {
  const words = text.replaceAll(/'[^']*'|"[^"]*"/g, 'x').split(/\s+/);
  let name = '';
  for (const word of words) {
    const longer = `${name} ${word}`.trim();
    if (!commands.has(longer) && !groups.has(longer)) break;
    name = longer;
  }
  if (name === '' && !/^(?:[A-Z]|--|$)/.test(words[0] ?? '')) return [`nervous ${text}`];
  const known = optionsOf(name);
  return words
    .map((word) => /^(--[a-z0-9][a-z0-9-]*)/.exec(word)?.[1])
    .filter((option) => option !== undefined && !known.has(option))
    .map((option) => `nervous ${name} ${option}`);
}

/** `verify` alone is `verify full`. */
function optionsOf(name: string): Set<string> {
  const standard = GROUPS.find((group) => group.name === name)?.rows.find(({ isDefault }) => isDefault);
  const own = commands.get(standard?.path ?? name)?.options.map(({ long }) => long ?? '') ?? [];
  return new Set([...own, '--help', '--json', '--version']);
}

describe('a page that drifted', () => {
  it('is found', () => {
    expect(misnamed('verify full --dta .data')).toEqual(['nervous verify full --dta']);
    expect(misnamed('aprove x')).toEqual(['nervous aprove x']);
    expect(anchors('# The `entry` & more\n## b').has('the-entry--more')).toBe(true);
  });
});
