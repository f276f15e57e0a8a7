/** Erasing confidential fields: what it takes, what it destroys, and the entry that says so. */
import { describe, expect, it } from 'vitest';
import type { FieldHash } from '../../../../core/brands/index.ts';
import { createAppender } from '../../../../core/ledger/index.ts';
import { CountingIds, FakeClock, localSealer, memoryRootSigner } from '../../../../adapters/memory/index.ts';
import { recordingFixture, by, vote } from '../recording/recording-fixture.ts';
import { ENTITY, patchOf, proposal, type Overrides, type Fixture } from '../fixture.ts';
import { checked } from '../../../support/checked.ts';

const HASH = 'ab'.repeat(32);
const erase: Overrides['erase'] = (entity, seq, path) => ({
  ...{ kind: 'delete', key: { pk: `sensitive#${entity}`, sk: `${seq}${path}` }, expect: 'any' },
});

/** Its first entry is committed to two fields. */
async function fixture(overrides: Overrides = { erase } as Overrides): Promise<Fixture> {
  const made = recordingFixture({ deps: overrides });
  const appender = createAppender({
    ...{ ledger: 'main', origin: 'ledger.test/main', store: made.store, sealer: localSealer },
    ...{ rootSigner: memoryRootSigner('ledger.test/main'), clock: new FakeClock(), ids: new CountingIds() },
  });
  const commits = ['/payload/ip', '/payload/name'].map((path) => ({ path, hash: checked<FieldHash>(HASH) }));
  const draft = { type: 'event', actor: { kind: 'module', id: 'm' }, idem: 'e', data: {}, commits } as const;
  await appender.append({ entries: [{ chain: ENTITY, draft }] });
  for (const sk of ['0/payload/ip', '0/payload/name'])
    await made.store.write([{ kind: 'put', key: { pk: `sensitive#${ENTITY}`, sk }, value: {}, expect: 'absent' }]);
  return made;
}

const erasing = (more: object = {}): object => ({
  ...{ type: 'field.erase', payload: { seq: 0, fields: ['/payload/ip'], basis: 'article 17', ...more } },
});
const propose = async (made: Fixture, ...operations: object[]) =>
  made.changes.propose(by('pete'), proposal(operations));
const kept = async (made: Fixture): Promise<string[]> =>
  (await made.store.list(`sensitive#${ENTITY}`, { limit: 9 })).map(({ sk }) => sk);

describe('an erasure', () => {
  it('destroys what was approved to be destroyed, and says by whom', async () => {
    const made = await fixture();
    const { change } = await propose(made, erasing());
    expect(change.risk?.facts).toMatchObject({ reversible: false, sensitive: { erases: true, touched: true } });
    await vote(made, change, 'ann', 'rita');
    await made.clock.advance(3_600_000);
    expect(await made.changes.advance(change.id)).toEqual({ kind: 'end', state: 'executed' });
    expect(await kept(made)).toEqual(['0/payload/name']);
    const redacted = (await made.chain()).filter(({ body }) => body.type === 'redacted');
    expect(redacted.map(({ body }) => [body.idem, body.data])).toEqual([
      [
        `${change.id}#redacted#0`,
        expect.objectContaining({
          change: change.id,
          revision: 1,
          seq: 0,
          fields: ['/payload/ip'],
          basis: 'article 17',
        }),
      ],
    ]);
  });

  it('is refused for what there is not, and together with anything else', async () => {
    const made = await fixture();
    const refusal = async (...operations: object[]): Promise<string> => {
      try {
        await propose(made, ...operations);
        return 'taken';
      } catch (error) {
        const { code, message } = error as { readonly code: string; readonly message: string };
        return `${code} ${message}`;
      }
    };
    expect(await refusal(erasing({ seq: 7 }))).toMatch(/^CHANGE_UNFIT .*has no entry #7/);
    const other = erasing({ fields: ['/payload/ip', '/payload/x'] });
    expect(await refusal(other)).toMatch(/^CHANGE_UNFIT .*no confidential field \/payload\/x/);
    expect(await refusal(erasing(), patchOf('/a', 1))).toMatch(/^CHANGE_INVALID .*goes with no other operations/);
    expect(await refusal(erasing({ basis: '' }))).toMatch(/^CHANGE_INVALID .*basis/);
    await expect(propose(made, erasing(), erasing({ fields: ['/payload/name'] }))).resolves.toBeDefined();
  });

  it('writes nothing of the kind for other operations', async () => {
    const made = await fixture();
    const { change } = await propose(made, patchOf('/note', 'x'));
    await vote(made, change, 'ann');
    expect(await made.changes.advance(change.id)).toEqual({ kind: 'end', state: 'executed' });
    expect(await kept(made)).toHaveLength(2);
    expect((await made.chain()).map(({ body }) => body.type)).not.toContain('redacted');
  });
});
