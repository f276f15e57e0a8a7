/**
 * Every word of a report on what was looked at and what was not, in the order in which reports say it. Which mode looks at what, and
 * what it finds there, is the table in what-is-verified.ts; nobody else has words of their own.
 */
export const BYTES = 'bytes and hashes';
export const LINKS = 'links of every chain';
export const LINKS_WITHIN = 'links within, and to the entry before';
export const LINKS_OF_CHAIN = 'links from the first entry to the head';
export const PRESENCE = 'every committed entry is there, in its place';
export const SIGNATURES = 'signatures up to the root key';
export const signaturesOf = (entries: Count): string => `signatures of ${entries} entries, up to the root key`;
/** the process's own memory is relied on, and never the store's */
export const rememberedOf = (entries: Count): string =>
  `that ${entries} entries are, byte for byte, those whose signatures this process verified or made earlier, and that their keys are still vouched for`;
export const tilesOf = (entries: Count): string => `hash tiles and entry bundles of ${entries} published entries`;
export const ROOTS = 'the root, recomputed from the entries, at every point listed';
export const ONCE = 'that no idempotency key was recorded twice';
export const entitledTo = (steps: Count): string =>
  `who was entitled to each of ${steps} steps, by the policy and the delegations that the entries before it brought into force`;
export const heldIn = (steps: Count, effects: Count): string =>
  `that one at a time held each work, in ${steps} claims and ends of claims, and that ${effects} things were done under a claim that stood`;
export const FIELDS = 'what is kept of confidential fields, against what entries are committed to';
export const SEQUENCER = "the sequencer's records, and the log's right edge in each";
export const DOCUMENTS = 'documents against the chains';
export const DOCUMENTS_WITHIN = 'documents changed within';
export const DOCUMENT_OF_CHAIN = 'the stored document';
export const DOCUMENTS_OF_STATE = 'every stored document, and every one that a change-set was for, against the chain';
export const inclusionOf = (entries: Count): string => `inclusion of ${entries} entries in the published log`;
export const endIn = (size: Count): string => `that the log of size ${size} has no later entry of this chain`;
export const INDICES = 'what change-sets and events are found and counted by, against their records';
export const FILES = 'the files beside the log, against SHA256SUMS';
export const provenIn = (what: string, at: { index: Count; size: Count; by: string }): string =>
  `${what} is at log index ${at.index} of the log of size ${at.size} that ${at.by} signed`;
export const indicesOf = (from: Count, to: Count): string => `log indices ${from} to ${to}`;

/** What a report leaves out, and therefore does not claim: of everything, and by what it was about. */
export const BEHIND_BAD = 'what comes after the first bad entry';
export const everything = (why: string): string => `everything: ${why}`;

// Of the log, and of a window of it.
export const indicesBehindEnd = (from: Count, to: Count): string =>
  `${indicesOf(from, to)}: the ledger ends before them`;
export const noneInQuestion = (size: Count): string =>
  `anything: the ledger has ${size} entries, none of them is in question`;
export const CANONICAL_FORM = 'whether bodies are in canonical form, beyond what links them';
export const OTHER_ENTRIES = 'entries outside: of them only hashes, from the published tiles';
export const WHO_WAS_ENTITLED =
  'who was entitled to decide, and whether anything was recorded twice: verify the full ledger';
export const entriesUncovered = (entries: Count): string =>
  `${entries} entries that no checkpoint covers yet: they rest on session keys alone`;
export const unanchoredFrom = (from: Count): string =>
  `whether entries from log index ${from} on are anchored: they are not yet`;
export const REMOVED_END =
  'whether the end of the ledger was removed with every record of it: there was no checkpoint to hold it against';
export const REPLACED_TOGETHER =
  'whether anchors and witness were replaced together with the ledger: remember a checkpoint, and verify since it';

// Of what came from other systems.
const BEFORE_IMPORT =
  'say of the time before they were recorded: they show that the importer had bytes with these hashes then, and no more';
export const importedOn = (chains: Count): string => `what imported entries on ${chains} chains ${BEFORE_IMPORT}`;
export const importedOf = (entries: Count): string => `what ${entries} imported entries ${BEFORE_IMPORT}`;
export const IMPORTED_IF_ANY =
  'what entries of topic imports.recorded say of the time before they were recorded, if there are any';

// Of one chain.
export const placesUncovered = (entries: Count): string =>
  `the place in the log of ${entries} entries that no checkpoint covers yet`;
export const REMOVED_FROM_CHAIN = 'whether later entries of this chain were removed: verify the full ledger';
export const CHAIN_UNSIGNED =
  'whether the chain is in a log that was signed: there was no checkpoint to hold it against';
export const OTHER_ENTITIES = 'other entities, and the log they share: verify the full ledger';

// Of decisions.
export const SESSIONS = 'who was signed in, and what rights modules had: entries do not say that';
export const RENEWALS =
  'whether who claimed work had the right to, and whether what expired was not renewed: entries do not say that';
export const advisedIn = (assessments: Count): string =>
  `what executors said of their plans, in ${assessments} assessments`;
export const beforePolicyOf = (steps: Count): string =>
  `who was entitled to ${steps} steps from before the ledger adopted a policy`;
export const externalIn = (assessments: Count): string =>
  `facts of ${assessments} assessments on documents that had just changed: nothing was carried out on them`;
export const withoutUnderOf = (steps: Count): string =>
  `${steps} steps do not name the policy they rest on: they were judged by their place in the log`;

export const OUTSIDE_STATE = {
  entries: 'the entries of the chains, signatures, and the log: verify full does',
  removed: 'documents whose change-set records were removed with them: verify full finds those',
};

export const OUTSIDE_PROOF = {
  about: 'what the proof is about',
  key: 'its session key: the log was signed after it was accepted',
  place: 'its place in its chain, and whether that log is the only one shown: compare the checkpoint with others',
};

export const OUTSIDE_EXPORT = {
  documents: 'documents: an export has none, restoring computes them from the entries',
  fields: 'what confidential fields hold: only that their file is as it was written',
  unsigned: 'everything else: there is no checkpoint to hold it against',
};

// Of the tables on AWS.
export const tooNewOf = (entries: Count): string =>
  `the place in the log of ${entries} entries too new to have one: only their chains, not who was entitled to them`;
export const COPIED_INDICES = 'the log indices shown beside single entries, which are copies';
export const anchorsLeftOut = (left: Count): string =>
  `${left} of the anchors: of so many, some of all times were read`;

export const OUTSIDE_FOLDER = {
  key: 'whether root.vkey of the folder is the right key: give the one you got elsewhere (--vkey)',
  fields: (before: Count): string =>
    `confidential fields of entries before log index ${before}: the folder says that it was restored without them`,
};

/** What an answer of the service can never show: an auditor who doubts him verifies with tools and keys of his own. */
export const OPERATORS_WORD =
  "whether this answer is honest: it is the operator's own; verify a copy, or the files of the log, yourself";

type Count = number | string;
