/** Each kind of item that is read back from a store: its codec, and items of it with everything that can be in one. */
import type { ChangeRecord } from '../../core/changes/model/record.ts';
import { changeCodec } from '../../core/changes/store/record-codec.ts';
import { toldCodec } from '../../core/changes/recording/violations.ts';
import { awaitsCodec } from '../../core/changes/store/change-index.ts';
import { progressCodec } from '../../core/changes/store/index-backfill.ts';
import { delegationCodec } from '../../core/changes/store/delegation-store.ts';
import { documentCodec, policyItemCodec } from '../../core/changes/store/document-store.ts';
import { recentCodec } from '../../core/changes/store/recent-changes.ts';
import { dispatchCodec } from '../../core/events/dispatch/dispatch-state.ts';
import { webhookKeyCodec, webhookSecretsCodec } from '../../core/events/webhooks/webhook-secrets.ts';
import { dataKeyCodec, fieldCodec } from '../../core/events/confidential/vault.ts';
import { stopCodec, topicOpenedCodec } from '../../core/events/protection/topic-stops.ts';
import { indexEndCodec, topicBlockCodec } from '../../core/system/feed/topic-blocks.ts';
import { boxCodec } from '../../core/system/notices/notice-boxes.ts';
import { sendingCodec } from '../../core/system/notices/notice-sender.ts';
import { noticeCodec, noticeCursorCodec } from '../../core/system/notices/notice-store.ts';
import { markCodec } from '../../core/system/upgrade/store-upgrade.ts';
import { quarantinedCodec } from '../../core/events/publishing/quarantine.ts';
import { subscriptionCodec, webhookAttemptCodec } from '../../core/events/subscriptions/stored.ts';
import type { Codec, StoredValue } from '../../core/values/index.ts';
import { leaseCodec } from '../../core/work/lease.ts';
import { workCodec } from '../../core/work/work-store.ts';
import { attemptCodec } from '../../adapters/aws/bus/delivery-notes.ts';
import { feedCodec } from '../../adapters/aws/bus/feed.ts';
import { idemCodec } from '../../adapters/aws/dynamo/dynamo-store.ts';
import { marksCodec } from '../../adapters/aws/relay/relay-marks.ts';
import { cursorCodec as outboxCodec, stuckCodec } from '../../adapters/aws/relay/sweep-outbox.ts';
import { pushedIndexCodec, requestCodec } from '../../adapters/aws/pushed/pushed-items.ts';
import { breakerCodec } from '../../adapters/aws/subscriptions/breakers.ts';
import { letterCodec } from '../../adapters/aws/subscriptions/dead-letter-items.ts';
import { gateCodec } from '../../adapters/aws/workflow/gates.ts';
import { cursorCodec, failureCodec, noteCodec } from '../../adapters/embedded/bus/mailbox.ts';
import { passCodec } from '../../lambdas/sequencer/catch-up.ts';

export interface StoredKind {
  readonly codec: Pick<Codec<never>, 'kind' | 'encode'> & { readonly decode: (item: StoredValue) => unknown };
  readonly items: readonly unknown[];
  /** pointers of what may be absent; `*` stands for any one step */
  readonly optional?: readonly string[];
  /** pointers of what may be anything: somebody else's JSON */
  readonly anything?: readonly string[];
  /** pointers of what may be null */
  readonly orNull?: readonly string[];
  /** pointers of dictionaries: their names are not the codec's */
  readonly open?: readonly string[];
}

const at = '2026-11-22T04:00:00.000Z';
const hash = '0'.repeat(64);
const of = { change: 'c', revision: 1 };
const under = { seq: 0, hash };
const assertion = { credentialId: 'c', authenticatorData: 'a', clientDataJSON: '{}', signature: 's' };

