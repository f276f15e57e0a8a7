/** `nervous events map`: who publishes and subscribes to what, what goes round in a circle, what nobody uses. docs/protection.md */
import { Option, type Command } from 'commander';
import { mapDot, mapMermaid, type MapLoop, type MapReport } from '../../../../core/system/index.ts';
import { must } from '../../../../core/errors/index.ts';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import { show, UsageError } from '../../output/output.ts';

interface MapOptions extends ConnectOptions {
  readonly observe?: string;
  readonly format?: 'json' | 'dot' | 'mermaid';
}

const WORDS: Readonly<Record<MapLoop['level'], string>> = {
  running: 'events go round',
  wired: 'subscribed, and may publish',
  possible: 'by right only',
};

export function mapCommand(): Command {
  return connectedCommand()
    .option('--observe <n>', 'how many of the newest entries to read for traffic, 0-10000 (default: 1000)')
    .addOption(
      new Option('--format <format>', 'write this format instead of a summary').choices(['json', 'dot', 'mermaid']),
    )
    .action(async (options: MapOptions) => {
      const { observe } = options;
      const report = await connect(options).map(observe === undefined ? {} : { observe: parseCount(observe) });
      if (options.format === 'dot') process.stdout.write(mapDot(report));
      else if (options.format === 'mermaid') process.stdout.write(mapMermaid(report));
      else show({ json: options.json === true || options.format === 'json' }, report, () => summaryOf(report));
    });
}

function summaryOf(report: MapReport): string {
  const { ledger, observed, parties, topics, publishes, subscribes, loops, orphans, unused, hash } = report;
  const live = subscribes.flatMap(({ subscriptions }) => subscriptions);
  return [
    `${ledger}: ${parties.length} parties, ${topics.length} topics, ${new Set(live).size} active subscriptions`,
    `traffic of log positions ${observed.from} to ${observed.to}: ${publishes.reduce((sum, { events }) => sum + events, 0)} events`,
    ...loops.map(
      ({ level, path }) => `loop      ${[...path, must(path[0], 'the first of a loop')].join(' → ')} (${WORDS[level]})`,
    ),
    ...orphans.unpublished.map((topic) => `orphan    ${topic}: nobody may publish it`),
    ...orphans.unsubscribed.map((topic) => `orphan    ${topic}: nobody subscribes to it`),
    ...unused.map(({ subscription, party, reason }) => `unused    ${subscription} of ${party}: ${reason}`),
    `hash      ${hash}`,
  ].join('\n');
}

function parseCount(text: string): number {
  if (/^(0|[1-9][0-9]{0,4})$/.test(text) && Number(text) <= 10_000) return Number(text);
  throw new UsageError(`--observe "${text}": give a number from 0 to 10000`);
}
