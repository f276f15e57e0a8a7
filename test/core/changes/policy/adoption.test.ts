/** What an adoption must be for its document to become the policy. */
import { describe, expect, it } from 'vitest';
import { adoptedDocument } from '../../../../core/changes/policy/adoption.ts';
import { documentHash } from '../../../../core/changes/model/document.ts';

const document = { risk: {}, roster: {} };
const none = { document: null, version: 0, hash: documentHash(null) };

function adopted(data: object, entity = 'registry:policy', current = none): unknown {
  const body = { entity, data: { version: 1, hash: documentHash(document), document, ...data } };
  return adoptedDocument({ body, hash: '' } as unknown as Parameters<typeof adoptedDocument>[0], current);
}

describe('an adoption', () => {
  it('makes its document the policy', () => {
    expect(adopted({})).toEqual({ document, version: 1, hash: documentHash(document) });
    expect(adopted({ version: 5 }, 'registry:policy', { ...none, version: 4 })).toMatchObject({ version: 5 });
  });

  it.each([
    ['null', { document: null, hash: documentHash(null) }],
    ['a list', { document: [] }],
    ['text', { document: 'x' }],
    ['nothing', { document: undefined }],
    ['no version', { version: 0 }],
    ['one more field', { more: 1 }],
  ])('is malformed with %s', (_, data) => {
    expect(adopted(data)).toBe('policy.adopted is malformed');
  });

  it('is nothing elsewhere, out of turn, or with another hash', () => {
    expect(adopted({}, 'account:1')).toContain('not here');
    expect(adopted({ version: 2 })).toContain('claims version 2');
    expect(adopted({ hash: documentHash(null) })).toContain('not that of the adopted policy');
  });
});
