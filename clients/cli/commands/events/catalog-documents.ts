/** `nervous catalog schema|asyncapi|reference`: the catalog as documents for other tools and for people. docs/events.md */
import { Command } from 'commander';
import { createAsyncApiDocument } from '../../../../api/asyncapi.ts';
import {
  createCatalog,
  ledgerTopics,
  topicSchema,
  type TopicVersion,
  type Topics,
} from '../../../../core/events/index.ts';
import { topicReference } from '../../../../core/system/index.ts';
import { DEFAULT_CONFIG, loadConfig } from '../../connection/load-config.ts';
import { printable, UsageError } from '../../output/output.ts';

interface DocumentOptions {
  readonly config: string;
  readonly json?: boolean;
}

interface SchemaOptions extends DocumentOptions {
  readonly draft04?: boolean;
}

export function schemaCommand(): Command {
  return documentCommand()
    .argument('<topic>', 'topic, or topic@version; default: the newest version')
    .option('--draft-04', 'write the draft that the schema registry of EventBridge takes (default: 2020-12)')
    .action(async (name: string, { config: path, json, draft04 }: SchemaOptions) => {
      const { origin, ...config } = await loadConfig(path);
      const topics = ledgerTopics(config.topics);
      const version = versionNamed(name, topics);
      const schema = topicSchema({ origin, topics }, version, draft04 === true ? 'draft-04' : 'draft-2020-12');
      if (schema === undefined) throw new UsageError(`"${version.topic}" has no version ${version.version}`);
      write(schema, json);
    });
}

export function asyncApiCommand(): Command {
  return documentCommand().action(async ({ config: path, json }: DocumentOptions) => {
    const { origin, topics } = await loadConfig(path);
    write(createAsyncApiDocument({ origin, topics: ledgerTopics(topics) }), json);
  });
}

export function referenceCommand(): Command {
  return documentCommand().action(async ({ config: path }: DocumentOptions) => {
    process.stdout.write(printable(topicReference(await loadConfig(path))));
  });
}

function documentCommand(): Command {
  return new Command()
    .option('--config <file>', 'configuration that holds the catalog', DEFAULT_CONFIG)
    .option('--json', 'write one line');
}

/** @throws UsageError, EventError TOPIC_UNKNOWN with the nearest name */
function versionNamed(name: string, topics: Topics): TopicVersion {
  const [, topic = '', text] = /^([^@\s]+)(?:@([1-9][0-9]{0,5}))?$/.exec(name) ?? [];
  if (topic === '') throw new UsageError(`"${name}": write topic or topic@version, such as transactions.new@1`);
  createCatalog(topics).require(topic);
  if (!Object.hasOwn(topics, topic))
    throw new UsageError(`"${topic}" is a topic of AWS: it needs no declaration, and has no schema`);
  const newest = Math.max(...Object.keys(topics[topic]?.versions ?? {}).map(Number));
  return { topic, version: text === undefined ? newest : Number(text) };
}

function write(document: object, onOneLine = false): void {
  process.stdout.write(`${JSON.stringify(document, null, onOneLine ? 0 : 2)}\n`);
}
