/** `nervous login`: asks for a service and a token on the terminal, checks both, and keeps them as a profile. */
import { Command } from 'commander';
import { createClient } from '../../../sdk/index.ts';
import { warnOfPlainHttp } from '../../connection/connect.ts';
import { requireName, requireToken, requireUrl, storeProfile, useProfile } from '../../connection/profiles.ts';
import { ask, askSecretly, openTerminal } from '../../input/terminal.ts';
import { show, UsageError } from '../../output/output.ts';

interface LoginOptions {
  readonly url?: string;
  readonly json?: boolean;
}

const STANDARD_NAME = 'default';

export function loginCommand(): Command {
  return new Command()
    .argument('[profile]', 'what you call it', STANDARD_NAME)
    .option('--url <url>', 'the service; it is asked for if you leave this out')
    .option('--json', 'write JSON for programs')
    .action(login);
}

async function login(profile: string, options: LoginOptions): Promise<void> {
  requireName(profile);
  const { url, token } = await askFor(options);
  warnOfPlainHttp(url);
  await createClient({ url, token }).catalog(); // everybody whom the service knows may see it
  storeProfile(profile, { url, token });
  useProfile(profile);
  show(options, { profile, url }, () => `${profile}: ${url}, used from now on where nothing else says where or who`);
}

async function askFor({ url }: LoginOptions): Promise<{ readonly url: string; readonly token: string }> {
  const terminal = openTerminal();
  if (terminal === undefined)
    throw new UsageError(
      'login asks for a token, and there is no terminal to ask on: nervous profiles add <profile> --url <url> --token-file -',
    );
  try {
    const address = url ?? (await ask(terminal, 'URL of the service: '));
    requireUrl(address);
    const token = await askSecretly(terminal, 'Token (it is not shown): ');
    if (token === '') throw new UsageError('no token was given: nothing is stored');
    requireToken(token, 'what you typed');
    return { url: address, token };
  } finally {
    terminal.close();
  }
}
