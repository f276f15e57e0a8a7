/**
 * What the bus calls its AWS resources. A subscription's queue and rules carry a hash of its id and time of creation: ids
 * may hold characters AWS refuses, and SQS keeps the name of a deleted queue blocked for a minute.
 */
import { createHash } from 'node:crypto';
import { topicDomain, type Subscription } from '../../../core/events/index.ts';

const HASH_DIGITS = 20;
/** Rule names end at 64 characters: prefix, dash, hash. */
export const MAX_PREFIX_CHARS = 64 - 1 - HASH_DIGITS;
/** FIFO group ids end here. */
const MAX_GROUP_CHARS = 128;

export type Named = Pick<Subscription, 'id' | 'createdAt' | 'order'>;

export function busName(prefix: string, topicOrDomain: string): string {
  return `${prefix}-${topicDomain(topicOrDomain)}`;
}

/** Name of the subscription's rule on every bus it listens to. */
export function ruleName(prefix: string, { id, createdAt }: Pick<Named, 'id' | 'createdAt'>): string {
  return `${prefix}-${digest(`${id} ${createdAt}`).slice(0, HASH_DIGITS)}`;
}

export function queueName(prefix: string, subscription: Named): string {
  return ruleName(prefix, subscription) + (subscription.order === 'entity' ? '.fifo' : '');
}

/** Whether a rule was made for a subscription under this prefix: what else begins like it is not ours to remove. */
export function isRuleName(prefix: string, name: string): boolean {
  const digits = name.startsWith(`${prefix}-`) ? name.slice(prefix.length + 1) : '';
  return digits.length === HASH_DIGITS && /^[0-9a-f]+$/.test(digits);
}

/** The rule name a queue's name was made from. */
export function ruleNameOfQueue(queue: string): string {
  return queue.replace(/\.fifo$/, '');
}

/** FIFO group of an entity: its id, or a stand-in for an id too long to be one. */
export function groupOf(entity: string): string {
  return entity.length <= MAX_GROUP_CHARS ? entity : digest(entity);
}

/** Names an event within a FIFO queue: sent twice within five minutes, it arrives once. */
export function deduplicationId(chain: string, seq: number): string {
  return digest(`${chain}#${seq}`);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
