/**
 * Delegations as they stand: one item each, named by the chain hash of the entry that granted it, and one by which the
 * person it was given to finds it. Both follow from the entries on one chain of the system, and can be rebuilt from them.
 */
import * as z from 'zod';
import type { ChainHash, Given, IsoInstant, PersonId } from '../../brands/index.ts';
import type { ItemKey, ItemStore, ItemWrite } from '../../ledger/index.ts';
import { branded, codecOf, hash as storedHash, instant, stored } from '../../values/index.ts';
import { policyEntrySchema, type ChainEntry, type PolicyEntry } from '../model/steps.ts';

export const DELEGATIONS_CHAIN = 'system/delegations';
export const DELEGATION_GRANTED = 'delegation.granted';
export const DELEGATION_REVOKED = 'delegation.revoked';
/** Delegations of one person that are looked at. */
const MAX_LISTED = 1_000;

const hash = z.string().regex(/^[0-9a-f]{64}$/);
export const grantedSchema = z.strictObject({
  /** whose vote it is */
  from: z.string().brand<'PersonId'>(),
  /** who may cast it */
  to: z.string().brand<'PersonId'>(),
  /** only for these; absent: for every role the person has */
  roles: z.array(z.string()).min(1).exactOptional(),
  until: z.iso.datetime().brand<'IsoInstant'>(),
  reason: z.string(),
  /** made the policy in force that it was given under; absent in ledgers of before 2026-11-21 alone */
  under: policyEntrySchema.exactOptional(),
});
export const revokedSchema = z.strictObject({
  delegation: hash,
  from: z.string().brand<'PersonId'>(),
  under: policyEntrySchema.exactOptional(),
});

/** What is granted, whatever it was granted under. */
export type DelegationTerms = Omit<z.output<typeof grantedSchema>, 'under'>;

export type Delegation = DelegationTerms & {
  /** chain hash of the entry that granted it */
  readonly id: ChainHash;
  /** ISO 8601 */
  readonly grantedAt: IsoInstant;
  /** ISO 8601; absent: it stands until `until` */
  readonly revokedAt?: IsoInstant;
};

const personId = branded<PersonId>(z.string());

export const delegationCodec = codecOf<Delegation>(
  'delegation',
  stored<Delegation>({
    id: storedHash(),
    from: personId,
    to: personId,
    roles: z.array(z.string()).exactOptional(),
    until: instant,
    reason: z.string(),
    grantedAt: instant,
    revokedAt: instant.exactOptional(),
  }),
);

export interface StoredDelegation {
  readonly delegation: Delegation;
  /** True while nobody revokes it. */
  readonly check: ItemWrite;
  readonly version: number;
}

export interface DelegationStore {
  readonly find: (from: Given<PersonId>, id: string) => Promise<StoredDelegation | undefined>;
  /** What the person has given. */
  readonly givenBy: (from: Given<PersonId>) => Promise<readonly Delegation[]>;
  /** What the person was given, by one or by all. */
  readonly givenTo: (to: Given<PersonId>, from?: Given<PersonId>) => Promise<readonly StoredDelegation[]>;
  readonly granted: (delegation: Delegation) => ItemWrite[];
  readonly revoked: (stored: StoredDelegation, at: IsoInstant) => ItemWrite[];
}

export function createDelegationStore(ledger: string, items: Pick<ItemStore, 'get' | 'list'>): DelegationStore {
  const keyOf = (from: string, id: string): ItemKey => ({ pk: `${ledger}#delegation#${from}`, sk: id });
  const indexOf = ({
    to,
    from,
    id,
  }: {
    readonly to: string;
    readonly from: string;
    readonly id: ChainHash | '';
  }): ItemKey => ({
    pk: `${ledger}#delegation-to#${to}`,
    sk: `${from}#${id}`,
  });
  const find: DelegationStore['find'] = async (from, id) => {
    const key = keyOf(from, id);
    const item = await items.get(key);
    if (item === undefined) return undefined;
    const { version } = item;
    return { delegation: delegationCodec.decode(item), version, check: { kind: 'check', key, expect: version } };
  };
  return {
    find,
    givenBy: async (from) =>
      (await items.list(keyOf(from, '').pk, { limit: MAX_LISTED })).map((item) => delegationCodec.decode(item)),
    givenTo: async (to, from) => {
      const { pk } = indexOf({ to, from: '', id: '' });
      const listed = await items.list(pk, { limit: MAX_LISTED, ...(from === undefined ? {} : { prefix: `${from}#` }) });
      const found = await Promise.all(listed.map(({ sk }) => find(sk.slice(0, -65), sk.slice(-64))));
      return found.filter((one) => one !== undefined);
    },
    granted: (delegation) => [
      { kind: 'put', key: keyOf(delegation.from, delegation.id), value: delegation, expect: 'absent' },
      { kind: 'put', key: indexOf(delegation), value: {}, expect: 'absent' },
    ],
    revoked: ({ delegation, version }, at) => [
      {
        kind: 'put',
        key: keyOf(delegation.from, delegation.id),
        value: { ...delegation, revokedAt: at },
        expect: version,
      },
    ],
  };
}

export type ReadDelegation =
  | { readonly kind: 'granted'; readonly grant: DelegationTerms; readonly under: PolicyEntry | undefined }
  | {
      readonly kind: 'revoked';
      readonly delegation: string;
      readonly from: PersonId;
      readonly under: PolicyEntry | undefined;
    };

/** What an entry says of a delegation; undefined: it does not say it as it must be said. */
export function readDelegation({ type, data }: Pick<ChainEntry['body'], 'type' | 'data'>): ReadDelegation | undefined {
  if (type === DELEGATION_GRANTED) {
    const parsed = grantedSchema.safeParse(data);
    if (!parsed.success) return undefined;
    const { under, ...grant } = parsed.data;
    return { kind: 'granted', grant, under };
  }
  const parsed = revokedSchema.safeParse(data);
  if (!parsed.success) return undefined;
  const { under, delegation, from } = parsed.data;
  return { kind: 'revoked', delegation, from, under };
}

/** The items that follow from an entry about delegations; undefined: it is about something else. */
export async function rebuiltDelegation(
  store: DelegationStore,
  { body, hash: id }: ChainEntry,
): Promise<ItemWrite[] | string | undefined> {
  if (body.type !== DELEGATION_GRANTED && body.type !== DELEGATION_REVOKED) return undefined;
  if (body.entity !== DELEGATIONS_CHAIN) return `delegations are recorded on ${DELEGATIONS_CHAIN}`;
  if (body.type === DELEGATION_GRANTED) {
    const parsed = grantedSchema.safeParse(body.data);
    if (!parsed.success) return `${body.type} is malformed`;
    const { under: _under, ...grant } = parsed.data;
    return store.granted({ ...grant, id, grantedAt: body.at });
  }
  const revocation = revokedSchema.safeParse(body.data);
  const stored = revocation.success && (await store.find(revocation.data.from, revocation.data.delegation));
  return stored ? store.revoked(stored, body.at) : 'it revokes no delegation';
}
