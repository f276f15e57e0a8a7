/** Our descriptions of ourselves, read by the tools that other people read them with: no error, no warning. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createAsyncApiDocument } from '../../api/asyncapi.ts';
import { openApiDocument } from '../../api/index.ts';
import { createClient } from '../../clients/sdk/index.ts';
import { createCatalog } from '../../core/events/index.ts';
import { config } from '../../nervous.config.ts';
import { npmModule, npmTool, openEngine, runTool, scratchDir } from './tools.ts';

const dir = scratchDir();

interface AsyncApiParser {
  readonly Parser: new () => {
    parse(text: string): Promise<{ readonly document: unknown; readonly diagnostics: readonly object[] }>;
  };
}

describe('the AsyncAPI document', () => {
  const document = createAsyncApiDocument({ ...createCatalog(config.topics), origin: config.origin });

  it('is parsed without a diagnosis', async () => {
    const { Parser } = await npmModule<AsyncApiParser>('@asyncapi/parser');
    const parsed = await new Parser().parse(JSON.stringify(document));
    expect(parsed.diagnostics).toEqual([]);
    expect(parsed.document).toBeDefined();
  });

  it('would be diagnosed with an operation on a channel that is not there', async () => {
    const { Parser } = await npmModule<AsyncApiParser>('@asyncapi/parser');
    const broken = { ...document, operations: { x: { action: 'send', channel: { $ref: '#/channels/none' } } } };
    expect((await new Parser().parse(JSON.stringify(broken))).diagnostics).not.toEqual([]);
  });
});

describe('the OpenAPI document', () => {
  const lint = async (document: object): Promise<{ readonly code: number | null; readonly said: string }> => {
    const [file, rules] = [join(dir, 'openapi.json'), join(dir, 'rules.json')];
    writeFileSync(file, JSON.stringify(document));
    writeFileSync(rules, JSON.stringify({ extends: ['spectral:oas'] }));
    return runTool(npmTool('spectral'), ['lint', file, '--ruleset', rules, '--fail-severity', 'hint', '--quiet']);
  };

  it('passes Spectral with every rule of its OpenAPI set', async () => {
    expect(await lint(openApiDocument())).toMatchObject({ code: 0 });
  });

  it('would not with two operations of one name', async () => {
    const { paths, ...rest } = openApiDocument() as unknown as { paths: Record<string, object> };
    const twice = { ...paths, '/again': paths['/health'] };
    expect((await lint({ ...rest, paths: twice })).said).toContain('operationId');
  });
});

describe('the metrics', () => {
  it('pass promtool, whatever has happened', async () => {
    const engine = await openEngine(config, join(dir, 'metrics'));
    try {
      const feed = createClient<typeof config>({ url: engine.url, token: engine.tokens['bank-feed'] ?? '' });
      await feed.publish({
        ...{ topic: 'transactions.new', eventId: 'a', entityId: 'account:1' },
        payload: { amount: '1.00', kind: 'credit' },
      });
      const headers = { authorization: `Bearer ${engine.tokens['eva'] ?? ''}` };
      const body = await (await fetch(`${engine.url}/metrics`, { headers })).text();
      expect(body).toContain('# TYPE');
      expect(await runTool('promtool', ['check', 'metrics'], { input: body })).toEqual({ code: 0, said: '' });
    } finally {
      await engine.close();
    }
  });

  it('would not if one had no help', async () => {
    const { code, said } = await runTool('promtool', ['check', 'metrics'], {
      input: '# TYPE x_total counter\nx_total 1\n',
    });
    expect({ code, said: said.trim() }).toEqual({ code: 3, said: 'x_total no help text' });
  });
});

it('the tools are those of the lock file', () => {
  const { dependencies } = JSON.parse(readFileSync(join(import.meta.dirname, 'package.json'), 'utf8')) as {
    readonly dependencies: Record<string, string>;
  };
  expect(Object.values(dependencies).filter((version) => !/^\d/.test(version))).toEqual([]);
});
