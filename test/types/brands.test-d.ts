/**
 * What must not compile: one kind of hash, id or time in the place of another. The compiler reads this file with all others (`npm run
 * check:types`), and an error that does not come is one itself, so this fails when a brand is gone. Nothing here runs.
 */
import {
  isoOf,
  later,
  msOf,
  type ChainHash,
  type EpochMs,
  type IsoInstant,
  type StepHash,
} from '../../core/brands/index.ts';
import { leafHash, taggedHash, toHex } from '../../core/canonical/index.ts';
import { documentHash } from '../../core/changes/model/document.ts';
import type { ChangeRecord } from '../../core/changes/model/record.ts';
import type { ChangeStep, StepData, Vote } from '../../core/changes/model/steps.ts';
import type { Clock, EntryBody, EntryStore, LoggedEntry, SealedEntry } from '../../core/ledger/index.ts';
import type { Policy } from '../../core/policy/index.ts';

declare const clock: Clock;
declare const body: EntryBody;
declare const record: ChangeRecord;
declare const step: ChangeStep;
declare const vote: Vote;
declare const assessed: StepData<'change.assessed'>;
declare const sealed: SealedEntry;

function time(ms: EpochMs): EpochMs {
  return ms;
}
function text(instant: IsoInstant): IsoInstant {
  return instant;
}

// Times: milliseconds are no text, a duration is no time, and text that nobody looked at is no instant.
time(clock.now());
time(msOf(body.at));
time(later(clock.now(), 60_000));
text(isoOf(clock.now()));
text(record.content.deadline);
// @ts-expect-error an instant is not milliseconds
time(body.at);
// @ts-expect-error milliseconds are not an instant
text(clock.now());
// @ts-expect-error a duration is not a time
time(60_000);
// @ts-expect-error a duration is not a time
isoOf(60_000);
// @ts-expect-error the age of a process is not the time of day
time(clock.monotonic());
// @ts-expect-error nobody has looked at this text
text('2026-11-22T00:00:00Z');
// @ts-expect-error an instant never equals milliseconds
export const never = body.at === clock.now();
// @ts-expect-error text does not compare with milliseconds
export const earlier = clock.now() < record.content.deadline;

// Hashes: what a step says, where its entry stands, what is carried out, what was assessed, the document.
function restsOn(hash: StepHash): StepHash {
  return hash;
}
function follows(hash: ChainHash): ChainHash {
  return hash;
}
restsOn(record.proposal);
restsOn(taggedHash('nervous-system.change.step.v1', ''));
follows(step.hash);
follows(toHex(sealed.hash));
follows(toHex(leafHash(new Uint8Array())));
// @ts-expect-error the hash of an entry is not that of its step
restsOn(step.hash);
// @ts-expect-error the hash of a step is not that of its entry
follows(record.proposal);
// @ts-expect-error a document is not a step
restsOn(documentHash(null));
// @ts-expect-error the hash of other bytes is no leaf's
follows(toHex(new Uint8Array()));
// @ts-expect-error nobody has looked at this text
follows('ab'.repeat(32));
export const swappedBinding: Pick<Vote, 'contentHash' | 'assessmentHash'> = {
  // @ts-expect-error what was assessed is not what is carried out
  contentHash: vote.assessmentHash,
  // @ts-expect-error what is carried out is not what was assessed
  assessmentHash: vote.contentHash,
};
export const swappedPlaces: Pick<StepData<'change.approved'>, 'proposal' | 'votes'> = {
  proposal: record.proposal,
  // @ts-expect-error a vote is named by its step, not by its entry
  votes: record.votes.map(({ hash }) => hash),
};
// @ts-expect-error the document is not the risk rules
export const sameRules = assessed.policy.hash === assessed.base.hash;

// Ids: a person is no entity. What is only looked up may be plain text, which users write; never an id of another kind.
declare const entries: EntryStore;
declare const policy: Policy;
void entries.head('account:1695');
void entries.head(record.entityId);
policy.rolesOf('ann');
policy.rolesOf(vote.personId);
// @ts-expect-error a person has no chain
void entries.head(vote.personId);
// @ts-expect-error an entity has no roles
policy.rolesOf(record.entityId);
// @ts-expect-error a step is no entity
void entries.head(record.proposal);
export const swappedIds: Pick<Vote, 'personId'> & Pick<ChangeRecord, 'entityId'> = {
  // @ts-expect-error an entity does not vote
  personId: record.entityId,
  // @ts-expect-error a person is not what is changed
  entityId: vote.personId,
};

// Places: in the chain, and in the log. They are counted with, so a plain number is one.
declare const stored: LoggedEntry;
void entries.readLog(stored.position + 1, 10);
void entries.read('account:1695', body.seq + 1, 10);
// @ts-expect-error a place in the chain is none in the log
void entries.readLog(body.seq, 10);
// @ts-expect-error a place in the log is none in the chain
void entries.read('account:1695', stored.position, 10);
