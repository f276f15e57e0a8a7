/**
 * OCSF's `record_integrity` (1.9) for an event: SHA-256 over the event's own JCS (RFC 8785) with the attestation in it, but for the
 * fingerprint itself. It names the event before it, so a range of the log is one chain, and it can be checked from a row alone.
 */
import { canonicalize, sha256, toHex, type JsonObject, type JsonValue } from '../canonical/index.ts';
import { must } from '../errors/index.ts';
import { isObject } from '../values/index.ts';

const SHA_256 = 3;
const HEX = 1;
const JCS = 2;

export interface AttestedEvent {
  readonly event: JsonObject;
  readonly fingerprint: string;
}

export interface ChainLink {
  /** who attests: the origin of the log */
  readonly authority: string;
  readonly chain: string;
  /** undefined: the first of its chain */
  readonly before: AttestedEvent | undefined;
}

export function attest(event: JsonObject, { authority, chain, before }: ChainLink): AttestedEvent {
  const attestation: JsonObject = {
    authority_uid: authority,
    chain_uid: chain,
    ...(before === undefined ? {} : { prev_event: referenceTo(before) }),
  };
  const fingerprint = fingerprintOf(withAttestation(event, attestation));
  const attested = withAttestation(event, { ...attestation, fingerprint: fingerprintObject(fingerprint) });
  return { event: attested, fingerprint };
}

/** What the fingerprint of an attested event has to be, from the event alone; undefined: it has no attestation. */
export function expectedFingerprint(event: JsonObject): string | undefined {
  const attestation = objectIn(event['unmapped'], 'ns_attestation');
  if (attestation === undefined) return undefined;
  const { fingerprint: _, ...rest } = attestation;
  return fingerprintOf(withAttestation(event, rest));
}

function withAttestation(event: JsonObject, attestation: JsonObject): JsonObject {
  return { ...event, unmapped: { ...(event['unmapped'] as JsonObject), ns_attestation: attestation } };
}

function fingerprintOf(event: JsonObject): string {
  return toHex(sha256(canonicalize(event, { integersOnly: true })));
}

function referenceTo({ event, fingerprint }: AttestedEvent): JsonObject {
  const uid = must((event['metadata'] as JsonObject)['uid'], 'the uid of an event');
  return {
    uid,
    type_uid: must(event['type_uid'], 'the type of an event'),
    fingerprint: fingerprintObject(fingerprint),
  };
}

function fingerprintObject(value: string): JsonObject {
  return { algorithm_id: SHA_256, encoding_id: HEX, serialization_id: JCS, value };
}

function objectIn(value: JsonValue | undefined, name: string): JsonObject | undefined {
  const inner = isObject(value) ? value[name] : undefined;
  return isObject(inner) ? inner : undefined;
}
