/**
 * Values and notes above a kilobyte, made smaller: DynamoDB bills each begun one, twice in a transaction. Raw DEFLATE with a preset
 * dictionary of what such texts have in common, so that a change-set of 5 KB takes two units instead of six. The dictionary is
 * part of the format: attribute z means this one for ever, another one gets another attribute.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** Smaller ones fit into a kilobyte with their keys. */
const WORTH_PACKING_BYTES = 800;
/** What an item could hold without packing: nothing becomes possible by it. Also the bound of what is unpacked. */
const MAX_BYTES = 400 * 1_024;

/** @returns undefined: it stays as it is */
export function pack(text: Uint8Array): Uint8Array | undefined {
  if (text.length < WORTH_PACKING_BYTES || text.length > MAX_BYTES) return undefined;
  const packed = deflateRawSync(text, { dictionary: DICTIONARY });
  return packed.length < text.length ? packed : undefined;
}

/** @throws RangeError, Error: this was not packed here */
export function unpack(packed: Uint8Array): Buffer {
  return inflateRawSync(packed, { dictionary: DICTIONARY, maxOutputLength: MAX_BYTES });
}

// prettier-ignore
const DICTIONARY = Buffer.from([
  'nervous-system.entry.v1\n{"actor":{"id":"nervous-system","kind":"service"},"actor":{"id":"","kind":"module"},"at":"202',
  '6-","data":{"change":"","payload":{"amount":"","currency":"","source":"","topic":"","version":1},"entity":"","idem":""',
  ',"ledger":"main","prev":"","seq":0,"type":"event","v":1}\n\n— keys/"before":"after":"registry:policy","kind":"override',
  '","kind":"sample","due":"","reviews":[],"reminders":,"eligible":{},"resolutions":[],"delegate":{"personId":"","failure',
  '":{"code":"","message":""},"reverts":"supersedes":"ticket":"reason":"reviewBy":"tests":"system":"service":"person:"mod',
  'ule:"agent:executor.invoke@1state.delete@1field.erase@1state.patch@1","path":"/","op":"replace","value":"}],"from":"ex',
  'ecutor":"state.put@1","inverse":"restore-before-image"}],"status":"undone"not-applied"intended"state":"draft"rejected"',
  'cancelled"expired"failed"rolling_back"rolled_back"rollback_failed"executing"executed"approved"pending","type":"change.',
  'revised"change.returned"change.withdrawn"change.rejected"change.expired"change.reminded"change.escalated"change.overri',
  'dden"change.reviewed"change.undone"change.rolled-back"change.failed{"id":","entityId":"account:","state":"pending","pr',
  'oposer":{"kind":"person","id":""},"proposer":{"kind":"agent","id":"","logic":"@1.0.0"},"content":{"change":"","revisio',
  'n":1,"title":"","rationale":"","evidence":[],"operations":[{"type":"state.patch","payload":{"currency":"CZK","limit":"',
  '0.00"},"executor":"state.patch@1","inverse":"restore-before-image"}],"contentHash":"","initiator":"agent:","sponsor":"',
  'person:","excludes":[""],"deadline":"2026-","under":{"seq":0,"hash":""}},"proposal":"","round":1,"votes":[{"revision":',
  '1,"contentHash":"","assessmentHash":"","nonce":"","decision":"approve","change":"","personId":"","roles":["owner"],"un',
  'der":{"seq":0,"hash":""},"step":"","seq":4,"hash":"","at":"","account":""}],"progress":[{"status":"applied","intent":"',
  '","intentSeq":9,"beforeHash":"","afterHash":"","applied":""}],"entries":[{"type":"change.proposed","seq":0,"hash":"","',
  'at":"2026-"},{"type":"change.assessed","seq":1,"hash":""},{"type":"change.voted","seq":,"hash":"},{"type":"change.appr',
  'oved","seq":},{"type":"change.claimed","seq":},{"type":"change.intent","seq":},{"type":"change.applied","seq":},{"type',
  '":"change.executed","seq":}],"createdAt":"2026-","updatedAt":"2026-","assessment":{"change":"","revision":1,"round":1,',
  '"proposal":"","contentHash":"","facts":{"entity":"account:","initiator":{"kind":"agent","id":"","proven":true,"recentC',
  'hanges":0,"recentMoved":0,"recentEntities":0},"onEntity":{"recentChanges":0,"recentMoved":0},"operations":{"count":1,"',
  'types":["state.put"]},"reversible":true,"creates":true,"money":{"touched":false,"moved":0},"sensitive":{"touched":fals',
  'e,"erases":false,"paths":[]},"freeze":{"active":false,"names":[]},"bytesChanged":0},"matched":[""],"level":"L2","roles',
  '":["owner","peer"],"approvals":2,"timelockMinutes":0,"enforcement":"soft","policy":{"version":"1","hash":""},"base":{"',
  'version":0,"hash":""},"result":"","under":{"seq":0,"hash":""},"asOf":"2026-","turns":{"sponsor":0,"entity":0},"assessm',
  'entHash":"","step":""},"approval":{"step":"","timelockUntil":"2026-"},"claim":"","document":{"version":1,"hash":""}}',
].join(''));
