/** What runs the commands of the pages notices those that do not do what their page says. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { pageOf } from './pages.ts';
import { commandsOf, runCommands, type Failure } from './shell.ts';

const folder = mkdtempSync(join(tmpdir(), 'nervous-runner-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function failuresOf(text: string): Promise<readonly Failure[]> {
  return runCommands(commandsOf(text, 1), { folder, env: {} });
}

describe('the commands of a block', () => {
  it('end where bash says so: quotes, backslashes, here-documents, comments', () => {
    const text = `# only a comment\na=1  # said\n\necho '{\n "x": 1 }' \\\n  b\ncat <<'END'\n'not a quote\nEND\n`;
    expect(commandsOf(text, 10).map(({ line, comment }) => [line, comment])).toEqual([
      [11, 'said'],
      [13, ''],
      [16, ''],
    ]);
    expect(() => commandsOf("echo 'x\n", 1)).toThrow('ends within a command');
  });

  it('share one shell: variables, aliases, functions, the folder', async () => {
    expect(
      await failuresOf(`x=1; alias yes='test $x = 1'\nyes\nf() { test "$1" = a; }\nf a\nmkdir d && cd d\ntest -d ../d`),
    ).toEqual([]);
  });

  it('U13: fail a test when one of them fails, whatever comes after', async () => {
    const failures = await failuresOf('true\nfalse\ntrue\nnosuchcommand');
    expect(failures.map(({ line, expected }) => [line, expected])).toEqual([
      [2, 'exit code 0'],
      [4, 'exit code 0'],
    ]);
  });

  it('fail where it says that they are refused and they are not, or are for another reason', async () => {
    const text = `true    # refused: nobody may\nfalse   # refused: nobody may\necho '{"status":409}'; false # refused: 409, too late
echo '{"status":422}'; false # refused: 409, too late\n(exit 10) # exit code 10: changed\n(exit 11) # exit code 10: changed`;
    expect((await failuresOf(text)).map(({ line }) => line)).toEqual([1, 4, 6]);
  });

  it('run on where it says so, get Ctrl-C where it says so, and have to be there until then', async () => {
    const text = `trap_='trap "exit 7" INT; echo here; while true; do sleep 0.01; done'
bash -c 'echo here; exec sleep 1000'    # keeps running
bash -c 'exec sleep 1000 | cat & echo here; wait' # until Ctrl-C
bash -c 'exit 3'                        # keeps running
bash -c "$trap_"                        # until Ctrl-C`;
    expect((await failuresOf(text)).map(({ line, expected }) => [line, expected])).toEqual([
      [4, 'keeps running'],
      [5, 'ends in good order at Ctrl-C'],
    ]);
  });

  it('have no terminal to ask on, and no input', async () => {
    expect((await failuresOf('cat\n: >/dev/tty')).map(({ line }) => line)).toEqual([2]);
  });
});

it('a block that is not run says why, in sight', () => {
  const fence = (info: string): string => `\`\`\`${info}\nx\n\`\`\`\n`;
  const text = `*Not run here: needs an AWS account.*\n\n${fence('sh')}\n${fence('sh')}<!-- Not run here: x -->\n${fence('ts')}`;
  expect(pageOf('x.md', text).blocks.map(({ notRun }) => notRun)).toEqual([
    'needs an AWS account.',
    undefined, // the reason is that of the block right below it
    undefined,
  ]);
});