export const wholeRecord = {
  id: 'c',
  entityId: 'account:1',
  state: 'pending',
  proposer: { kind: 'agent', id: 'a', via: 'v', logic: 'l' },
  content: {
    ...{ ...of, title: 't', rationale: 'r', evidence: [{ url: 'u', hash, title: 't' }], contentHash: hash, under },
    operations: [{ type: 't', payload: {}, baseVersion: 0, executor: 'e', inverse: 'none' }],
    ...{ initiator: 'person:p', sponsor: 'person:s', excludes: ['p'], deadline: at, reverts: 'b', supersedes: 'a' },
  },
  proposal: hash,
  round: 1,
  assessment: {
    ...{ ...of, round: 1, proposal: hash, contentHash: hash, facts: {}, matched: ['m'], level: 'L1', roles: ['r'] },
    ...{ approvals: 1, timelockMinutes: 0, enforcement: 'soft', sampled: true, policy: { version: '1', hash } },
    ...{ base: { version: 0, hash }, result: hash, plans: [{ index: 0, planHash: hash, precondition: hash }], under },
    ...{ asOf: at, turns: { sponsor: 0, entity: 0 }, assessmentHash: hash, step: hash },
  },
  blocked: { code: 'C', message: 'm' },
  votes: [
    {
      ...{ ...of, contentHash: hash, assessmentHash: hash, decision: 'approve', personId: 'p', roles: ['r'], under },
      ...{ delegate: { personId: 'q', delegation: hash }, nonce: 'n', expiresAt: at, reason: 'r', assertion },
      ...{ step: hash, seq: 3, hash, at, account: 'a' },
    },
  ],
  reminders: 1,
  eligible: { r: ['s'] },
  override: {
    ...{ ...of, proposal: hash, assessment: hash, contentHash: hash, personId: 'p', ticket: 't', reason: 'r' },
    ...{ nonce: 'n', assertion, reviewBy: at, under, step: hash, account: 'a' },
  },
  postReview: {
    ...{ kind: 'override', due: at },
    reviews: [{ ...of, personId: 'p', verdict: 'justified', reason: 'r', under, at }],
  },
  resolutions: [
    {
      ...{ ...of, claim: hash, personId: 'p', roles: ['r'], outcome: 'executed', reason: 'r', under },
      ...{ evidence: [{ url: 'u', hash, title: 't' }], step: hash, account: 'a' },
    },
  ],
  approval: { step: hash, timelockUntil: at },
  claim: hash,
  progress: [{ status: 'applied', intent: hash, intentSeq: 4, beforeHash: hash, afterHash: hash, applied: hash }],
  document: { version: 1, hash },
  failure: { code: 'C', message: 'm' },
  entries: [{ type: 'change.proposed', seq: 0, hash, at }],
  createdAt: at,
  updatedAt: at,
} as unknown as ChangeRecord;

const attempt = { at, outcome: 'failed', reason: 'no' };
const failed = { position: 1, entity: 'e', attempts: 2, reason: 'r', at: 3.5 };
const settings = { failures: 3, probeAfterMs: 100 };
const subscription = {
  ...{ id: 's', module: 'm', topics: ['a.b'], filter: { a: [1] }, mode: 'buffered', when: { b: [2] }, order: 'none' },
  ...{ buffer: { maxSize: 1, maxDelayMs: 0, startDelayMs: 0 }, delayMs: 5, startAt: 'latest', ackTimeoutMs: 100 },
  ...{ retry: { maxAttempts: 1, baseMs: 1, maxMs: 1 }, breaker: settings, status: 'active', createdAt: at },
  ...{ resumedAt: at, from: 0, target: { kind: 'function', name: 'f', concurrency: 1 } },
};

