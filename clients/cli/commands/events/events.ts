/** `nervous events publish` and `nervous events tail`. */
import { Option, type Command } from 'commander';
import {
  eventBridgeShape,
  matchPattern,
  nearestName,
  parsePattern,
  type DeliveredEvent,
  type EventInput,
} from '../../../../core/events/index.ts';
import { defined } from '../../../../core/values/index.ts';
import type { CatalogView } from '../../../../api/index.ts';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import { EXIT } from '../../output/exit-codes.ts';
import { note, show, UsageError } from '../../output/output.ts';
import { parseTime } from '../../input/times.ts';
import { readJsonArgument } from '../../input/read-json.ts';

interface PublishOptions extends ConnectOptions {
  readonly entity?: string;
  readonly payload: string;
  readonly eventId?: string;
}

interface TailOptions extends ConnectOptions {
  readonly topics?: string;
  readonly pattern?: string;
  readonly entity?: string;
  readonly after?: string;
  readonly since?: string;
  readonly until?: string;
  readonly new?: boolean;
  readonly follow: boolean;
}

export function publishCommand(): Command {
  return connectedCommand('<topic>')
    .option('--entity <id>', 'the entity that the event is about')
    .requiredOption('--payload <json>', 'the payload, or @file, or @- for stdin')
    .option('--event-id <id>', 'event id, by which a repetition is recognized (default: a new one)')
    .action(publish);
}

async function publish(topic: string, options: PublishOptions): Promise<void> {
  const { entity, eventId } = options;
  const event: EventInput = {
    topic,
    payload: readJsonArgument(options.payload, '--payload'),
    ...defined({ entityId: entity, eventId }),
  };
  const published = await connect(options).publish(event);
  show(options, published, () => {
    const what = published.status === 'duplicate' ? 'was recorded before' : 'recorded';
    return `${published.eventId} ${what}: ${published.entity} seq ${published.seq}, ${published.hash}`;
  });
}

export function tailCommand(): Command {
  return connectedCommand()
    .option('--topics <list>', 'only these topics: transactions.*,budget.updated')
    .option('--entity <id>', 'only those about this entity')
    .option('--pattern <json>', 'only events that match this EventBridge pattern: JSON, or @file')
    .option('--after <cursor>', 'continue after this cursor (--json shows cursors)')
    .addOption(
      new Option(
        '--since <time>',
        'begin at what was recorded then: 15m, 7d (ago), 2026-12-01 or a full time',
      ).conflicts('after'),
    )
    .option('--until <time>', 'end behind what was recorded before then')
    .addOption(new Option('--new', 'only what comes from now on').conflicts(['after', 'since', 'until']))
    .option('--no-follow', 'stop after the events that exist now')
    .action(tail);
}

async function tail(options: TailOptions): Promise<void> {
  const client = connect(options);
  const { topics, entity, follow } = options;
  const wanted = topics?.split(',').map((topic) => topic.trim());
  if (wanted !== undefined) requireKnown(wanted, await client.catalog());
  const isWanted = await filterOf(options);
  const after = options.new === true ? 'latest' : options.after;
  const query = {
    ...defined({ topics: wanted, entity, after, since: timeOf('since', options), until: timeOf('until', options) }),
    signal: interruption(),
  };
  for await (const item of follow ? client.stream(query) : client.feed({ ...query, live: false })) {
    if (isWanted(item.event)) show(options, item, () => lineOf(item.event));
  }
  if (options.json !== true && process.stderr.isTTY && follow && options.until === undefined) note('stopped');
}

function timeOf(name: 'since' | 'until', { [name]: given }: TailOptions): string | undefined {
  return given === undefined ? undefined : parseTime(given, { option: `--${name}`, direction: 'past' });
}

/** A topic that nobody can publish shows nothing, for ever: that is told at once. @throws UsageError */
function requireKnown(globs: readonly string[], catalog: CatalogView): void {
  const topics = [...new Set(catalog.topics.map(({ topic }) => topic))];
  const domains = [...new Set(topics.map((topic) => `${topic.slice(0, topic.lastIndexOf('.'))}.*`))];
  for (const glob of globs) {
    const isGlob = glob.endsWith('.*');
    const isKnown = isGlob ? topics.some((topic) => topic.startsWith(glob.slice(0, -1))) : topics.includes(glob);
    if (isKnown || glob === '*' || glob.startsWith('aws.')) continue;
    const nearest = nearestName(glob, isGlob ? domains : topics);
    const hint = nearest === undefined ? 'the catalog is empty' : `did you mean "${nearest}"?`;
    throw new UsageError(`--topics "${glob}" is not in the catalog: ${hint}`);
  }
}

async function filterOf({ pattern, ...options }: TailOptions): Promise<(event: DeliveredEvent) => boolean> {
  if (pattern === undefined) return () => true;
  const parsed = parsePattern(readJsonArgument(pattern, '--pattern'));
  const { ledger } = await connect(options).state();
  return (event) => matchPattern(parsed, eventBridgeShape(ledger, event));
}

function interruption(): AbortSignal {
  const controller = new AbortController();
  process.once('SIGTERM', () => controller.abort());
  process.once('SIGINT', () => {
    process.exitCode = EXIT.stopped;
    controller.abort();
  });
  return controller.signal;
}

function lineOf({ timestamp, topic, entityId, ledger, source, payload }: DeliveredEvent): string {
  return `${timestamp}  ${topic}  ${entityId}#${ledger.seq}  ${source}  ${JSON.stringify(payload)}`;
}
