/**
 * What the owner of a webhook does beside subscribing: prove that its receiver wants it, rotate its secret, test it, look at its
 * attempts, and have events sent again. Operators may do all of this but see secrets.
 */
import { isoOf } from '../../brands/index.ts';
import { canonicalize, taggedHash } from '../../canonical/index.ts';
import { must } from '../../errors/index.ts';
import {
  parseEntry,
  type Appender,
  type Clock,
  type EntryStore,
  type Ids,
  type RootSigner,
  type StoredEntry,
} from '../../ledger/index.ts';
import { actorOf, type Policy, type Principal } from '../../policy/index.ts';
import { isObject, MS_PER_DAY } from '../../values/index.ts';
import { EventError } from '../catalog/errors.ts';
import { GUARD_CHAIN, GUARD_SOURCE } from '../catalog/system-topics.ts';
import { eventIdemKey } from '../envelope/envelope.ts';
import { systemEvent } from '../envelope/system-event.ts';
import { DISABLED_AFTER_MS } from '../webhooks/webhook-failing.ts';
import { certifyWebhookKey } from '../webhooks/webhook-certificate.ts';
import type { CertifiedWebhookKey, WebhookSecrets } from '../webhooks/webhook-secrets.ts';
import type { WebhookAttempt, WebhookBus, WebhookChange } from './ports.ts';
import { firstPosition } from './start-at.ts';
import { isWebhook, type Subscription, type WebhookSubscription } from './subscription.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { WebhookStanding } from './webhook-standing.ts';

export interface WebhooksDependencies {
  readonly subscriptions: Pick<Subscriptions, 'get' | 'verified'>;
  readonly policy: Pick<Policy, 'isOperator'>;
  readonly appender: Pick<Appender, 'append'>;
  readonly entries: EntryStore;
  readonly ids: Pick<Ids, 'next'>;
  readonly ledger: string;
  readonly root: RootSigner;
  readonly clock: Pick<Clock, 'now'>;
  /** absent: this process was given no keys to keep secrets with */
  readonly secrets: WebhookSecrets | undefined;
  /** absent: the engine sends no webhooks */
  readonly bus: WebhookBus | undefined;
}

export interface WebhookSecret {
  /** `whsec_…`: shown now, and never again */
  readonly secret: string;
  /** secrets that sign now, this one included */
  readonly live: number;
}

export interface SecretRotation {
  readonly overlapSeconds: number;
  /** after a lost answer, for some minutes the same key is answered with the same secret */
  readonly idempotencyKey?: string | undefined;
}

export interface WebhookVerification {
  readonly subscription: Subscription;
  readonly attempt: WebhookAttempt;
}

export interface Webhooks {
  /** The ledger's own public key, and the entry in which its root key says so. */
  keys(): Promise<CertifiedWebhookKey>;
  /**
   * Makes a new secret; those before sign for `overlapSeconds` more. Its owner alone may ask.
   * @throws EventError IDEMPOTENCY_CONFLICT; SUBSCRIPTION_NOT_FOUND | SUBSCRIPTION_INVALID: no webhook, as all below
   */
  rotateSecret(principal: Principal, id: string, rotation: SecretRotation): Promise<WebhookSecret>;
  /** Asks the receiver whether it wants the webhook; if it does, deliveries begin. */
  verify(principal: Principal, id: string): Promise<WebhookVerification>;
  /** Sends a test event, once. */
  test(principal: Principal, id: string): Promise<WebhookAttempt>;
  /** The newest attempts first. What a receiver answered is shown when it was verified. */
  attempts(principal: Principal, id: string, limit: number): Promise<readonly WebhookAttempt[]>;
  /** Delivers the event at a log index once more, marked and out of order. */
  resend(principal: Principal, id: string, position: number): Promise<void>;
  /** Delivers once more what was recorded since. @returns the log index it begins at */
  recover(principal: Principal, id: string, since: Subscription['startAt']): Promise<{ readonly from: number }>;
}