export const STORED: readonly StoredKind[] = [
  {
    codec: changeCodec,
    items: [wholeRecord],
    optional: [
      ...['/proposer/via', '/proposer/logic', '/*/under', '/*/*/under', '/*/*/*/under', '/content/evidence/*/title'],
      ...['/content/operations/*/baseVersion', '/content/sponsor', '/content/reverts', '/content/supersedes'],
      ...['/assessment', '/assessment/enforcement', '/assessment/sampled', '/assessment/plans', '/assessment/asOf'],
      ...['/assessment/turns', '/blocked', '/votes/*/delegate', '/votes/*/expiresAt', '/votes/*/reason'],
      ...['/votes/*/assertion', '/reminders', '/eligible', '/override', '/override/assertion', '/postReview'],
      ...['/resolutions', '/resolutions/*/evidence/*/title', '/approval', '/claim', '/progress/*/applied'],
      ...['/document', '/failure'],
    ],
    anything: ['/content/operations/*/payload', '/assessment/facts'],
    open: ['/assessment/facts', '/eligible', '/content/operations/*/payload'],
  },
  {
    codec: delegationCodec,
    items: [{ id: hash, from: 'a', to: 'b', roles: ['r'], until: at, reason: 'r', grantedAt: at, revokedAt: at }],
    optional: ['/roles', '/revokedAt'],
  },
  { codec: documentCodec, items: [{ document: {}, change: 'c' }], orNull: ['/document'], open: ['/document'] },
  { codec: policyItemCodec, items: [{ version: 1, entry: under }], optional: ['/entry'] },
  { codec: recentCodec, items: [{ entityId: 'e', moved: 1.5 }], optional: ['/entityId', '/moved'] },
  { codec: awaitsCodec, items: [{ out: ['p'] }] },
  { codec: toldCodec, items: [{ until: 1 }] },
  { codec: fieldCodec, items: [{ salt: 'YQ==', box: 'YQ==' }] },
  { codec: dataKeyCodec, items: [{ wrapped: 'YQ==' }] },
  {
    codec: stopCodec,
    items: [
      {
        ...{ topic: 't', cause: 'loop', correlationId: 'c', reason: 'r', eventId: 'e', source: 's', resetAt: at },
        ...{ id: 'i', stoppedAt: at },
      },
    ],
    optional: ['/correlationId', '/resetAt'],
  },
  { codec: topicOpenedCodec, items: [{ at }] },
  { codec: quarantinedCodec, items: [{ id: 'i', reason: 'r', arrivedAt: at, event: 'x' }], anything: ['/event'] },
  {
    codec: subscriptionCodec,
    items: [
      subscription,
      { ...subscription, target: { kind: 'stream' }, startAt: 5 },
      {
        ...{ ...subscription, verifiedAt: at, disabled: 'why' },
        target: {
          kind: 'webhook',
          url: 'u',
          payload: 'thin',
          format: 'envelope',
          concurrency: 1,
          scheduleSeconds: [0],
        },
      },
      { ...subscription, target: { kind: 'queue' }, startAt: at },
    ],
    optional: [
      '/filter',
      '/mode',
      '/when',
      '/buffer',
      '/target',
      '/delayMs',
      '/breaker',
      '/resumedAt',
      '/verifiedAt',
      '/disabled',
      '/target/scheduleSeconds',
    ],
    open: ['/filter', '/when'],
    anything: ['/filter/*', '/when/*'],
  },
  { codec: attemptCodec, items: [attempt], optional: ['/reason'] },
  {
    codec: feedCodec,
    items: [{ createdAt: at, next: 0, until: 1, done: true, paused: { at: 1, position: 2 } }],
    optional: ['/until', '/done', '/paused'],
  },
  { codec: webhookSecretsCodec, items: [[{ wrapped: 'YQ==', endsAt: 1.5 }]], optional: ['/*/endsAt'] },
  {
    codec: webhookKeyCodec,
    items: [{ wrapped: 'YQ==', publicKey: 'whpk_', certificate: { note: 'n', entity: 'e', seq: 0 } }],
    optional: ['/certificate'],
  },
  {
    codec: dispatchCodec,
    items: [
      {
        ...{ cursor: 7, pending: [{ position: 1, entity: 'e', attempts: 0, dueAt: 1.5, behind: [2], redriven: true }] },
        ...{ breaker: { ...settings, state: 'open', sinceMs: 1 }, quietUntil: 1.5, pacedUntil: 2.5 },
        ...{ failing: { since: 1.5, lastAt: 1.5, told: 50 }, run: { id: 'r', until: 1.5 } },
      },
    ],
    optional: [
      '/pending/*/behind',
      '/pending/*/redriven',
      '/breaker',
      '/quietUntil',
      '/pacedUntil',
      '/failing',
      '/run',
    ],
  },
  {
    codec: webhookAttemptCodec,
    items: [
      {
        ...{ n: 1, at, of: 'event', position: 1, webhookId: 'w', attempt: 1, outcome: 'failed', status: 500 },
        ...{ durationMs: 3, reason: 'r', answer: 'a' },
      },
    ],
    optional: ['/position', '/status', '/reason', '/answer'],
  },
  {
    codec: noticeCodec,
    items: [
      {
        ...{ topic: 't', at, title: 'T', facts: [{ name: 'n', value: 'v' }], why: 'owns' },
        subject: { kind: 'subscription', id: 's', module: 'm' },
      },
      { topic: 't', at, title: 'T', facts: [], why: 'decides', subject: { kind: 'change-set', id: 'c' } },
    ],
  },
  {
    codec: boxCodec,
    items: [{ through: 7, held: 2, unread: [1], before: { through: 9, unread: [3] } }],
    optional: ['/before'],
  },
  {
    codec: sendingCodec,
    items: [{ through: -1, seq: 0, failures: 1, sentAt: 1.5, dueAt: 2.5, refused: 'r' }],
    optional: ['/sentAt', '/dueAt', '/refused'],
  },
  { codec: noticeCursorCodec, items: [{ next: 7 }] },
  { codec: idemCodec, items: [{ chain: 'c', seq: 0 }] },
  { codec: marksCodec, items: [['a#1']] },
  { codec: outboxCodec, items: [7] },
  { codec: progressCodec, items: [{ of: 'open', after: 'c' }], optional: ['/after'] },
  { codec: markCodec, items: [{ version: 2 }] },
  { codec: indexEndCodec, items: [{ end: 512 }] },
  { codec: topicBlockCodec, items: [{ bits: 'AAAA' }] },
  { codec: stuckCodec, items: [7] },
  {
    codec: breakerCodec,
    items: [
      { since: at, breaker: { ...settings, state: 'closed', failed: 1 } },
      { since: at, breaker: { ...settings, state: 'open', sinceMs: 1 } },
      { since: at, breaker: { ...settings, state: 'half-open', sinceMs: 1 } },
    ],
  },
  { codec: letterCodec, items: [{ ...failed, seq: 0 }] },
  {
    codec: pushedIndexCodec,
    items: [{ createdAt: at, topics: ['orders.*'], asked: true }],
    optional: ['/asked'],
  },
  {
    codec: requestCodec,
    items: [
      { kind: 'redrive', events: [{ position: 0, entity: 'a' }] },
      { kind: 'reset' },
      { kind: 'resend', position: 0, entity: 'a' },
      { kind: 'recover', from: 0 },
    ],
  },
  { codec: gateCodec, items: [{ token: 't', attempt: 1, seen: 0, until: 1.5 }] },
  { codec: cursorCodec, items: [7] },
  { codec: failureCodec, items: [failed] },
  { codec: noteCodec, items: [{ position: 1, tries: [attempt] }], optional: ['/tries/*/reason'] },
  {
    codec: passCodec,
    items: [{ startedAt: 1.5, rest: { after: { pk: 'p', sk: '1' }, current: { chain: 'c', seq: 0 } } }],
    optional: ['/rest', '/rest/current'],
  },
  { codec: leaseCodec, items: [{ workId: 'w', fence: 2, ttlMs: 60_000, until: 1_795_000_000_000 }] },
  {
    codec: workCodec,
    items: [
      {
        ...{ workId: 'w', state: 'released', by: 'agent:a', session: 's', fence: 2, since: at, description: 'Deploy' },
        ...{ endedAt: at, reason: 'stolen', why: 'it hangs', result: 'none' },
      },
    ],
    optional: ['/session', '/description', '/endedAt', '/reason', '/why', '/result'],
  },
];
