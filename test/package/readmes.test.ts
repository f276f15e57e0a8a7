/** The README of a new project, typed into it as it stands; and the code of the package's own README, compiled there. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { pageAt } from '../docs/pages.ts';
import { commandsOf, runCommands } from '../docs/shell.ts';
import { emptyFolder, must, onFreePort, READER } from './stranger.ts';

it('of a new project does what it says', async () => {
  const outside = emptyFolder('readme');
  await must(['npm', 'create', '-y', 'nervous-system', 'my-system'], { cwd: outside });
  const folder = join(outside, 'my-system');
  const { blocks } = pageAt('packages/create-nervous-system/template/README.md');
  const commands = blocks.flatMap(({ text, line }) => commandsOf(onFreePort(text), line + 1));
  expect(commands.length).toBeGreaterThan(8);
  expect(await runCommands(commands, { folder, env: READER })).toEqual([]);
  const shown = pageAt('packages/nervous-system/README.md').blocks.filter(({ language }) => language === 'ts');
  expect(shown).toHaveLength(1);
  writeFileSync(join(folder, 'shown.ts'), `declare const token: string;\n${shown[0]?.text ?? ''}`);
  await must(['npm', 'run', 'check'], { cwd: folder });
});
