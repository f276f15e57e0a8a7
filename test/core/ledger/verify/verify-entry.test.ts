import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EpochMs, IsoInstant, LeafHash } from '../../../../core/brands/index.ts';
import { CountingIds, memoryRootSigner } from '../../../../adapters/memory/index.ts';
import { leafHash } from '../../../../core/canonical/index.ts';
import {
  certificateDraft,
  createSessionKey,
  EntryVerifier,
  genesisHash,
  noteKeyId,
  prepareEntry,
  entryText,
  sealText,
  sealRun,
  signatureLine,
  signText,
  type EntryDraft,
  type LoggedEntry,
} from '../../../../core/ledger/index.ts';
import { checked } from '../../../support/checked.ts';

const ORIGIN = 'ledger.test/main';
const ROOT = memoryRootSigner(ORIGIN);
const NOW = Date.UTC(2026, 0, 5, 8);
const HOUR = 3_600_000;
const key = createSessionKey(new CountingIds().keyPair(), checked<EpochMs>(NOW));

async function certificate(): Promise<LoggedEntry> {
  const place = { ledger: 'main', entity: key.name, at: checked<IsoInstant>(new Date(NOW).toISOString()) };
  const text = entryText(prepareEntry(place, certificateDraft(key)), genesisHash(ORIGIN, key.name), 0);
  const root = signatureLine(ROOT.name, noteKeyId(ROOT.name, ROOT.publicKey), await ROOT.sign(text));
  const sealed = sealText(text, signatureLine(key.name, key.keyId, signText(key, text)) + root);
  return { ...sealed, chain: key.name, seq: 0, position: 0 };
}

function event(at: number, draft: Partial<EntryDraft> = {}, ledger = 'main'): LoggedEntry {
  const whole: EntryDraft = { type: 'event', actor: { kind: 'module', id: 'm' }, idem: 'e1', data: {}, ...draft };
  const prepared = prepareEntry(
    { ledger, entity: 'account:1', at: checked<IsoInstant>(new Date(at).toISOString()) },
    whole,
  );
  const [sealed] = sealRun({ prev: genesisHash(ORIGIN, 'account:1'), seq: 0 }, [prepared], key);
  if (sealed === undefined) throw new Error('nothing was sealed');
  return { ...sealed, chain: 'account:1', seq: 0, position: 1 };
}

function verifier(certified: LoggedEntry | undefined, signatures = true): EntryVerifier {
  return new EntryVerifier({
    ...{ ledger: 'main', root: ROOT, signatures, rootSigned: () => false },
    certificate: async () => certified,
  });
}

const verdictOf = async (entry: LoggedEntry, certified: LoggedEntry | undefined): Promise<string> => {
  const checked = await verifier(certified).check(entry);
  return checked.kind === 'sound' ? 'OK' : checked.finding.verdict;
};

describe("an entry's session key", () => {
  it('was certified, and valid when the entry was made', async () => {
    const certified = await certificate();
    expect(await verdictOf(event(NOW), certified)).toBe('OK');
    expect(await verdictOf(event(key.notAfter), certified)).toBe('OK');
    expect(await verdictOf(event(key.notAfter + 1), certified)).toBe('SIGNATURE_INVALID');
    expect(await verdictOf(event(NOW - HOUR), certified)).toBe('SIGNATURE_INVALID');
  });

  it('is unknown when its certificate is missing, of another key or not signed by the root key', async () => {
    expect(await verdictOf(event(NOW), undefined)).toBe('KEY_UNKNOWN');
    expect(await verdictOf(event(NOW), event(NOW))).toBe('KEY_UNKNOWN');
    const certified = await certificate();
    const text = Buffer.from(certified.note).toString('utf8');
    const note = Buffer.from(text.slice(0, text.lastIndexOf('— ')));
    expect(await verdictOf(event(NOW), { ...certified, note, hash: leafHash(note) })).toBe('KEY_UNKNOWN');
  });
});

describe('reading only what links an entry', () => {
  it('finds the same as reading all of it, whatever the entry says', () => {
    const nasty = fc.oneof(
      fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
      fc.constantFrom(',"entity":"account:2"', '","idem":"', '\\",\\"entity\\":\\"x', '\\', '"'.repeat(200)),
    );
    fc.assert(
      fc.property(nasty, nasty, nasty, (idem, name, text) => {
        const entry = event(NOW, { idem, data: { entity: text, [name]: { idem: text, entity: 'account:3' } } });
        const checked = verifier(undefined, false).checkPlace(entry);
        expect(checked).toMatchObject({
          kind: 'sound',
          body: { entity: 'account:1', seq: 0, ledger: 'main', type: 'event', prev: genesisHash(ORIGIN, 'account:1') },
        });
      }),
    );
  });

  it('still sees an entry in the wrong place or with other bytes', async () => {
    const entry = event(NOW);
    const check = async (one: LoggedEntry) => await verifier(undefined, false).checkPlace(one);
    expect(await check({ ...entry, seq: 1 })).toMatchObject({ finding: { verdict: 'LINK_BROKEN' } });
    expect(await check({ ...entry, chain: 'account:2' })).toMatchObject({ finding: { verdict: 'LINK_BROKEN' } });
    expect(await check(event(NOW, {}, 'other'))).toMatchObject({ finding: { verdict: 'LINK_BROKEN' } });
    expect(await check({ ...entry, hash: checked<LeafHash>(Buffer.alloc(32)) })).toMatchObject({
      finding: { verdict: 'CONTENT_MISMATCH' },
    });
    const note = Buffer.from('nervous-system.entry.v1\nnothing\n\n— x AAAA\n');
    expect(await check({ ...entry, note, hash: leafHash(note) })).toMatchObject({ finding: { verdict: 'UNREADABLE' } });
  });
});
