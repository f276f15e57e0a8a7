/**
 * Which addresses a webhook may go to. Whoever makes a webhook chooses where this system connects to, so nothing is allowed but
 * public unicast addresses, unless the operator says so. Asked of each address of a name, and again at each attempt.
 */
import ipaddr from 'ipaddr.js';

/** What the operator allows beyond https to public addresses. Nothing allows link-local addresses, where clouds keep credentials. */
export type WebhookAllowance = 'http' | 'loopback' | 'private' | 'ports';

const HTTPS_PORT = '443';
/** Ranges of ipaddr.js that are networks of the operator's own. */
const PRIVATE: ReadonlySet<string> = new Set(['private', 'uniqueLocal', 'carrierGradeNat']);
/** All that is global unicast today (IANA, "IPv6 Global Unicast Address Assignments"); beside it lie old and local ways to IPv4. */
const GLOBAL_UNICAST: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3];
const MAX_URL_CHARS = 2_048;

export type CheckedUrl =
  | {
      readonly kind: 'name';
      readonly url: URL;
      /** to be resolved; every answer must pass `addressProblem` */
      readonly host: string;
    }
  | { readonly kind: 'address'; readonly url: URL; readonly address: string }
  | { readonly kind: 'refused'; readonly reason: string };

/** What can be said of a URL without asking the DNS. The URL parser makes one spelling of all spellings of an address. */
export function checkWebhookUrl(text: string, allowed: ReadonlySet<WebhookAllowance>): CheckedUrl {
  if (text.length > MAX_URL_CHARS) return refused(`is longer than ${MAX_URL_CHARS} characters`);
  if (!URL.canParse(text)) return refused('is no URL');
  const url = new URL(text);
  const isPlain = url.protocol === 'http:' && allowed.has('http');
  if (url.protocol !== 'https:' && !isPlain) return refused('must begin with https://');
  if (url.username !== '' || url.password !== '') return refused('must hold no credentials: what is sent is signed');
  if (url.hash !== '') return refused('must have no fragment: it is not sent');
  const isUsualPort = url.port === '' || url.port === HTTPS_PORT;
  if (!isUsualPort && !allowed.has('ports') && !allowed.has('loopback')) return refused('must be on port 443');
  const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
  if (host === '') return refused('names no host');
  if (!ipaddr.isValid(host)) return { kind: 'name', url, host };
  const problem = addressProblem(host, allowed);
  return problem === undefined ? { kind: 'address', url, address: host } : refused(problem);
}

/** Why nothing is sent to an address; undefined: it may be connected to. */
export function addressProblem(text: string, allowed: ReadonlySet<WebhookAllowance>): string | undefined {
  if (!ipaddr.isValid(text)) return 'is no address';
  const address = ipaddr.process(text); // an IPv4 address in IPv6 form is judged as what it is
  const range = rangeOf(address);
  if (range === 'unicast') return undefined;
  if (range === 'loopback' && allowed.has('loopback')) return undefined;
  if (PRIVATE.has(range) && allowed.has('private')) return undefined;
  return `is not a public address (${range})`;
}

function rangeOf(address: ipaddr.IPv4 | ipaddr.IPv6): string {
  const range = address.range();
  const isAssigned = address instanceof ipaddr.IPv4 || address.match(GLOBAL_UNICAST);
  return range === 'unicast' && !isAssigned ? 'unassigned' : range;
}

function refused(reason: string): CheckedUrl {
  return { kind: 'refused', reason };
}
