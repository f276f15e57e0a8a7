/**
 * The shell of a reader: pastes the commands of a page into one bash, in order, and says which did not do what the page says.
 * A command has to end with 0, unless its comment begins with `refused` (it has to fail; `refused: 409` also with that status) or
 * `exit code N:`. `keeps running` stays in the background until the page ends or a comment begins with `Ctrl-C first`; `until Ctrl-C`
 * gets it after its first output.
 * HTTP answers of 400 and more are failures. No terminal, so what asks a question is not answered.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { REPOSITORY } from './pages.ts';

/** Long enough for a loaded machine. */
const PATIENCE_MS = 120_000;
const POLL_MS = 20;
/** What bash exits with when a process was ended by a signal: 128 and its number. */
const BY_INTERRUPT = 130;

export interface Command {
  readonly line: number;
  readonly text: string;
  /** what the page says of it behind `#` */
  readonly comment: string;
}

export interface Failure {
  readonly line: number;
  readonly command: string;
  readonly expected: string;
  readonly got: string;
}

/** @param firstLine of the text in its page */
export function commandsOf(text: string, firstLine: number): Command[] {
  const commands: Command[] = [];
  let begun: string[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (begun.length === 0 && /^\s*(?:#.*)?$/.test(line)) continue;
    begun.push(line);
    const whole = begun.join('\n');
    if (!isComplete(whole)) continue;
    const [comment = ''] = [line, begun[0] ?? ''].flatMap((one) => /\s# (.*)$/.exec(one)?.[1] ?? []);
    commands.push({ line: firstLine + i + 1 - begun.length, text: whole, comment });
    begun = [];
  }
  if (begun.length > 0) throw new Error(`line ${firstLine}: the block ends within a command: ${begun.join('\n')}`);
  return commands;
}

function isComplete(text: string): boolean {
  if (/(?<!\\)(?:\\\\)*\\$/.test(text)) return false;
  const { status, stderr } = spawnSync('bash', ['-n'], { input: `${text}\n`, encoding: 'utf8' });
  return status === 0 && stderr === ''; // a here-document without its end is a warning
}

interface Ended {
  readonly code: number;
  readonly output: string;
}

interface ShellOptions {
  /** where the reader stands */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** a command that has not ended then hangs */
  readonly patienceMs?: number;
  /** is told what each command wrote until it ended, or until it was ready */
  readonly heard?: (command: Command, output: string) => void;
}

export async function runCommands(
  commands: readonly Command[],
  { folder, env, patienceMs = PATIENCE_MS, heard = () => undefined }: ShellOptions,
): Promise<Failure[]> {
  const shell = openShell({ folder, env, patienceMs });
  const failures: Failure[] = [];
  const fail = ({ line, text }: Command, expected: string, { code, output }: Ended): void => {
    failures.push({ line, command: text, expected, got: `exit code ${code}: ${output.slice(-2_000).trim()}` });
  };
  const running: { readonly command: Command; readonly stop: (signal: string) => Promise<Ended> }[] = [];
  const stopAll = async (): Promise<void> => {
    for (const { command, stop } of running.splice(0).reverse()) {
      const ended = await stop('INT');
      if (![0, BY_INTERRUPT].includes(ended.code)) fail(command, 'ends in good order at Ctrl-C', ended);
    }
  };
  try {
    for (const command of commands) {
      if (command.comment.startsWith('Ctrl-C first')) await stopAll();
      const isStopped = command.comment.includes('until Ctrl-C');
      if (!isStopped && !command.comment.includes('keeps running')) {
        const ended = await shell.run(command.text);
        heard(command, ended.output);
        const expected = expectationOf(command.comment);
        if (!expected.isMet(ended)) fail(command, expected.text, ended);
        continue;
      }
      const started = await shell.start(command.text);
      heard(command, started.output);
      if (started.kind === 'ended') fail(command, 'keeps running', started);
      else if (!isStopped) running.push({ command, stop: started.stop });
      else {
        const ended = await started.stop('INT');
        if (![0, BY_INTERRUPT].includes(ended.code)) fail(command, 'ends in good order at Ctrl-C', ended);
      }
    }
    await stopAll();
  } finally {
    await shell.close();
  }
  return failures;
}

function expectationOf(comment: string): { readonly text: string; readonly isMet: (ended: Ended) => boolean } {
  const [, code] = /^exit code (\d+)(?=[:,])/.exec(comment) ?? [];
  if (code !== undefined) return { text: `exit code ${code}`, isMet: (ended) => ended.code === Number(code) };
  const [refused, status] = /^refused(?:: (\d{3})\b)?/.exec(comment) ?? [];
  if (refused === undefined) return { text: 'exit code 0', isMet: (ended) => ended.code === 0 };
  const told = status === undefined ? '' : `"status":${status}`;
  return { text: refused, isMet: (ended) => ended.code !== 0 && ended.output.includes(told) };
}

type Started =
  | { readonly kind: 'running'; readonly output: string; readonly stop: (signal: string) => Promise<Ended> }
  | ({ readonly kind: 'ended' } & Ended);

function openShell({ folder, env, patienceMs }: Required<Omit<ShellOptions, 'heard'>>) {
  const notes = mkdtempSync(join(folder, '.notes-'));
  const path = [shimsIn(join(folder, '.shims')), join(REPOSITORY, 'node_modules/.bin'), process.env['PATH'] ?? ''];
  const child = spawn('bash', ['--norc', '--noprofile'], {
    ...{ cwd: folder, detached: true, stdio: ['pipe', 'ignore', 'ignore', 'pipe'] as const },
    env: { HOME: folder, LANG: 'C.UTF-8', PATH: path.join(delimiter), ...env },
  });
  const gone = once(child, 'exit');
  const told = child.stdio[3];
  const { stdin } = child;
  if (stdin === null || told == null || !('read' in told)) throw new Error('bash has no pipes');
  const answers = createInterface({ input: told })[Symbol.asyncIterator]();
  const ask = async (text: string): Promise<string[]> => {
    stdin.write(`${text}\n`);
    const late = setTimeout(() => killGroup(String(child.pid)), patienceMs);
    const { value } = (await answers.next()) as { value: string | undefined };
    clearTimeout(late);
    return (value ?? '124').split(' '); // 124: what timeout(1) says
  };
  let count = 0;
  const jobs: string[] = [];
  stdin.write('shopt -s expand_aliases\n'); // as a terminal's shell
  // When the test is killed its end of the pipe closes, and no engine is left behind.
  stdin.write(`trap 'for job in $(jobs -p); do kill -KILL -- -$job; done 2>/dev/null' EXIT\n`);
  return {
    async run(text: string): Promise<Ended> {
      const log = join(notes, String((count += 1)));
      const [code] = await ask(`{ ${text}\n} </dev/null >'${log}' 2>&1 3>&-; echo $? >&3`);
      return { code: Number(code), output: existsSync(log) ? readFileSync(log, 'utf8') : '' };
    },

    async start(text: string): Promise<Started> {
      const log = join(notes, String((count += 1)));
      const [job = ''] = await ask(`set -m; { ${text}\n} </dev/null >'${log}' 2>&1 3>&- & set +m; echo $! >&3`);
      jobs.push(job); // of a process group of its own, as a job of a terminal's shell is
      const end = async (): Promise<Ended> => {
        const [code] = await ask(`wait ${job}; echo $? >&3`);
        return { code: Number(code), output: readFileSync(log, 'utf8') };
      };
      while (!/^[^\S\n]*[^>\s]/m.test(existsSync(log) ? readFileSync(log, 'utf8') : '')) {
        // `>` begins what npm says before it starts something.
        const [state] = await ask(`kill -0 ${job} 2>/dev/null; echo $? >&3`);
        if (state !== '0') return { kind: 'ended', ...(await end()) };
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
      const stop = async (signal: string): Promise<Ended> => {
        await ask(`kill -${signal} -- -${job} 2>/dev/null; echo $? >&3`);
        return end();
      };
      return { kind: 'running', output: readFileSync(log, 'utf8'), stop };
    },

    async close(): Promise<void> {
      for (const job of jobs) killGroup(job);
      stdin.end();
      await gone;
    },
  };
}

/** `curl` that fails when it is refused; `npx` without npm's half a second; an `npm` that leaves the modules of the clone, which are linked, alone. */
function shimsIn(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const shims = {
    curl: 'PATH=${PATH#*:} exec curl --fail-with-body "$@"',
    npm: 'case $1 in start | run | pkg) PATH=${PATH#*:} exec npm "$@" ;; *) echo "npm $1 is not for tests" >&2; exit 127 ;; esac',
    npx: `case $1 in nervous) shift; exec node '${join(REPOSITORY, 'clients/cli/nervous.mjs')}' "$@" ;; vitest | tsc) exec "$@" ;;
*) echo "no shim for npx $1" >&2; exit 127 ;; esac`,
  };
  for (const [name, text] of Object.entries(shims))
    writeFileSync(join(folder, name), `#!/usr/bin/env bash\n${text}\n`, { mode: 0o755 });
  return folder;
}

function killGroup(leader: string): void {
  spawnSync('bash', ['-c', `kill -KILL -- -${leader} 2>/dev/null`]); // one that has ended is none
}
