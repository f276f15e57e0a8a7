/** The session key in use: makes the next one in time and records its certificate before the first entry it signs. */
import { isoOf, type EpochMs } from '../../brands/index.ts';
import { toHex } from '../../canonical/index.ts';
import type { AppendedEntry, AppenderOptions } from './append-types.ts';
import { genesisHash, prepareEntry, type SealedEntry } from '../entries/entry.ts';
import { LedgerError } from '../entries/errors.ts';
import { planRuns, sealRuns } from './seal.ts';
import { certificateDraft, createSessionKey, isFresh, type SessionKey } from './session-key.ts';
import { MS_PER_MINUTE } from '../../values/index.ts';

/** Certificates asked for in a minute, at most: one an hour is usual, and a store that fails must not wear out the root key. */
export const MAX_CERTIFICATIONS_PER_MINUTE = 6;

export class SessionKeys {
  private readonly options: AppenderOptions;
  private readonly now: () => EpochMs;
  private current: SessionKey | undefined;
  private making: Promise<SessionKey> | undefined;
  /** when the last ones were asked for, oldest first */
  private asked: readonly number[] = [];

  /** @param now the time entries are stamped with: a key must be valid at it, whatever the clock does */
  constructor(options: AppenderOptions, now: () => EpochMs) {
    this.options = options;
    this.now = now;
  }

  async fresh(): Promise<SessionKey> {
    const now = this.now();
    if (this.current !== undefined && isFresh(this.current, now)) return this.current;
    // All who ask meanwhile get the same one: a second would be certified for nothing.
    this.making ??= this.make(now).finally(() => void (this.making = undefined));
    return this.making;
  }

  /** Resolves when no key is being certified. */
  async settled(): Promise<void> {
    await this.making?.catch(() => undefined);
  }

  private async make(now: EpochMs): Promise<SessionKey> {
    this.count();
    const key = createSessionKey(this.options.ids.keyPair(), now);
    const certificate = await this.certify(key);
    this.options.onCommit?.([certificate]);
    return (this.current = key);
  }

  /** The key is revoked: what it signed next would not be believed. */
  drop(name: string): void {
    if (this.current?.name === name) this.current = undefined;
  }

  /** Counted before the root key signs, whatever becomes of the certificate. @throws LedgerError LEDGER_BUSY */
  private count(): void {
    const now = this.options.clock.now();
    const recent = this.asked.filter((at) => Math.abs(now - at) < MS_PER_MINUTE);
    if (recent.length >= MAX_CERTIFICATIONS_PER_MINUTE)
      throw new LedgerError({
        code: 'LEDGER_BUSY',
        message: `the root key certified ${recent.length} session keys for this process in a minute, and no more are asked for; nothing was written: find out why they are lost (store failures, revocations), retry with the same id in a minute`,
      });
    this.asked = [...recent, now];
  }

  /** The certificate's chain is new and named after the key, so nobody else can want its place: one commit decides. */
  private async certify(key: SessionKey): Promise<AppendedEntry> {
    const { ledger, origin, store } = this.options;
    const draft = certificateDraft(key);
    const at = isoOf(this.now());
    const prepared = [prepareEntry({ ledger, entity: key.name, at }, draft)];
    const request = { entries: [{ chain: key.name, draft }] };
    const runs = await planRuns([{ prepared, request }], {
      get: async (chain) => ({ prev: genesisHash(origin, chain), seq: 0 }),
    });
    const sealed = (await sealRuns(runs, { ...this.options, signer: key, callerIsIdle: true }))[0]?.[0] as SealedEntry;
    const place = { chain: key.name, seq: 0 };
    const [outcome] = await store.commit([{ entries: [{ ...place, ...sealed, idemKey: undefined }], writes: [] }]);
    if (outcome?.kind !== 'committed')
      throw new Error(`the session key's certificate was not stored: ${outcome?.kind ?? 'no outcome'}`);
    return { ...place, hash: toHex(sealed.hash), at, draft, position: outcome.positions[0] };
  }
}
