/**
 * Where a person wants to be told beside the API, recorded on a chain of that person's own. Addresses stand in no entry: the
 * entry commits to them, the vault keeps them, and the erasure of confidential fields takes them away for good.
 */
import * as z from 'zod';
import type { PersonId } from '../../brands/index.ts';
import { checkWebhookUrl, eventIdemKey, type Vault, type WebhookAllowance } from '../../events/index.ts';
import { parseEntry, type Appender, type EntryBody, type EntryStore, type Ids } from '../../ledger/index.ts';
import { actorOf, type Policy, type Principal } from '../../policy/index.ts';
import { defined } from '../../values/index.ts';
import { SystemError } from '../config/errors.ts';
import { NOTICE_CHANNELS, type NoticeChannel, type NoticePreferences } from '../contract/notices.ts';

/** In no catalog, so that nobody publishes it; what somebody else recorded under it is not believed. */
const NOTICES_PREFERRED = 'notices.preferred';
const PAYLOAD = '/payload';
const PREFIX = 'notices:';
/** Entries of a chain read at a time, from its end, and in all: beside preferences it holds only what changed them. */
const PAGE = 50;
const MAX_LOOKED_AT = 500;

const recorded = z.object({
  topic: z.literal(NOTICES_PREFERRED),
  source: z.string(),
  payload: z.object({ topics: z.array(z.string()), digestMinutes: z.int().min(0) }),
});

/** As they are in force. `seq`: of the entry; another one means that they were set anew. */
export interface KeptPreferences extends NoticePreferences {
  readonly seq: number;
}

export interface NoticePreferenceStore {
  /** Undefined: never set. A channel whose address was erased is not among them. */
  of(personId: PersonId): Promise<KeptPreferences | undefined>;
  /** @throws SystemError NOTICE_CHANNEL_INVALID */
  set(principal: Principal & { readonly kind: 'person' }, preferences: NoticePreferences): Promise<void>;
}

export interface NoticePreferenceDependencies {
  readonly entries: Pick<EntryStore, 'head' | 'read'>;
  readonly appender: Pick<Appender, 'append'>;
  readonly ids: Pick<Ids, 'next'>;
  readonly policy: Pick<Policy, 'principal'>;
  /** undefined: this process was given no keys for confidential fields */
  readonly vault: Vault | undefined;
  /** what the operator allows beyond https to public addresses */
  readonly allowed: ReadonlySet<WebhookAllowance>;
}

export function createNoticePreferences(deps: NoticePreferenceDependencies): NoticePreferenceStore {
  const { entries, appender, ids, vault, allowed, policy } = deps;
  const isOwn = (personId: PersonId, account: string): boolean => {
    const principal = policy.principal(account);
    return principal?.kind === 'person' && principal.personId === personId;
  };
  return {
    of: async (personId) => {
      const chain = chainOf(personId);
      const body = await newest(entries, chain, (account) => isOwn(personId, account));
      const parsed = body === undefined ? undefined : recorded.safeParse(body.data);
      if (body === undefined || parsed?.success !== true) return undefined;
      const channels: Partial<Record<NoticeChannel, string>> = {};
      for (const commitment of body.commits ?? []) {
        const channel = NOTICE_CHANNELS.find((one) => `${PAYLOAD}/${one}` === commitment.path);
        const field = channel === undefined ? undefined : await vault?.open(chain, body.seq, commitment);
        if (channel !== undefined && field?.kind === 'value' && typeof field.value === 'string')
          channels[channel] = field.value;
      }
      return { ...parsed.data.payload, ...channels, seq: body.seq };
    },
    set: async (principal, { topics, digestMinutes, ...channels }) => {
      const chain = chainOf(principal.personId);
      const addresses = Object.entries(defined(channels)) as [NoticeChannel, string][];
      for (const [channel, address] of addresses) requireAllowed(channel, address, allowed);
      if (addresses.length > 0 && vault === undefined) throw invalid('this process keeps no confidential fields');
      const sealed = await Promise.all(
        addresses.sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, value]) => sealIn(vault, chain, { path, value })),
      );
      const [source, eventId] = [principal.id, ids.next()];
      const payload = { person: principal.personId, topics: [...topics], digestMinutes };
      const draft = {
        ...{ type: 'event', actor: actorOf(principal), idem: eventId },
        data: { topic: NOTICES_PREFERRED, version: 1, source, payload },
        ...(sealed.length === 0 ? {} : { commits: sealed.map(({ commitment }) => commitment) }),
      };
      await appender.append({
        entries: [{ chain, draft, idemKey: eventIdemKey(source, eventId) }],
        writes: ([placed]) => (placed === undefined ? [] : sealed.map(({ writeAt }) => writeAt(placed.seq))),
      });
    },
  };
}

/** Whether an account is the person's. */
type IsOwn = (account: string) => boolean;

async function newest(
  entries: Pick<EntryStore, 'head' | 'read'>,
  chain: string,
  isOwn: IsOwn,
): Promise<EntryBody | undefined> {
  const head = await entries.head(chain);
  if (head === undefined) return undefined;
  for (let end = head.seq + 1; end > Math.max(0, head.seq - MAX_LOOKED_AT); end -= PAGE) {
    const from = Math.max(0, end - PAGE);
    const page = await entries.read(chain, from, end - from);
    const found = page.map(({ note }) => parseEntry(note)).findLast((parsed) => isPreference(parsed, isOwn));
    if (found?.kind === 'entry') return found.body;
  }
  return undefined;
}

function isPreference(parsed: ReturnType<typeof parseEntry>, isOwn: IsOwn): boolean {
  if (parsed.kind !== 'entry' || parsed.body.type !== 'event') return false;
  const { actor, data } = parsed.body;
  const event = recorded.safeParse(data);
  return event.success && event.data.source === actor.id && isOwn(actor.id);
}

function sealIn(
  vault: Vault | undefined,
  chain: string,
  { path, value }: { readonly path: string; readonly value: string },
): ReturnType<Vault['seal']> {
  if (vault === undefined) throw invalid('this process keeps no confidential fields');
  return vault.seal(chain, `${PAYLOAD}/${path}`, value);
}

function requireAllowed(channel: NoticeChannel, address: string, allowed: ReadonlySet<WebhookAllowance>): void {
  if (channel === 'email') return;
  const checked = checkWebhookUrl(address, allowed);
  if (checked.kind === 'refused') throw invalid(`the address for ${channel} ${checked.reason}`);
}

function invalid(message: string): SystemError {
  return new SystemError({ code: 'NOTICE_CHANNEL_INVALID', message });
}

function chainOf(personId: PersonId): string {
  return `${PREFIX}${personId}`;
}
