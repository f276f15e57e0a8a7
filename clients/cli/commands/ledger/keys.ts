/** `nervous keys list`: the public keys of a data folder, and what its operator does about keys. docs/keys.md */
import { Command } from 'commander';
import { defined } from '../../../../core/values/index.ts';
import { must } from '../../../../core/errors/index.ts';
import { EXIT } from '../../output/exit-codes.ts';
import type { KeyRecord } from '../../../../core/ledger/index.ts';
import { connect, connectedCommand, type ConnectOptions } from '../../connection/connect.ts';
import { show, UsageError } from '../../output/output.ts';

interface KeysOptions {
  readonly data: string;
  readonly json?: boolean;
}

interface ActionOptions extends KeysOptions {
  readonly anchors?: string;
  readonly reason: string;
}

export function rotateKeyCommand(): Command {
  return stoppedCommand().action(async (options: ActionOptions) => {
    const { rotateRootKey } = await import('../../../../adapters/embedded/index.ts');
    const rotated = await rotateRootKey(requestOf(options));
    show(options, rotated, () =>
      [
        `root     ${rotated.verifierKey}`,
        `recorded as ${rotated.entity} #${rotated.seq}; hand the new key to auditors and witnesses, keep the old public key`,
      ].join('\n'),
    );
  });
}

interface RevokeOptions extends ConnectOptions {
  readonly anchors?: string;
  readonly reason: string;
}

/** Of a service, where and as whom is said; otherwise of the stopped ledger in the data folder. */
export function revokeKeyCommand(): Command {
  return connectedCommand('<key>')
    .requiredOption('--reason <text>', 'reason, which is recorded')
    .option('--anchors <dir>', 'folder of the anchors, if they are not in the data folder')
    .action(async (key: string, options: RevokeOptions) => {
      const { entity, seq, position } = await (isOfService(options)
        ? revokeThere(key, options)
        : revokeHere(key, options));
      const after = position === undefined ? '' : `, log index ${position}`;
      show(options, { entity, seq, position }, () => `${entity} is revoked from its #${seq}${after} on`);
    });
}

function isOfService({ url, as, profile, token, data }: RevokeOptions): boolean {
  return [url, as, profile].some((one) => one !== undefined) || (token !== undefined && data === undefined);
}

function revokeThere(key: string, { anchors, ...options }: RevokeOptions): Promise<KeyRecord> {
  if (anchors !== undefined) throw new UsageError('--anchors is for a stopped ledger: leave it out');
  return connect(options).revokeKey(key, options.reason);
}

async function revokeHere(key: string, { data = '.data', ...options }: RevokeOptions): Promise<KeyRecord> {
  const { revokeSessionKey } = await import('../../../../adapters/embedded/index.ts');
  return revokeSessionKey({ ...requestOf({ ...options, data }), key });
}

export function auditKeysCommand(): Command {
  return new Command()
    .option('--data <dir>', 'data folder, whether its engine runs or not', '.data')
    .option('--anchors <dir>', 'folder of the anchors, if they are not in the data folder')
    .option('--json', 'write JSON for programs')
    .action(async (options: Omit<ActionOptions, 'reason'>) => {
      const { auditSignatures } = await import('../../../../adapters/embedded/index.ts');
      const { data, anchors } = options;
      const audit = await auditSignatures(data, anchors === undefined ? {} : { anchorsDir: anchors });
      const { recorded, expected, counted, difference } = audit;
      show(options, audit, () =>
        [
          ...Object.entries(recorded).map(([type, count]) => `${String(count).padStart(8)}  ${type}`),
          `${String(expected).padStart(8)}  recorded`,
          counted === undefined
            ? '       ?  counted: not from the first day of this key'
            : `${String(counted).padStart(8)}  counted, difference ${must(difference, 'the difference')}`,
        ].join('\n'),
      );
      if (difference !== undefined && difference !== 0) process.exitCode = EXIT.problem;
    });
}

function stoppedCommand(): Command {
  return new Command()
    .requiredOption('--reason <text>', 'reason, which is recorded')
    .option('--data <dir>', 'data folder of a stopped engine', '.data')
    .option('--anchors <dir>', 'folder of the anchors, if they are not in the data folder')
    .option('--json', 'write JSON for programs');
}

function requestOf({ data, anchors, reason }: ActionOptions): { dataDir: string; anchorsDir?: string; reason: string } {
  return { dataDir: data, reason, ...defined({ anchorsDir: anchors }) };
}

export function listKeysCommand(): Command {
  return new Command()
    .option('--data <dir>', 'data folder, whether its engine runs or not', '.data')
    .option('--json', 'write JSON for programs')
    .action(async (options: KeysOptions) => {
      const { listKeys } = await import('../../../../adapters/embedded/index.ts');
      const keys = await listKeys(options.data);
      const { root, former, logs, witness, sessions } = keys;
      show(options, keys, () =>
        [
          `root     ${root}`,
          ...former.map((key) => `former   ${key}`),
          // The first log has the root key's own name.
          ...logs.slice(1).map((key) => `log      ${key}`),
          ...(witness === undefined ? [] : [`witness  ${witness}`]),
          ...sessions.map(
            ({ verifierKey, notBefore, notAfter }) => `session  ${verifierKey}  ${notBefore} to ${notAfter}`,
          ),
        ].join('\n'),
      );
    });
}
