/** A shared store has a version, is brought up to it in order, and is left alone when a newer release has been there. */
import { expect, it } from 'vitest';
import { checkChangeIndex } from '../../../../core/changes/index.ts';
import { rebuildStore, STORE_VERSION, upgradeStore } from '../../../../core/system/index.ts';
import { STORE_MIGRATIONS } from '../../../../core/system/upgrade/store-upgrade.ts';
import { createFixture, patchOf, proposal, who } from '../../changes/fixture.ts';

const MARK = { pk: 'main#store', sk: 'version' };
const always = (): boolean => true;

it('there is one migration for each version after the first, in order', () => {
  expect(STORE_MIGRATIONS.map(({ to }) => to)).toEqual(Array.from({ length: STORE_VERSION - 1 }, (_, i) => i + 2));
});

it('goes as far as time allows, says how far, and does nothing once it is there', async () => {
  const { store: items, changes } = createFixture();
  await changes.propose(who('pete'), proposal([patchOf('/note', 1)]));
  const sources = { ledger: 'main', items };
  expect(await upgradeStore(sources, () => false)).toEqual({ from: 1, to: 1, done: [] });
  expect(await items.get(MARK)).toBeUndefined();
  expect(await upgradeStore(sources, always)).toEqual({
    ...{ from: 1, to: STORE_VERSION },
    done: STORE_MIGRATIONS.map(({ what }) => what),
  });
  expect(await items.get(MARK)).toMatchObject({ value: { version: STORE_VERSION } });
  expect(await upgradeStore(sources, always)).toEqual({ from: STORE_VERSION, to: STORE_VERSION, done: [] });
  expect(await checkChangeIndex('main', items)).toBeUndefined();
});

it('is built again on request, all of it', async () => {
  const { store: items, changes } = createFixture();
  await changes.propose(who('pete'), proposal([patchOf('/note', 1)]));
  const sources = { ledger: 'main', items };
  await upgradeStore(sources, always);
  await items.write([{ kind: 'put', key: { pk: 'main#topic-index', sk: 'end' }, value: { end: 512 }, expect: 'any' }]);
  await rebuildStore(sources);
  expect(await items.get({ pk: 'main#topic-index', sk: 'end' })).toBeUndefined();
  expect(await upgradeStore(sources, always)).toMatchObject({ from: 1, to: STORE_VERSION });
});

it('is left alone when a newer release has been there, and the message says what to deploy', async () => {
  const { store: items } = createFixture();
  await items.write([{ kind: 'put', key: MARK, value: { version: STORE_VERSION + 1 }, expect: 'any' }]);
  await expect(upgradeStore({ ledger: 'main', items }, always)).rejects.toMatchObject({
    code: 'STORE_NEWER',
    message: `the store of "main" has version ${STORE_VERSION + 1}, and this release knows ${STORE_VERSION}: deploy the release that wrote it, or a newer one`,
  });
  expect(await items.get(MARK)).toMatchObject({ value: { version: STORE_VERSION + 1 } });
});