/** Longest reason recorded, in characters. */
const MAX_REASON_CHARS = 300;
const ONLY_FAILED = `it did nothing but fail for ${DISABLED_AFTER_MS / MS_PER_DAY} days`;
const REQUEST_TAG = 'nervous-system.webhook.rotation.v1';
const REQUEST_DIGITS = 32;

export function createWebhooks(deps: WebhooksDependencies): Webhooks {
  const { subscriptions, policy, entries, clock } = deps;
  const bus = (): WebhookBus => deps.bus ?? notHere();
  const secrets = (): WebhookSecrets => deps.secrets ?? notHere();
  const own = async (principal: Principal, id: string, purpose: 'own' | 'operate'): Promise<WebhookSubscription> => {
    const subscription = await subscriptions.get(principal, id);
    const mayActOnIt = subscription.module === principal.id || (purpose === 'operate' && policy.isOperator(principal));
    if (!mayActOnIt)
      throw new EventError({ code: 'SUBSCRIPTION_NOT_FOUND', message: `no subscription "${id}" of "${principal.id}"` });
    return webhook(subscription);
  };
  return {
    keys: () => secrets().publicKey((publicKey) => certify(deps, publicKey)),
    rotateSecret: async (principal, id, rotation) => {
      const { module } = await own(principal, id, 'own');
      return rotate(deps, secrets(), { principal, module, id, rotation });
    },
    verify: async (principal, id) => {
      const subscription = await own(principal, id, 'own');
      const attempt = await bus().challenge(subscription);
      if (attempt.outcome !== 'delivered') return { subscription, attempt };
      return { subscription: await subscriptions.verified(principal, id), attempt };
    },
    test: async (principal, id) => bus().test(await own(principal, id, 'operate')),
    attempts: async (principal, id, limit) => {
      const { verifiedAt } = webhook(await subscriptions.get(principal, id));
      const attempts = await bus().attempts(id, limit);
      return verifiedAt === undefined ? attempts.map(({ answer: _, ...rest }) => rest) : attempts;
    },
    resend: async (principal, id, position) => {
      await own(principal, id, 'operate');
      if (await bus().resend(id, position)) return;
      const message = `the log has no event at ${position} that "${id}" is for, or the webhook is paused or full`;
      throw new EventError({ code: 'SUBSCRIPTION_INVALID', message });
    },
    recover: async (principal, id, since) => {
      await own(principal, id, 'operate');
      const from = await firstPosition(entries, since, clock.now());
      await bus().recover(id, from);
      return { from };
    },
  };
}

/** One rotation for one key, whoever of several requests with it is first: the event that tells of it has an id made of the key. */
async function rotate(
  { appender, entries, ids }: Pick<WebhooksDependencies, 'appender' | 'entries' | 'ids'>,
  secrets: WebhookSecrets,
  { principal, module, id, rotation: { overlapSeconds, idempotencyKey } }: RotationRequest,
): Promise<WebhookSecret> {
  const request = idempotencyKey === undefined ? undefined : requestOf(principal, idempotencyKey);
  const told = request === undefined ? undefined : await entries.findByIdemKey(eventIdemKey(GUARD_SOURCE, request));
  if (told !== undefined && request !== undefined) {
    const again = isOf(told, { id, overlapSeconds }) ? await secrets.shownAgain(id, request) : undefined;
    if (again !== undefined) return again;
    const message = 'the idempotency key stands for another rotation, or for one whose secret is shown no more';
    throw new EventError({ code: 'IDEMPOTENCY_CONFLICT', message: `${message}: use a new key` });
  }
  const rotated = await secrets.rotate(id, overlapSeconds, request);
  const payload = { subscription: id, module, live: rotated.live, overlapSeconds };
  const event = { id: request ?? ids.next(), payload, by: actorOf(principal) };
  await appender.append({ entries: [systemEvent('webhooks.secret_rotated', event)] });
  return rotated;
}

