/** The entry and the name with which a log goes on after a loss. */
import { expect, it } from 'vitest';
import { memoryRootSigner } from '../../../../adapters/memory/index.ts';
import { incarnationDraft, LOG_CHAIN, logOrigin, logSigner } from '../../../../core/ledger/log/incarnation.ts';

const before = { origin: 'o/2', size: 10, root: new Uint8Array(32).fill(7) };

it('is signed by the root key, and says what was kept and what is lost', () => {
  const root = Buffer.alloc(32, 7).toString('base64');
  expect(incarnationDraft({ incarnation: 3, kept: 8, before })).toMatchObject({
    ...{ type: 'log.incarnated', idem: 'incarnation-3', rootSigned: true },
    data: { incarnation: 3, kept: 8, lost: 2, before: { origin: 'o/2', size: 10, root } },
  });
  expect(incarnationDraft({ incarnation: 3, kept: 12, before }).data).toMatchObject({ lost: 0 });
  expect(LOG_CHAIN).toBe('system/log');
});

it('names the note of the checkpoint where it is at hand', () => {
  const noteOf = (more: object): unknown =>
    incarnationDraft({ incarnation: 2, kept: 1, before, ...more }).data['before'];
  expect(noteOf({})).not.toHaveProperty('noteHash');
  expect(noteOf({ noteHash: 'ab' })).toMatchObject({ noteHash: 'ab' });
});

it('has a name of its own from the second on, with the same key', async () => {
  expect(logOrigin('o', [])).toBe('o');
  expect(logOrigin('o', [5])).toBe('o/2');
  expect(logOrigin('o', [5, 9])).toBe('o/3');
  const root = memoryRootSigner('o');
  const signer = logSigner(root, [5]);
  expect([signer.name, signer.publicKey]).toEqual(['o/2', root.publicKey]);
  expect(await signer.sign(Buffer.from('x'))).toEqual(await root.sign(Buffer.from('x')));
});
