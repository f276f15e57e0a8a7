/** `nervous __complete <words>`, which the scripts of `nervous completion` ask: what the last of the words could become. */
import { orBlank } from '../../core/values/index.ts';
import { findCommand } from './find-command.ts';
import { wordOf } from './help.ts';
import { GROUPS } from './table/index.ts';

/** @param words typed so far; the last one is being typed */
export async function completionsOf(words: readonly string[]): Promise<readonly string[]> {
  const typed = orBlank(words.at(-1));
  return (await candidates(words.slice(0, -1), typed)).filter((one) => one.startsWith(typed));
}

async function candidates(before: readonly string[], typed: string): Promise<readonly string[]> {
  const found = findCommand(before);
  if (found.kind === 'nothing') {
    const { group } = found;
    return group === undefined ? topWords() : group.rows.map(wordOf);
  }
  if (found.kind !== 'command') return [];
  const [word] = before.slice(-1);
  const group = GROUPS.find(({ name }) => name === word);
  // A group that does something alone, too: its commands come first.
  if (group !== undefined && !typed.startsWith('-') && found.args.length === 0) return group.rows.map(wordOf);
  const { loadCommand } = await import('./run-command.ts');
  const { options, registeredArguments } = await loadCommand(found.row, true);
  const option = options.find(({ long, required }) => long === word && required);
  if (option !== undefined) return option.argChoices ?? [];
  const names = options.flatMap(({ long, hidden }) => (long === undefined || hidden ? [] : [long]));
  return typed.startsWith('-')
    ? [...names, '--help']
    : registeredArguments.flatMap(({ argChoices = [] }) => argChoices);
}

function topWords(): readonly string[] {
  return GROUPS.flatMap(({ name, rows }) => (name === '' ? rows.map(({ path }) => path) : [name]));
}
