/** Takes the place of the SDK's hashes in a bundle: Node's own. Theirs bring the algorithms along, for where there is no Node. */
import { createHash, createHmac } from 'node:crypto';

type Hash = ReturnType<typeof createHash> | ReturnType<typeof createHmac>;
type Bytes = string | ArrayBuffer | ArrayBufferView;

class Checksum {
  private readonly make: () => Hash;
  private hash: Hash;

  protected constructor(make: () => Hash) {
    this.make = make;
    this.hash = make();
  }

  update(data: Bytes): void {
    this.hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    // The SDK's goes on after a digest, but for HMACs.
    return new Uint8Array(('copy' in this.hash ? this.hash.copy() : this.hash).digest());
  }

  reset(): void {
    this.hash = this.make();
  }
}

export class Sha256 extends Checksum {
  /** @param secret makes it an HMAC */
  constructor(secret?: Bytes) {
    super(() => (secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret))));
  }
}

export class Md5 extends Checksum {
  constructor() {
    super(() => createHash('md5'));
  }
}

function bytesOf(data: Bytes): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
