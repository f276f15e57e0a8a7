/** `nervous work …`: claims a piece of work, renews and ends the claim, and shows who holds what. */
import type { Command } from 'commander';
import type { Claimed, WorkView } from '../../../../core/work/index.ts';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import { show, UsageError } from '../../output/output.ts';
import { tableText } from '../../output/table.ts';

const COLUMNS = ['work', 'state', 'by', 'fence', 'until', 'note'] as const;
const PAGE = 100;
const TTL = ['--ttl <duration>', 'how long the claim lasts without a renewal: 30s, 5m, 2h'] as const;
const MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

interface ClaimOptions extends ConnectOptions {
  readonly ttl: string;
  readonly description?: string;
  readonly session?: string;
}

export function claimCommand(): Command {
  return claiming('5m').action(async (workId: string, { ttl, description, session, ...options }: ClaimOptions) => {
    const claimed = await connect(options).work.claim({ workId, ttlMs: msOf(ttl), description, session });
    show(options, claimed, () => lineOf(claimed));
  });
}

export function stealCommand(): Command {
  return claiming('5m')
    .requiredOption('--reason <text>', 'why it has to be taken; it is recorded')
    .action(async (workId: string, { ttl, description, session, reason, ...options }: ClaimOptions & Reason) => {
      const claimed = await connect(options).work.steal({ workId, ttlMs: msOf(ttl), description, session, reason });
      show(options, claimed, () => lineOf(claimed));
    });
}

interface Reason {
  readonly reason: string;
}

export function renewCommand(): Command {
  return connectedCommand('<work>')
    .requiredOption(...FENCE)
    .option(...TTL)
    .action(async (workId: string, { fence, ttl, ...options }: FenceOptions & { readonly ttl?: string }) => {
      const more = ttl === undefined ? {} : { ttlMs: msOf(ttl) };
      const claimed = await connect(options).work.renew({ workId, fence: fenceOf(fence), ...more });
      show(options, claimed, () => lineOf(claimed));
    });
}

const FENCE = ['--fence <number>', 'of the claim, as "work claim" showed it'] as const;

interface FenceOptions extends ConnectOptions {
  readonly fence: string;
}

export function releaseCommand(): Command {
  return connectedCommand('<work>')
    .requiredOption(...FENCE)
    .option('--reason <text>', 'why you give it up; it is recorded')
    .action(async (workId: string, { fence, reason, ...options }: FenceOptions & Partial<Reason>) => {
      const work = await connect(options).work.release({ workId, fence: fenceOf(fence), reason });
      show(options, work, () => rowOf(work).join('  '));
    });
}

export function completeCommand(): Command {
  return connectedCommand('<work>')
    .requiredOption(...FENCE)
    .option('--result <text>', 'what came of it; it is recorded')
    .action(async (workId: string, { fence, result, ...options }: FenceOptions & { readonly result?: string }) => {
      const work = await connect(options).work.complete({ workId, fence: fenceOf(fence), result });
      show(options, work, () => rowOf(work).join('  '));
    });
}

export function listWorkCommand(): Command {
  return connectedCommand()
    .option('--state <state>', 'claimed, completed or released; default: all')
    .action(async ({ state, ...options }: ConnectOptions & { readonly state?: string }) => {
      const client = connect(options).work;
      const work: WorkView[] = [];
      for (let after: string | undefined; ;) {
        const page = await client.list({
          limit: PAGE,
          ...(state && { state: stateOf(state) }),
          ...(after && { after }),
        });
        work.push(...page.work);
        if ((after = page.next) === undefined) break;
      }
      show(options, { work }, () => (work.length === 0 ? 'none' : tableText(COLUMNS, work.map(rowOf))));
    });
}

export function showWorkCommand(): Command {
  return connectedCommand('<work>').action(async (workId: string, options: ConnectOptions) => {
    const work = await connect(options).work.get(workId);
    const facts = Object.entries(work).map(([name, value]) => `${name}: ${String(value)}`);
    show(options, work, () => facts.join('\n'));
  });
}

function claiming(ttl: string): Command {
  return connectedCommand('<work>')
    .option(...TTL, ttl)
    .option('--description <text>', 'what the work is')
    .option('--session <name>', 'tells you apart from others who work under the same name');
}

/** @throws UsageError */
function msOf(text: string): number {
  const [, number = '', unit = ''] = /^([1-9][0-9]{0,6})([smh])$/.exec(text) ?? [];
  const ms = MS[unit];
  if (ms === undefined) throw new UsageError(`--ttl "${text}" is no duration: write 30s, 5m or 2h`);
  return Number(number) * ms;
}

/** @throws UsageError */
function fenceOf(text: string): number {
  if (!/^(0|[1-9][0-9]{0,14})$/.test(text)) throw new UsageError(`--fence "${text}" is no fence: it is a whole number`);
  return Number(text);
}

/** @throws UsageError */
function stateOf(text: string): WorkView['state'] {
  if (text === 'claimed' || text === 'completed' || text === 'released') return text;
  throw new UsageError(`--state "${text}" is no state of work: claimed, completed or released`);
}

function lineOf({ status, workId, fence, until }: Claimed): string {
  return `${workId}  ${status === 'held' ? 'yours already' : 'yours'}, fence ${fence}, until ${until}`;
}

function rowOf({ workId, state, by, fence, until, description, why, result }: WorkView): string[] {
  const note = [description, why, result].filter((one) => one !== undefined).join('; ');
  return [workId, state, by, String(fence), until === undefined ? 'ended' : until, note];
}
