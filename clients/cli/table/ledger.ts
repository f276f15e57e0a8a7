/** Commands about what is recorded, and about proving it. */
import type { CommandGroup } from './row.ts';

export const ENTITIES: CommandGroup = {
  name: 'entities',
  about: 'see documents and entries, and prove them to others',
  rows: [
    {
      path: 'entities show',
      about: 'show the document of an entity and its newest entries',
      examples: [
        'nervous entities show account:1695 --as eva --data .data',
        'nervous entities show account:1695 --at 7d --as eva --data .data',
      ],
      was: ['entity'],
      load: async () => (await import('../commands/ledger/index.ts')).showEntityCommand(),
    },
    {
      path: 'entities history',
      about: 'search the entries of an entity or, for auditors, of the whole ledger',
      examples: [
        'nervous entities history account:1695 --data .data',
        'nervous entities history --type change.voted --by boris --from 30d --export ./export',
      ],
      was: ['history'],
      load: async () => (await import('../commands/ledger/index.ts')).historyCommand(),
    },
    {
      path: 'entities proof',
      about: 'write a proof that an entry is in the log (C2SP tlog-proof) to stdout',
      examples: ['nervous entities proof account:1695 7 --data .data --out entry.proof'],
      was: ['proof'],
      load: async () => (await import('../commands/ledger/index.ts')).proofCommand(),
    },
    {
      path: 'entities reveal',
      about: 'show what the confidential fields of an entry hold; the ledger records that you saw them',
      examples: ['nervous entities reveal user:7 0 --as eva --data .data'],
      was: ['reveal'],
      load: async () => (await import('../commands/ledger/index.ts')).revealCommand(),
    },
  ],
};

export const VERIFY: CommandGroup = {
  name: 'verify',
  about: 'verify the ledger, a part of it, an export, a proof or a log',
  rows: [
    {
      path: 'verify full',
      about: 'verify every entry, the log and the documents (what verify does alone, too)',
      examples: ['nervous verify full --data .data', 'nervous verify full --max-age 2h --as eva --data .data'],
      isDefault: true,
      load: async () => (await import('../commands/ledger/index.ts')).verifyFullCommand(),
    },
    {
      path: 'verify entity',
      about: 'verify one chain, its place in the log, and its document',
      examples: ['nervous verify entity account:1695 --data .data'],
      load: async () => (await import('../commands/ledger/index.ts')).verifyEntityCommand(),
    },
    {
      path: 'verify range',
      about: 'verify these log indices; the last one is exclusive',
      examples: ['nervous verify range 0 100 --data .data'],
      load: async () => (await import('../commands/ledger/index.ts')).verifyRangeCommand(),
    },
    {
      path: 'verify state',
      about: 'verify the documents and indices against the ledger',
      examples: ['nervous verify state --data .data'],
      load: async () => (await import('../commands/ledger/index.ts')).verifyStateCommand(),
    },
    {
      path: 'verify remember',
      about: 'verify in full, and keep the checkpoint for the next "verify since"',
      examples: ['nervous verify remember checkpoint.txt --data .data'],
      load: async () => (await import('../commands/ledger/index.ts')).verifyRememberCommand(),
    },
    {
      path: 'verify since',
      about: 'verify that the log begins with the checkpoint in the file, and what came after it',
      examples: ['nervous verify since checkpoint.txt --data .data'],
      load: async () => (await import('../commands/ledger/index.ts')).verifySinceCommand(),
    },
    {
      path: 'verify proof',
      about: 'verify a proof of "entities proof"; this needs the public root key and nothing else',
      examples: ['nervous verify proof entry.proof --vkey root.vkey'],
      load: async () => (await import('../commands/ledger/index.ts')).verifyProofCommand(),
    },
    {
      path: 'verify export',
      about: 'verify an export offline: every entry, the log, the anchors',
      examples: ['nervous verify export exports/today --vkey root.vkey'],
      was: ['export verify'],
      load: async () => (await import('../commands/ledger/index.ts')).verifyExportCommand(),
    },
    {
      path: 'verify log',
      about: 'verify a Merkle log in the form of C2SP tlog-tiles: checkpoint, every entry, every hash tile, the root',
      examples: ['nervous verify log .data/log --vkey .data/root.vkey'],
      was: ['log fsck'],
      load: async () => (await import('../commands/ledger/index.ts')).verifyLogCommand(),
    },
  ],
};

export const REPORT: CommandGroup = {
  name: 'report',
  about: 'make tables from the entries of a ledger',
  rows: [
    {
      path: 'report approvals',
      about: 'every decision of people: on what, how risky, and what came of it',
      examples: [
        'nervous report approvals --from 2026-10-01 --to 2026-11-01 --csv --export ./export > october.csv',
        'nervous report approvals --from 30d --by boris --data .data',
        'nervous report approvals --level L3 --html --lake ./lake > l3.html',
      ],
      load: async () => (await import('../commands/changes/index.ts')).approvalsCommand(),
    },
  ],
};

export const KEYS: CommandGroup = {
  name: 'keys',
  about: 'list and look after the keys of a ledger',
  rows: [
    {
      path: 'keys list',
      about: 'list the public keys of a ledger: root, log, witness and session keys',
      examples: ['nervous keys list --data .data'],
      was: ['keys'],
      load: async () => (await import('../commands/ledger/index.ts')).listKeysCommand(),
    },
    {
      path: 'keys rotate',
      about: 'replace the root key by a new one; both keys sign the replacement',
      examples: ['nervous keys rotate --reason "once a year" --data .data'],
      load: async () => (await import('../commands/ledger/index.ts')).rotateKeyCommand(),
    },
    {
      path: 'keys revoke',
      about: 'revoke a session key: nothing that it signs from now on is believed',
      examples: [
        'nervous keys revoke keys/0123456789abcdef --reason "the machine was stolen" --data .data',
        'nervous keys revoke keys/0123456789abcdef --reason "the machine was stolen" --profile prod',
      ],
      load: async () => (await import('../commands/ledger/index.ts')).revokeKeyCommand(),
    },
    {
      path: 'keys audit',
      about: 'compare how often the root key signed with the signatures that are recorded',
      examples: ['nervous keys audit --data .data'],
      load: async () => (await import('../commands/ledger/index.ts')).auditKeysCommand(),
    },
  ],
};

export const LAKE: CommandGroup = {
  name: 'lake',
  about: 'keep the ledger as Parquet files in the classes of OCSF, for SQL and SIEMs',
  rows: [
    {
      path: 'lake export',
      about: 'write what was published and is not in the lake yet',
      examples: ['nervous lake export --data .data --out ./lake'],
      load: async () => (await import('../commands/ledger/index.ts')).exportLakeCommand(),
    },
    {
      path: 'lake verify',
      about: 'verify that every entry is in exactly one file, as it stands in the signed log',
      examples: ['nervous lake verify ./lake --vkey root.vkey'],
      load: async () => (await import('../commands/ledger/index.ts')).verifyLakeCommand(),
    },
    {
      path: 'lake ask',
      about: 'list saved questions, print the SQL of one, or run it with DuckDB',
      examples: ['nervous lake ask', 'nervous lake ask overrides-without-review --lake ./lake --run'],
      load: async () => (await import('../commands/ledger/index.ts')).askLakeCommand(),
    },
  ],
};
