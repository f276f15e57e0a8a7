/** The synthesised templates and the state machine, read by AWS's own linter and by the validator of Amazon States Language: no finding. */
import { execFile } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { npmTool, pythonWith, runTool, scratchDir } from './tools.ts';

/** Its script names the folder that its environment was made in. */
const CFN_LINT = ['-c', 'import sys; from cfnlint.runner import main; sys.exit(main())'];

const dir = scratchDir();

/** @returns paths of the templates */
async function synthesize(stage: 'dev' | 'prod'): Promise<string[]> {
  const outdir = join(dir, stage);
  const context = { stage, issuer: 'https://login.example.com/', audience: 'nervous' };
  const env = { ...process.env, CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify(context) };
  await promisify(execFile)(process.execPath, ['bin/app.ts'], { env });
  return globSync(join(outdir, '*.template.json'));
}

describe.each(['dev', 'prod'] as const)('the templates of %s', (stage) => {
  let templates: string[];
  beforeAll(async () => {
    templates = await synthesize(stage);
  });

  it('pass cfn-lint without an error or a warning', async () => {
    expect(templates).toHaveLength(5);
    const python = await pythonWith('cfn-lint');
    const args = [...CFN_LINT, '--regions', 'eu-central-1', '--', ...templates];
    expect(await runTool(python, args)).toEqual({ code: 0, said: '' });
  });

  it('would not with a property that no resource has', async () => {
    const python = await pythonWith('cfn-lint');
    const file = join(dir, 'wrong.json');
    const Resources = { Queue: { Type: 'AWS::SQS::Queue', Properties: { Colour: 'red' } } };
    writeFileSync(file, JSON.stringify({ Resources }));
    expect((await runTool(python, [...CFN_LINT, '--', file])).said).toContain('E3002');
  });

  it('hold a state machine that is valid Amazon States Language', async () => {
    const definitions = templates.flatMap((path) => stateMachinesIn(path));
    expect(definitions).toHaveLength(1);
    for (const [i, definition] of definitions.entries()) {
      const file = join(dir, `${stage}-${i}.asl.json`);
      writeFileSync(file, definition);
      const validator = npmTool('asl-validator');
      expect(await runTool(validator, ['--json-path', file])).toMatchObject({ code: 0 });
      writeFileSync(file, definition.replace('"StartAt"', '"StartsAt"'));
      expect((await runTool(validator, ['--json-path', file])).code).not.toBe(0);
    }
  });
});

/** With an ARN in the place of each reference. */
function stateMachinesIn(path: string): string[] {
  const { Resources } = JSON.parse(readFileSync(path, 'utf8')) as {
    readonly Resources: Record<string, { readonly Type: string; readonly Properties?: Record<string, unknown> }>;
  };
  return Object.values(Resources)
    .filter(({ Type }) => Type === 'AWS::StepFunctions::StateMachine')
    .map(({ Properties }) => {
      const definition = Properties?.['DefinitionString'] as
        string | { readonly 'Fn::Join': readonly [string, readonly unknown[]] };
      if (typeof definition === 'string') return definition;
      const [separator, parts] = definition['Fn::Join'];
      return parts.map(resolved).join(separator);
    });
}

function resolved(part: unknown): string {
  if (typeof part === 'string') return part;
  const isPartition = (part as { readonly Ref?: string }).Ref === 'AWS::Partition';
  return isPartition ? 'aws' : 'arn:aws:lambda:eu-central-1:111122223333:function:x';
}
