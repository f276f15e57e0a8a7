/** `nervous profiles list`, `use`, `add` and `remove`. A token goes in by a file or stdin, and never comes out. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import {
  profileNamed,
  readProfiles,
  requireToken,
  storeProfile,
  useProfile,
  writeProfiles,
} from '../../connection/profiles.ts';
import { show, UsageError } from '../../output/output.ts';
import { tableText } from '../../output/table.ts';

interface Options {
  readonly json?: boolean;
}

interface AddOptions extends Options {
  readonly url: string;
  readonly tokenFile?: string;
}

const COLUMNS = ['profile', 'url', 'token', 'used'] as const;

export function listProfilesCommand(): Command {
  return withJson().action((options: Options) => {
    const { current, profiles } = readProfiles();
    const listed = [...profiles].map(([profile, { url, token }]) => ({
      ...{ profile, url, hasToken: token !== undefined, isCurrent: profile === current },
    }));
    show(options, { profiles: listed }, () =>
      listed.length === 0
        ? 'no profiles: nervous login makes one'
        : tableText(
            COLUMNS,
            listed.map(({ profile, url, hasToken, isCurrent }) => [
              ...[profile, url, hasToken ? 'has a token' : 'no token', isCurrent ? 'used' : ''],
            ]),
          ),
    );
  });
}

export function useProfileCommand(): Command {
  return withJson()
    .argument('<profile>')
    .action((profile: string, options: Options) => {
      useProfile(profile);
      show(options, { profile }, () => `${profile} is used where nothing else says where or who`);
    });
}

export function addProfileCommand(): Command {
  return withJson()
    .argument('<profile>')
    .requiredOption('--url <url>', 'the service')
    .option('--token-file <file>', 'file with the token (- for stdin)')
    .action((profile: string, options: AddOptions) => {
      const { url, tokenFile } = options;
      storeProfile(profile, tokenFile === undefined ? { url } : { url, token: tokenIn(tokenFile) });
      show(
        options,
        { profile, url },
        () => `${profile}: ${url}; nervous profiles use ${profile} makes it the one used`,
      );
    });
}

export function removeProfileCommand(): Command {
  return withJson()
    .argument('<profile>')
    .action((profile: string, options: Options) => {
      const { current, profiles } = readProfiles();
      profileNamed(profile, profiles);
      const left = new Map([...profiles].filter(([name]) => name !== profile));
      writeProfiles(current === undefined || current === profile ? { profiles: left } : { current, profiles: left });
      show(options, { removed: profile }, () => `${profile} is removed; its token goes on working where it was made`);
    });
}

function withJson(): Command {
  return new Command().option('--json', 'write JSON for programs');
}

/** @throws UsageError */
function tokenIn(path: string): string {
  let text: string;
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8').trim();
  } catch (cause) {
    throw new UsageError(`--token-file "${path}" cannot be read: ${(cause as Error).message}`, { cause });
  }
  requireToken(text, `what --token-file "${path}" holds`);
  return text;
}
