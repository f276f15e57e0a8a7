/** Commands of one word: they run a ledger, keep it safe, or serve as tools; and those about services that a person works with. */
import type { CommandGroup } from './row.ts';

export const ENGINE: CommandGroup = {
  name: '',
  about: 'run a ledger, and keep it safe',
  rows: [
    {
      path: 'dev',
      about: 'start the embedded engine',
      examples: ['nervous dev', 'nervous dev --port 4151 --data .other --config other.config.ts'],
      load: async () => (await import('../commands/engine/index.ts')).devCommand(),
    },
    {
      path: 'doctor',
      about: 'check configuration, data folder, keys, clock and reachability',
      examples: ['nervous doctor --data .data', 'nervous doctor --rebuild-index --data .data'],
      load: async () => (await import('../commands/engine/index.ts')).doctorCommand(),
    },
    {
      path: 'token',
      about: 'print the token of one principal from the data folder',
      examples: ['export NERVOUS_TOKEN=$(nervous token eva --data .data)'],
      load: async () => (await import('../commands/engine/index.ts')).tokenCommand(),
    },
    {
      path: 'console',
      about: 'print a link that signs you in to the console in a browser, once and within a minute',
      examples: ['nervous console --as ana --data .data', 'nervous console --vkey root.vkey'],
      load: async () => (await import('../commands/engine/index.ts')).consoleCommand(),
    },
    {
      path: 'login',
      about: 'ask for a service and your token, check both, and keep them as a profile',
      examples: ['nervous login', 'nervous login bank --url https://ledger.bank.example'],
      load: async () => (await import('../commands/profiles/index.ts')).loginCommand(),
    },
    {
      path: 'backup',
      about:
        'copy a data folder with its keys, whether its engine runs or not, into a folder that an engine can start on',
      examples: ['nervous backup backups/today --data .data'],
      load: async () => (await import('../commands/engine/index.ts')).backupCommand(),
    },
    {
      path: 'export',
      about: 'write the ledger of a data folder, whether its engine runs or not, into a folder of its own',
      examples: ['nervous export --data .data --out exports/today'],
      load: async () => (await import('../commands/ledger/index.ts')).exportCommand(),
    },
    {
      path: 'restore',
      about: 'make a data folder from an export, and prove that it holds what was signed',
      examples: ['nervous restore --from exports/today --data .restored --root-key .data/root.key'],
      load: async () => (await import('../commands/ledger/index.ts')).restoreCommand(),
    },
    {
      path: 'import',
      about: 'record what a file of another system holds, by hash, as imported and not witnessed',
      examples: [
        "nervous import csv audit.csv --entity 'account:{account_id}' --dry-run",
        'nervous import qldb strand.1-1.ion --as importer --data .data',
      ],
      load: async () => (await import('../commands/events/index.ts')).importCommand(),
    },
    {
      path: 'access',
      about: 'list who read what, and who was refused what (auditors)',
      examples: [
        'nervous access --since 7d --as eva --data .data',
        'nervous access --entity account:1695 --as eva --data .data',
      ],
      load: async () => (await import('../commands/ledger/index.ts')).accessCommand(),
    },
    {
      path: 'witness',
      about: 'run a C2SP tlog-witness, preferably on another machine than the log',
      examples: ['nervous witness --data .witness --name witness.example/bank --log-vkey .data/root.vkey'],
      load: async () => (await import('../commands/ledger/index.ts')).witnessCommand(),
    },
    {
      path: 'canonicalize',
      about: 'write the JSON from stdin in the canonical form of RFC 8785, without a newline at the end',
      examples: ['nervous canonicalize < document.json | sha256sum'],
      load: async () => (await import('../commands/ledger/index.ts')).canonicalizeCommand(),
    },
    {
      path: 'completion',
      about: 'print the script that makes a shell complete commands, options and their values',
      examples: [
        'source <(nervous completion bash)',
        'nervous completion fish > ~/.config/fish/completions/nervous.fish',
      ],
      load: async () => (await import('../commands/engine/index.ts')).completionCommand(),
    },
  ],
};

export const PROFILES: CommandGroup = {
  name: 'profiles',
  about: 'choose the service and the identity that commands use where nothing else says so',
  rows: [
    {
      path: 'profiles list',
      about: 'list profiles, and which one is used; tokens are not shown',
      examples: ['nervous profiles list'],
      load: async () => (await import('../commands/profiles/index.ts')).listProfilesCommand(),
    },
    {
      path: 'profiles use',
      about: 'make a profile the one that is used',
      examples: ['nervous profiles use bank'],
      load: async () => (await import('../commands/profiles/index.ts')).useProfileCommand(),
    },
    {
      path: 'profiles add',
      about: 'keep a service under a name, without asking it',
      examples: ['nervous profiles add bank --url https://ledger.bank.example --token-file token.txt'],
      load: async () => (await import('../commands/profiles/index.ts')).addProfileCommand(),
    },
    {
      path: 'profiles remove',
      about: 'forget a profile and its token',
      examples: ['nervous profiles remove bank'],
      load: async () => (await import('../commands/profiles/index.ts')).removeProfileCommand(),
    },
  ],
};
