/**
 * `nervous console`: a link to the console that signs in whoever opens it first, within a minute. What signs in stands behind the `#`, which
 * browsers send to nobody; beside it stands the root key that this command knows, so that the page need not ask the server for it.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { createTransport } from '../../../sdk/connection/transport.ts';
import { connectedCommand, isLoopback, targetOf, type ConnectOptions } from '../../connection/connect.ts';
import { keysOf } from '../../connection/verifier-keys.ts';
import { note, show, UsageError } from '../../output/output.ts';

interface ConsoleOptions extends ConnectOptions {
  readonly vkey?: string;
  readonly witnessVkey?: string;
}

interface MadeLink {
  readonly link: string;
  readonly expiresInSeconds: number;
  readonly principal: { readonly id: string };
}

export function consoleCommand(): Command {
  return connectedCommand()
    .option('--vkey <key-or-file>', 'root key that the page verifies with (default: root.vkey of --data)')
    .option('--witness-vkey <key-or-file>', 'keys of witnesses that the page believes (default: that of --data)')
    .action(async (options: ConsoleOptions) => {
      const target = targetOf(options);
      const vkey = rootKey(options);
      const made = await createTransport(target)<MadeLink>({ method: 'POST', path: '/console/link', idempotent: true });
      const { link, expiresInSeconds, principal } = made;
      const fragment = new URLSearchParams({ link, ...(vkey === undefined ? {} : { vkey }) });
      for (const witness of witnessKeys(options)) fragment.append('witness', witness);
      const url = `${target.url.replace(/\/+$/, '')}/console/#${fragment.toString()}`;
      show(options, { url, expiresInSeconds, principal: principal.id }, () => url);
      if (options.json === true) return;
      note(`nervous: signs in ${principal.id}, once, within ${expiresInSeconds} seconds`);
      if (vkey === undefined) note('nervous: no root key is known here (--vkey), so the page cannot verify signatures');
      if (!isSecure(url)) note('nervous: warning: browsers verify nothing on a page that came over plain http');
    });
}

/** @throws UsageError */
function rootKey({ vkey, data }: ConsoleOptions): string | undefined {
  const ofFolder = data === undefined ? undefined : join(data, 'root.vkey');
  const given = vkey ?? (ofFolder !== undefined && existsSync(ofFolder) ? ofFolder : undefined);
  if (given === undefined) return undefined;
  const [key, ...more] = keysOf(given);
  if (more.length > 0) throw new UsageError(`--vkey "${given}" holds several keys: give the one of the root`);
  return key;
}

/** @throws UsageError */
function witnessKeys({ witnessVkey, data }: ConsoleOptions): readonly string[] {
  const ofFolder = data === undefined ? undefined : join(data, 'witness/witness.vkey');
  const given = witnessVkey ?? (ofFolder !== undefined && existsSync(ofFolder) ? ofFolder : undefined);
  return given === undefined ? [] : keysOf(given);
}

function isSecure(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || isLoopback(hostname);
}
