/**
 * A command on a real pseudo-terminal of its own, or without any. The pseudo-terminal is Python's (`pty`), which becomes the
 * controlling terminal of the command, as a shell's is; a session of its own (`detached`) has none.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

export interface Ended {
  readonly code: number | null;
  /** where stdout was led, if anywhere */
  readonly out: string;
  readonly err: string;
  /** what stood on the terminal */
  readonly screen: string;
}

/** argv: answer typed when "[y/N]", or what ANSWER_AT says, stands there ("": end of input; "^C": interrupt), then the command */
const PTY = `
import os, pty, sys, select, json
answer, out, command = sys.argv[1], sys.argv[2], sys.argv[3:]
pid, fd = pty.fork()
if pid == 0:
    if out != '-':
        os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 1)
    if os.environ.get('STDIN_FROM_NULL'):
        os.dup2(os.open('/dev/null', os.O_RDONLY), 0)
    os.execvp(command[0], command)
screen, answered = b'', False
while True:
    ready, _, _ = select.select([fd], [], [], 200)
    if not ready:
        os.kill(pid, 9)
        break
    try:
        chunk = os.read(fd, 65536)
    except OSError:
        break
    if not chunk:
        break
    screen += chunk
    if not answered and os.environ.get('ANSWER_AT', '[y/N]').encode() in screen:
        answered = True
        os.write(fd, {'': b'\\x04', '^C': b'\\x03'}.get(answer, answer.encode() + b'\\n'))
_, status = os.waitpid(pid, 0)
json.dump({'code': os.waitstatus_to_exitcode(status), 'screen': screen.decode()}, sys.stdout)
`;

/** What turns colours on or off for whoever started the test, which is not who sits at this terminal. */
const NOT_INHERITED = ['CI', 'FORCE_COLOR', 'NO_COLOR', 'NODE_DISABLE_COLORS', 'COLORTERM', 'TMUX', 'TEAMCITY_VERSION'];

/** @param out a file that stdout is led to; default: the terminal */
export async function onTerminal(
  command: readonly string[],
  options: {
    readonly answer: string;
    readonly env: Readonly<Record<string, string>>;
    readonly out?: string;
    /** typed when this stands there; default: `[y/N]` */
    readonly at?: string;
    readonly stdinFromNull?: boolean;
  },
): Promise<Pick<Ended, 'code' | 'screen'>> {
  const at = options.at === undefined ? {} : { ANSWER_AT: options.at };
  const stdin = options.stdinFromNull === true ? { STDIN_FROM_NULL: '1' } : {};
  const inherited = Object.entries(process.env).filter(([name]) => !NOT_INHERITED.includes(name));
  const env = { ...Object.fromEntries(inherited), ...options.env, ...at, ...stdin };
  const child = spawn('python3', ['-c', PTY, options.answer, options.out ?? '-', ...command], {
    ...{ env, detached: true, stdio: ['ignore', 'pipe', 'inherit'] },
  });
  const exited = once(child, 'exit');
  const ended = await text(child.stdout);
  await exited;
  const { code, screen } = JSON.parse(ended) as { readonly code: number; readonly screen: string };
  return { code, screen: screen.replaceAll('\r\n', '\n') };
}

/** Without a controlling terminal, whatever the test itself was started from. @param input for stdin */
export async function withoutTerminal(
  command: readonly string[],
  { env, input = '' }: { readonly env: Readonly<Record<string, string>>; readonly input?: string },
): Promise<Omit<Ended, 'screen'>> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { env: { ...process.env, ...env }, detached: true });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  child.stdin.on('error', () => {}); // it may end without reading
  child.stdin.end(input);
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { code, out, err };
}
