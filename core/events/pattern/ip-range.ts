/**
 * IP addresses and CIDR blocks (RFC 4632, RFC 4291) as fixed-length hexadecimal texts, so that a range is two string
 * comparisons. An IPv4-mapped IPv6 address is the IPv4 address. Looks nothing up: a host name is not an address.
 */
import { orBlank } from '../../values/index.ts';

/** Both ends included; 8 hexadecimal digits for IPv4, 32 for IPv6. */
export interface IpRange {
  readonly low: string;
  readonly high: string;
}

export type CidrParse =
  { readonly kind: 'range'; readonly range: IpRange } | { readonly kind: 'refused'; readonly reason: string };

/** Characters of the longest spelling, IPv6 in full; spares long texts the parsing. */
const MAX_ADDRESS_LENGTH = 39;
const MAPPED_PREFIX = `${'0'.repeat(20)}ffff`;

export function isInRange({ low, high }: IpRange, text: string): boolean {
  const address = addressOf(text);
  return address?.length === low.length && address >= low && address <= high;
}

/** The block is floored: the bits right of the mask do not count, `10.0.0.9/24` is `10.0.0.0/24`. */
export function parseCidr(text: string): CidrParse {
  const [ip, bits, ...more] = text.split('/');
  if (ip === undefined || bits === undefined || more.length > 0) return refused('write it as address/bits');
  const address = addressOf(ip);
  if (address === undefined) return refused('its address is neither IPv4 nor IPv6: write one such as 10.0.0.0/8');
  const width = address.length * 4;
  if (!/^\d{1,3}$/.test(bits) || Number(bits) >= width) {
    return refused(
      `its mask must be 0 to ${width - 1} bits: for a single address write the address itself as the value`,
    );
  }
  const hostBits = BigInt(width) - BigInt(bits);
  const low = (BigInt(`0x${address}`) >> hostBits) << hostBits;
  const high = low | ((1n << hostBits) - 1n);
  return { kind: 'range', range: { low: hex(low, address.length), high: hex(high, address.length) } };
}

/** The address in hexadecimal, or nothing when the text is no IP address. */
export function addressOf(text: string): string | undefined {
  if (text.length > MAX_ADDRESS_LENGTH) return undefined;
  return text.includes(':') ? ipv6Of(text) : ipv4Of(text);
}

function ipv4Of(text: string): string | undefined {
  const bytes = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  if (bytes === undefined || bytes.some((byte) => byte > 255)) return undefined;
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function ipv6Of(text: string): string | undefined {
  const [head = '', tail, ...more] = text.split('::');
  if (more.length > 0) return undefined;
  const left = groupsOf(head);
  const right = groupsOf(orBlank(tail));
  if (left === undefined || right === undefined) return undefined;
  const missing = 8 - left.length - right.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const address = [...left, ...Array<string>(missing).fill('0000'), ...right].join('');
  return address.startsWith(MAPPED_PREFIX) ? address.slice(MAPPED_PREFIX.length) : address;
}

function groupsOf(text: string): readonly string[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return groups.map((group) => group.toLowerCase().padStart(4, '0'));
}

function hex(value: bigint, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

function refused(reason: string): CidrParse {
  return { kind: 'refused', reason };
}
