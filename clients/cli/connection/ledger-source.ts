/** Where `report`, `history` and `proof` read entries: an export, a data folder, or a service. */
import { Option, type Command } from 'commander';
import type { LedgerSource, SourceEntry } from '../../../adapters/embedded/index.ts';
import { parseCheckpoint, parseNote, type ReadLogFile } from '../../../core/ledger/index.ts';
import { ApiProblem, type Client } from '../../sdk/index.ts';
import { connect, connectedCommand, targetOf, type ConnectOptions } from './connect.ts';
import { UsageError } from '../output/output.ts';

export interface SourceOptions extends ConnectOptions {
  readonly export?: string;
}

const PAGE = 200;

/** With --export or with --data alone nothing has to run, and no token is needed. */
export function sourceCommand(args = ''): Command {
  return connectedCommand(args).addOption(
    new Option(
      '--export <dir>',
      'read an export made by "nervous export" instead; --data without --as reads the folder',
    ),
  );
}

/** @throws UsageError */
export async function openSource(options: SourceOptions & { readonly lake?: string }): Promise<LedgerSource> {
  const { data, as, url, lake } = options;
  if (lake !== undefined) {
    if (data !== undefined || url !== undefined || options.export !== undefined)
      throw new UsageError('--lake reads a lake: leave out --data, --url and --export');
    return (await import('../../../adapters/embedded/index.ts')).openLakeSource(lake);
  }
  const isFolder = data !== undefined && as === undefined;
  if (options.export !== undefined) {
    if (data !== undefined || url !== undefined)
      throw new UsageError('--export reads an export: leave out --data and --url');
    return (await import('../../../adapters/embedded/index.ts')).openExportSource(options.export);
  }
  if (!isFolder) return serviceSource(connect(options), targetOf(options).url);
  if (url !== undefined) throw new UsageError('--data reads a folder, --url asks a service: choose one, or add --as');
  return (await import('../../../adapters/embedded/index.ts')).openFolderSource(data);
}

async function serviceSource(client: Client, url: string): Promise<LedgerSource> {
  return {
    name: `${url}, which serves it: verify it by a copy of your own`,
    entries: async function* () {
      const { publishedSource } = await import('../../../adapters/embedded/index.ts');
      const size = sizeOf(await client.checkpoint());
      yield* publishedSource(url, { read: fromService(client), size }).entries();
    },
    chain: (entity) => chainOf(client, entity),
    proof: (entity, seq) => client.proof(entity, seq),
    close: () => {},
  };
}

async function* chainOf(client: Client, entity: string): AsyncGenerator<SourceEntry> {
  for (let from: number | undefined = 0; from !== undefined;) {
    const { entries, next } = await client.entries(entity, { from, limit: PAGE });
    yield* entries.map(({ body, hash, position }) => ({ body, hash, position }));
    from = next;
  }
}

function fromService(client: Client): ReadLogFile {
  return async (path) => {
    try {
      return await client.logFile(path);
    } catch (error) {
      if (error instanceof ApiProblem && error.code === 'TILE_NOT_FOUND') return undefined;
      throw error;
    }
  };
}

function sizeOf(note: Uint8Array): number {
  const text = parseNote(note, true);
  const checkpoint = 'malformed' in text ? text : parseCheckpoint(text.text);
  if ('malformed' in checkpoint)
    throw new Error(`the checkpoint of the service cannot be read: ${checkpoint.malformed}`);
  return checkpoint.size;
}
