/**
 * docs/tutorial.md, typed into an empty folder as it stands: its commands, the files and changes of files that it shows, in order.
 * What it shows as output is what they write.
 */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { pageAt, type Block } from '../docs/pages.ts';
import { commandsOf, runCommands, type Command } from '../docs/shell.ts';
import { emptyFolder, figure, onFreePort, READER } from './stranger.ts';

const PAGE = pageAt('docs/tutorial.md');
const APPLY_DIFF = join(import.meta.dirname, 'apply-diff.ts');
/** How the first approved change ends, and what may lie before it. How long it takes is measured, not asserted. */
const FIRST_CHANGE = 'npx nervous changes watch $CHANGE';
const MAX_TYPED = 6;

interface Step {
  readonly commands: readonly Command[];
  /** lines that the commands of the block are said to write */
  readonly shown: readonly string[];
}

/** A block is what is typed, or what is written into a file; a text block is what those before it wrote. */
function stepOf(block: Block, next: Block | undefined): Step {
  const shown = next?.language === 'text' ? next.text.split('\n').filter((line) => line.trim() !== '') : [];
  if (block.language === 'text') return { commands: [], shown: [] };
  if (block.language === 'sh') return { commands: commandsOf(onFreePort(block.text), block.line + 1), shown };
  const write = block.language === 'diff' ? `node '${APPLY_DIFF}' ${block.info}` : `cat > ${block.info}`;
  const text = `${write} <<'END OF FILE'\n${block.text}END OF FILE`;
  return { commands: [{ line: block.line, text, comment: '' }], shown };
}

/** @param shown a line of the page: `…` is anything, blanks are blanks */
function isIn(output: string, shown: string): boolean {
  const escaped = shown.replaceAll(/[.*+?^$()|[\]{}\\]/g, '\\$&').replaceAll('…', '.*');
  return new RegExp(`^\\s*${escaped.trim().replaceAll(/\s+/g, '\\s+')}`, 'm').test(output);
}

it('does what it says, and the first approved change is six commands away', async () => {
  const folder = emptyFolder('tutorial');
  const steps = PAGE.blocks.map((block, i) => stepOf(block, PAGE.blocks[i + 1]));
  const commands = steps.flatMap((step) => step.commands);
  const outputs = new Map<Command, string>();
  const began = performance.now();
  let firstChangeMs = Infinity;
  const failures = await runCommands(commands, {
    ...{ folder, env: READER },
    heard: (command, output) => {
      outputs.set(command, output);
      if (command.text.startsWith(FIRST_CHANGE)) firstChangeMs = performance.now() - began;
    },
  });
  expect(failures).toEqual([]);
  const missing = steps.flatMap((step) => {
    const output = step.commands.map((command) => outputs.get(command) ?? '').join('\n');
    return step.shown.filter((line) => !isIn(output, line));
  });
  expect(missing).toEqual([]);
  const typed = commands.findIndex(({ text }) => text.startsWith(FIRST_CHANGE)) + 1;
  figure(
    'tutorial: from nothing to the first approved change',
    `${typed} commands, ${(firstChangeMs / 1000).toFixed(1)} s`,
  );
  expect(typed).toBeGreaterThan(0);
  expect(typed).toBeLessThanOrEqual(MAX_TYPED);
});

it('is shown what it wrote: a line that no command wrote is found', () => {
  expect(isIn('#3  2026-11-22  voted\n', '… voted')).toBe(true);
  expect(isIn('#3  2026-11-22  voted\n', '… executed')).toBe(false);
});