interface RotationRequest {
  readonly principal: Principal;
  readonly module: string;
  readonly id: string;
  readonly rotation: SecretRotation;
}

function requestOf({ kind, id }: Principal, key: string): string {
  return `rotation:${taggedHash(REQUEST_TAG, canonicalize([kind, id, key])).slice(0, REQUEST_DIGITS)}`;
}

function isOf({ note }: StoredEntry, { id, overlapSeconds }: { readonly id: string; readonly overlapSeconds: number }) {
  const recorded = parseEntry(note);
  const payload = recorded.kind === 'entry' ? recorded.body.data['payload'] : undefined;
  return isObject(payload) && payload['subscription'] === id && payload['overlapSeconds'] === overlapSeconds;
}

export interface WebhookRecordDependencies {
  readonly subscriptions: Pick<WebhookStanding, 'disable'>;
  readonly appender: Pick<Appender, 'append'>;
  /** Told about failures that no caller waits for. Must not throw. */
  readonly onError: (error: unknown) => void;
}

/** Records what a webhook's owner must know, and disables what only fails. Twice is once. */
export function recordWebhookChange(
  deps: Omit<WebhookRecordDependencies, 'onError'>,
): (change: WebhookChange) => Promise<void> {
  const tell = async (topic: 'webhooks.failing' | 'webhooks.disabled', id: string, payload: object): Promise<void> => {
    await deps.appender.append({ entries: [systemEvent(topic, { id, payload })] });
  };
  const disable = async (about: { subscription: string; module: string }, id: string, why: string): Promise<void> => {
    const reason = why.slice(0, MAX_REASON_CHARS);
    await deps.subscriptions.disable(about.subscription, reason);
    await tell('webhooks.disabled', id, { ...about, reason });
  };
  return async (change) => {
    const { subscription, module } = change;
    const about = { subscription, module };
    if (change.kind === 'gone') {
      await disable(about, `${subscription}:gone:${change.at}`, change.reason);
      return;
    }
    const { percent, since } = change;
    const id = `${subscription}:${since}:${percent}`;
    await tell('webhooks.failing', id, { ...about, percent, since: isoOf(since) });
    if (percent >= 100) await disable(about, `${id}:disabled`, ONLY_FAILED);
  };
}

/** The same for who does not wait for it. @returns takes changes in their order; never throws */
export function createWebhookRecord(deps: WebhookRecordDependencies): (change: WebhookChange) => void {
  const record = recordWebhookChange(deps);
  let turn = Promise.resolve();
  return (change) => {
    turn = turn.then(() => record(change)).catch(deps.onError);
  };
}

/** Recorded once: the id of the event is that of the key. */
async function certify(
  { appender, ledger, root }: Pick<WebhooksDependencies, 'appender' | 'ledger' | 'root'>,
  publicKey: string,
): Promise<CertifiedWebhookKey['certificate']> {
  const id = `webhook-key:${Buffer.from(publicKey).toString('base64url').slice(0, 64)}`;
  const note = await certifyWebhookKey({ ledger, root }, publicKey); // idempotent, as a signature of Ed25519 is
  const event = systemEvent('webhooks.key_certified', { id, payload: { publicKey, certificate: note } });
  const result = await appender.append({ entries: [event] });
  const [entry] = 'entries' in result ? result.entries : [];
  return { note, entity: GUARD_CHAIN, seq: must(entry, 'the entry that certifies the key').seq };
}

function webhook(subscription: Subscription): WebhookSubscription {
  if (isWebhook(subscription)) return subscription;
  const message = `the events of "${subscription.id}" are not sent by HTTP: its target is no webhook`;
  throw new EventError({ code: 'SUBSCRIPTION_INVALID', message });
}

function notHere(): never {
  throw new EventError({ code: 'SUBSCRIPTION_INVALID', message: 'this engine sends no webhooks: pull the events' });
}
