import { Md5 as SdkMd5, Sha256 as SdkSha256 } from '@smithy/core/checksum';
import { describe, expect, it } from 'vitest';
import { Md5, Sha256 } from '../../../../adapters/aws/bundling/native-checksums.ts';

const KINDS = {
  sha256: { ours: () => new Sha256(), theirs: () => new SdkSha256() },
  md5: { ours: () => new Md5(), theirs: () => new SdkMd5() },
  'HMAC of a text': { ours: () => new Sha256('key'), theirs: () => new SdkSha256('key') },
  'HMAC of bytes': {
    ours: () => new Sha256(new Uint8Array([1, 2, 3])),
    theirs: () => new SdkSha256(new Uint8Array([1, 2, 3])),
  },
};

describe.each(Object.entries(KINDS))('%s', (_name, { ours, theirs }) => {
  it('is what the SDK would make of the same bytes, given in pieces and after a reset', async () => {
    const [mine, other] = [ours(), theirs()];
    for (const hash of [mine, other]) {
      hash.update(new TextEncoder().encode('forgotten'));
      hash.reset();
      hash.update(new TextEncoder().encode('añ'));
      hash.update(new Uint8Array(Buffer.from('xyz').subarray(1)));
    }
    expect(await mine.digest()).toEqual(await other.digest());
  });
});
