#!/usr/bin/env python3
"""An independent verifier of Nervous System ledgers: one file, Python 3.11 and `cryptography`, written from docs/formats.md.

    python3 docs/verifier.py DATA_FOLDER --vkey root.vkey        # a data folder, running or stopped, or a copy of one
    python3 docs/verifier.py DATA_FOLDER --entity account:1      # one chain, its place in the log, its document
    python3 docs/verifier.py DATA_FOLDER --state                 # decisions and documents, the entries as they are
    python3 docs/verifier.py EXPORT_FOLDER --vkey root.vkey      # what `nervous export` made
    python3 docs/verifier.py --proof one.proof --vkey root.vkey  # a proof of one entry
    python3 docs/verifier.py --serve                             # one JSON request a line, one JSON answer a line

It prints one JSON object {verdict, firstBad, entries, checked, notChecked} and exits with the verdict's code. It shares no
code with the product: where the two disagree, one of them or formats.md is wrong. It reads and never writes.
"""

import argparse
import base64
import hashlib
import json
import os
import re
import sqlite3
import sys
import time
import zlib

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

EXIT_CODES = {
    "OK": 0,
    "CONTENT_MISMATCH": 10,
    "LINK_BROKEN": 11,
    "SIGNATURE_INVALID": 12,
    "KEY_UNKNOWN": 13,
    "MISSING_ENTRY": 14,
    "DRIFT": 15,
    "UNREADABLE": 16,
    "NOT_YET_ANCHORED": 17,
    "KEY_REVOKED": 18,
    "FORK": 19,
    "ROLLED_BACK": 20,
    "STALE": 21,
    "UNAUTHORIZED_DECISION": 22,
    "DUPLICATE_ENTRY": 23,
    "NOT_FOUND": 24,
    "CLAIM_INVALID": 25,
    "STALE_EFFECT": 26,
}
USAGE_EXIT_CODE = 2

LOG = "(log)"
NOBODY = "(not recorded)"
MAX_SAFE = 2**53 - 1
MAX_DEPTH = 64
MAX_NOTE_BYTES = 65_535
MAX_LOG_LINES = 100
MAX_REVOCATIONS = 1_000
MAX_ROTATIONS = 10_000
MAX_ROOT_MESSAGE = 4_096  # bytes that a root key signs as they are
MAX_VERDICTS = 4_096  # trees whose signature is remembered
TILE = 256
HASH = 32
ANCHOR_GRACE_MS = 60_000


class Bad(Exception):
    """The first bad entry or file: what verification ends with."""

    def __init__(self, verdict, detail, entity=LOG, seq=0, position=None, path=None):
        super().__init__(f"{verdict}: {detail}")
        self.verdict, self.detail = verdict, detail
        self.entity, self.seq, self.position, self.path = entity, seq, position, path

    def report(self):
        found = {"verdict": self.verdict, "entity": self.entity, "seq": self.seq}
        if self.position is not None:
            found["position"] = self.position
        if self.path is not None:
            found["path"] = self.path
        return {**found, "detail": self.detail}


class Malformed(Exception):
    """Bytes that are not what they should be; whoever reads them decides what that means."""


# ---------------------------------------------------------------------------------------------------------------- JSON


def is_int(value):
    return isinstance(value, int) and not isinstance(value, bool)


def is_count(value):
    return is_int(value) and 0 <= value <= MAX_SAFE


def refuse_constant(name):
    raise Malformed(f"{name} is not JSON")


def parse_float(text):
    value = float(text)
    return int(value) if value.is_integer() and abs(value) <= MAX_SAFE else value


def parse_json(text):
    """Any JSON text, as a JSON parser reads it. Python takes more than JSON in places; that is refused here."""
    try:
        return json.loads(text, parse_constant=refuse_constant, parse_float=parse_float)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not JSON: {error}") from None


def utf16_order(key):
    return key.encode("utf-16-be", "surrogatepass")


def canonical(value, depth=0):
    """RFC 8785 for what an entry may hold: integers up to 2^53-1, no lone surrogates, at most 64 levels."""
    if isinstance(value, (list, dict)) and depth >= MAX_DEPTH:
        raise Malformed(f"nested deeper than {MAX_DEPTH} levels")
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int):
        if abs(value) > MAX_SAFE:
            raise Malformed(f"{value} is not between -(2^53-1) and 2^53-1")
        return str(value)
    if isinstance(value, str):
        if not is_well_formed(value):
            raise Malformed("a string has a lone surrogate")
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ",".join(canonical(one, depth + 1) for one in value) + "]"
    if isinstance(value, dict):
        keys = sorted(value, key=utf16_order)
        return "{" + ",".join(f"{canonical(key, depth + 1)}:{canonical(value[key], depth + 1)}" for key in keys) + "}"
    raise Malformed(f"{value!r} is not an integer, and decimals are strings")


def is_well_formed(text):
    try:
        text.encode("utf-8")
        return True
    except UnicodeEncodeError:
        return False


def is_hash(value):
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) is not None


def sha256(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


def tagged_hash(tag, value):
    return sha256(f"{tag}\n{canonical(value)}\n".encode()).hex()


def strict_base64(text):
    """The bytes of canonical base64 (RFC 4648 section 4, padded), or None."""
    try:
        found = base64.b64decode(text, validate=True)
    except (ValueError, TypeError):
        return None
    return found if base64.b64encode(found).decode() == text else None


# --------------------------------------------------------------------------------------------------------------- notes

# White space as ECMA-262 has it: not in names of keys.
SPACE = "\\t\\n\\x0b\\x0c\\r \\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff"
KEY_NAME = re.compile(f"[^{SPACE}+\\ufffd]+")
ED25519, COSIGNATURE = 1, 4
BATCH = b"\xffnervous-system/batch/v1"
SALT, SMALLEST_TREE, LARGEST_TREE = 16, 2, 16


class Key:
    """A public key under the name and key id that signature lines of it have."""

    def __init__(self, name, public, kind=ED25519):
        self.name, self.public, self.kind = name, public, kind
        self.id = sha256(name.encode(), b"\n", bytes([kind]), public)[:4]
        self.tree_id = sha256(name.encode(), b"\n", BATCH, public)[:4]
        self.key = Ed25519PublicKey.from_public_bytes(public)
        self.until = None  # log index at which a root key was replaced

    def signed(self, text, signature):
        """Is this signature of the text right? For a witness: is the cosignature right?"""
        if self.kind == COSIGNATURE:
            seconds = cosignature_time(signature)
            if seconds is None:
                return False
            text, signature = b"cosignature/v1\ntime %d\n" % seconds + text, signature[8:]
        try:
            self.key.verify(signature, text)
            return True
        except InvalidSignature:
            return False

    def signed_note(self, note, text=None):
        """One line of this key is right, over the note's text or over what was signed in its place."""
        text = note.text if text is None else text
        return any(
            name == self.name and key_id == self.id and len(signature) == 64 and self.signed(text, signature)
            for name, key_id, signature in note.lines
        )

    def signed_in_tree(self, note, origin, verdicts):
        """One line leads from the note's text to a root that this key signed. `verdicts` remembers roots, so that one is asked once."""
        for name, key_id, blob in note.lines:
            tree = read_tree(blob) if (name, key_id) == (self.name, self.tree_id) else None
            if tree is None:
                continue
            size, root = tree[0], tree_root(tree, note.text)
            message = b"nervous-system.batch.v1\n%s\n%s\n%d\n%s\n"
            message %= origin.encode("utf-8", "surrogatepass"), name.encode(), size, base64.b64encode(root)
            asked = (self.public, message, blob[-64:])
            if asked not in verdicts:
                if len(verdicts) >= MAX_VERDICTS:
                    verdicts.clear()
                verdicts[asked] = self.signed(message, blob[-64:])
            if verdicts[asked]:
                return True
        return False

    def signed_as_root(self, note):
        """A root key may have signed the hash of a long text in its place."""
        if self.signed_note(note):
            return True
        if len(note.text) <= MAX_ROOT_MESSAGE:
            return False
        digest = sha256(note.text).hex().encode()
        return self.signed_note(note, b"nervous-system.long-text.v1\n" + digest + b"\n")


def cosignature_time(signature):
    if len(signature) != 72:
        return None
    seconds = int.from_bytes(signature[:8], "big")
    return seconds if seconds <= MAX_SAFE else None


def path_length(index, size):
    """How many hashes lead from this leaf of a tree of so many to the root."""
    length, last = 0, size - 1
    while last > 0:
        length += index % 2 == 1 or index < last
        index, last = index // 2, last // 2
    return length


def read_tree(blob):
    """(size, index, salt, path) of a batch signature, or None where it has not exactly that form."""
    if len(blob) < SALT + 2:
        return None
    size, index = blob[SALT], blob[SALT + 1]
    if not SMALLEST_TREE <= size <= LARGEST_TREE or index >= size:
        return None
    path = blob[SALT + 2 : -64]
    if len(blob) != SALT + 2 + path_length(index, size) * HASH + 64:
        return None
    return size, index, blob[:SALT], [path[at : at + HASH] for at in range(0, len(path), HASH)]


def tree_root(tree, text):
    size, index, salt, path = tree
    return path_root(sha256(b"\0", salt, text), index, size, path)


def path_root(found, index, size, path):
    """The root that these hashes lead to from a leaf's hash; their number fits."""
    last = size - 1
    for sibling in path:
        while index % 2 == 0 and index == last:  # a last one without a sibling rises as it is
            index, last = index // 2, last // 2
        found = sha256(b"\1", sibling, found) if index % 2 == 1 else sha256(b"\1", found, sibling)
        index, last = index // 2, last // 2
    return found


class Note:
    """A signed note: its text, and its lines as (name, key id, signature)."""

    def __init__(self, data, any_type=False):
        split = data.rfind(b"\n\n")
        if split < 0:
            raise Malformed("no blank line between text and signatures")
        self.text = data[: split + 1]
        tail = data[split + 2 :].decode("utf-8", "replace")
        if not tail.endswith("\n") or tail == "\n":
            raise Malformed("the signature lines do not end in a newline")
        self.lines = []
        for line in tail[:-1].split("\n"):
            parts = line.split(" ")
            if len(parts) != 3 or parts[0] != "\u2014" or not KEY_NAME.fullmatch(parts[1]):
                raise Malformed("a signature line is malformed")
            encoded = strict_base64(parts[2])
            if encoded is None or len(encoded) <= 4:
                raise Malformed("a signature line is malformed")
            if not any_type and len(encoded) != 68 and read_tree(encoded[4:]) is None:
                raise Malformed("a signature line is malformed")
            self.lines.append((parts[1], encoded[:4], encoded[4:]))


def parse_vkey(text):
    """A C2SP verifier key, or None."""
    found = re.fullmatch(f"([^{SPACE}+]+)\\+([0-9a-f]{{8}})\\+([A-Za-z0-9+/=]+)", text.strip())
    typed = strict_base64(found[3]) if found else None
    if typed is None or len(typed) != 33 or typed[0] not in (ED25519, COSIGNATURE):
        return None
    key = Key(found[1], typed[1:], typed[0])
    return key if key.id.hex() == found[2] else None


# -------------------------------------------------------------------------------------------------------------- entries

HEADER = b"nervous-system.entry.v1\n"
BODY_KEYS = ["actor", "at", "data", "entity", "idem", "ledger", "prev", "seq", "type", "v"]
BODY_KEYS_WITH_COMMITS = ["actor", "at", "commits", *BODY_KEYS[2:]]
AT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")

REDACTED = "redacted"
KEY_CERTIFIED, KEY_REVOKED, KEY_ROTATED = "key.certified", "key.revoked", "key.rotated"
POLICY_ADOPTED = "policy.adopted"
ROOT_CHAIN = "keys/root"
LOG_INCARNATED = "log.incarnated"
ROOT_SIGNED = {
    KEY_CERTIFIED,
    KEY_REVOKED,
    KEY_ROTATED,
    LOG_INCARNATED,
    POLICY_ADOPTED,
    "change.approved",
    "change.rejected",
    "change.claimed",
    "change.executed",
    "change.rolled-back",
    "change.rollback-failed",
    "change.overridden",
    "change.resolved-executed",
    "change.resolved-rolled-back",
}


def leaf_hash(note):
    return sha256(b"\0", note)


class Stored:
    """Bytes with the place and the hash that the store, or the tile of an export, has for them."""

    def __init__(self, chain, seq, position, note, recorded):
        self.chain, self.seq, self.position, self.note, self.hash = chain, seq, position, note, recorded

    def bad(self, verdict, detail, path=None):
        return Bad(verdict, detail, self.chain, self.seq, self.position, path)


class Entry:
    """The bytes of a stored note, read as an entry. Raises Malformed."""

    def __init__(self, data):
        if len(data) > MAX_NOTE_BYTES:
            raise Malformed(f"{len(data)} bytes, an entry has at most {MAX_NOTE_BYTES}")
        self.note = Note(data)
        if not self.note.text.startswith(HEADER):
            raise Malformed("the first line is not that of an entry")
        try:
            text = self.note.text[len(HEADER) : -1].decode("utf-8")
        except UnicodeDecodeError:
            raise Malformed("not UTF-8") from None
        self.body = parse_json(text)
        if canonical(self.body) != text:
            raise Malformed("the body is not in canonical form")
        self.check_body()

    def check_body(self):
        body = self.body
        if not isinstance(body, dict) or list(body) not in (BODY_KEYS, BODY_KEYS_WITH_COMMITS):
            raise Malformed("the body does not have the keys of an entry")
        if not is_int(body["v"]) or body["v"] != 1:
            raise Malformed("v is not 1")
        if not is_int(body["seq"]) or body["seq"] < 0:
            raise Malformed("seq is not a non-negative integer")
        if not is_hash(body["prev"]):
            raise Malformed("prev is not a hex SHA-256")
        if not is_moment(body["at"]):
            raise Malformed("at is not YYYY-MM-DDThh:mm:ss.sssZ")
        if not all(isinstance(body[key], str) for key in ("ledger", "entity", "type", "idem")):
            raise Malformed("a name is not a string")
        if not isinstance(body["data"], dict) or not is_actor(body["actor"]):
            raise Malformed("data is not an object, or actor not {kind, id}, with via and logic where known")
        if "commits" in body:
            check_commits(body["commits"])


def is_moment(value):
    """The one form in which entries write times, and a moment that exists."""
    return isinstance(value, str) and AT.fullmatch(value) is not None and instant(value) is not None


def is_actor(value):
    if not isinstance(value, dict) or not {"kind", "id"} <= value.keys() <= {"kind", "id", "via", "logic"}:
        return False
    return value["kind"] in ("person", "agent", "module", "service") and all(is_word(one) for one in value.values())


def is_word(value):
    return isinstance(value, str) and value != ""


def check_commits(commits):
    if not isinstance(commits, list) or not commits:
        raise Malformed("commits is not a list of one or more")
    before = None
    for one in commits:
        if not isinstance(one, dict) or list(one) != ["hash", "path"]:
            raise Malformed("a commitment is not {hash, path}")
        if not is_hash(one["hash"]) or not isinstance(one["path"], str):
            raise Malformed("a commitment is not {hash, path}")
        if before is not None and utf16_order(before) >= utf16_order(one["path"]):
            raise Malformed("commitments are not in ascending order of path")
        before = one["path"]


def entry_or_none(note):
    try:
        return Entry(note)
    except Malformed:
        return None


def genesis_hash(origin, entity):
    return sha256(f"nervous-system.genesis.v1\n{origin}\n{entity}\n".encode("utf-8", "surrogatepass")).hex()


# ----------------------------------------------------------------------------------------------------------------- keys


class Rotation:
    def __init__(self, stored, entry):
        self.seq, self.position, self.at = stored.seq, stored.position, entry.body["at"]
        self.old, self.new = (raw_key(entry.body["data"].get(name)) for name in ("from", "to"))


def raw_key(value):
    found = strict_base64(value) if isinstance(value, str) else None
    return found if found is not None and len(found) == 32 else None


def proper_rotations(name, chain):
    """The entries of keys/root that are rotations, signed by the key that goes and the one that comes."""
    found = []
    for stored in chain[:MAX_ROTATIONS]:
        entry = entry_or_none(stored.note)
        if entry is None or entry.body["seq"] != stored.seq:
            continue
        if entry.body["type"] != KEY_ROTATED or entry.body["entity"] != ROOT_CHAIN:
            continue
        one = Rotation(stored, entry)
        if one.old is None or one.new is None:
            continue
        if all(Key(name, key).signed_as_root(entry.note) for key in (one.old, one.new)):
            found.append(one)
    return found


class RootKeys:
    """The root keys that the trusted one vouches for, oldest first; rotations[i] led from keys[i] to keys[i + 1]."""

    def __init__(self, trusted, chain):
        self.name = trusted.name
        self.rotations = self.linked(trusted.public, proper_rotations(trusted.name, chain))
        self.keys = [self.rotations[0].old if self.rotations else trusted.public]
        self.keys += [one.new for one in self.rotations]

    @staticmethod
    def linked(trusted, all_rotations):
        seen, links = {trusted}, []
        start = next((i for i, one in enumerate(all_rotations) if one.old == trusted), None)
        key, end = trusted, len(all_rotations) if start is None else start
        while True:  # backwards
            i = next((i for i in range(end) if all_rotations[i].new == key), None)
            if i is None or all_rotations[i].old in seen:
                break
            links.insert(0, all_rotations[i])
            key, end = all_rotations[i].old, i
            seen.add(key)
        for one in [] if start is None else all_rotations[start:]:  # forwards
            if one.old != (links[-1].new if links else trusted) or one.new in seen:
                continue
            links.append(one)
            seen.add(one.new)
        return links

    def signed(self, entry, stored):
        """Did the root key in use at the entry's place sign it? A rotation: is it one of those found?"""
        if entry.body["type"] == KEY_ROTATED:
            return entry.body["entity"] == ROOT_CHAIN and any(one.seq == entry.body["seq"] for one in self.rotations)
        place = (stored.position, entry.body["at"])
        for i, public in enumerate(self.keys):
            began = i == 0 or order((self.rotations[i - 1].position, self.rotations[i - 1].at), place) <= 0
            ends = i >= len(self.rotations)
            ended = not ends and order(place, (self.rotations[i].position, self.rotations[i].at)) > 0
            if began and not ended and Key(self.name, public).signed_as_root(entry.note):
                return True
        return False

    def log_keys(self, log):
        """Keys for checkpoints: one that was replaced at log index p counts for sizes up to p."""
        keys = [Key(log, public) for public in self.keys]
        for key, rotation in zip(keys, self.rotations):
            key.until = rotation.position
        return keys


def order(a, b):
    """By log index; where one has none, by time."""
    i = 0 if a[0] is not None and b[0] is not None else 1
    return (a[i] > b[i]) - (a[i] < b[i])


MAX_KEY_MS = 3_600_000


class SessionKey:
    def __init__(self, body):
        data = body["data"]
        self.public = raw_key(data.get("key"))
        self.begins, self.ends = data.get("notBefore"), data.get("notAfter")
        self.revoked = None
        if data.keys() != {"algorithm", "key", "notBefore", "notAfter"} or data["algorithm"] != "Ed25519":
            raise Malformed("its certificate is malformed")
        if self.public is None or not is_moment(self.begins) or not is_moment(self.ends):
            raise Malformed("its certificate is malformed")
        if not 0 < instant(self.ends) - instant(self.begins) <= MAX_KEY_MS:
            raise Malformed("its certificate is valid for too long, or never")
        if body["type"] != KEY_CERTIFIED or body["entity"] != "keys/" + sha256(self.public).hex()[:16]:
            raise Malformed("its certificate is malformed")
        self.key = Key(body["entity"], self.public)


class Signatures:
    """Checks an entry's signatures up to the root key. `chain_of(name)` gives what is stored on a chain keys/…"""

    def __init__(self, trusted, chain_of):
        self.chain_of, self.known, self.trees = chain_of, {}, {}
        self.origin = trusted.name
        self.roots = RootKeys(trusted, chain_of(ROOT_CHAIN))

    def check(self, stored, entry):
        body, lines = entry.body, entry.note.lines
        if body["type"] in ROOT_SIGNED and not self.roots.signed(entry, stored):
            raise stored.bad("SIGNATURE_INVALID", f"{body['type']} lacks a correct signature of the root key")
        wanted = 3 if body["type"] == KEY_ROTATED else 2 if body["type"] in ROOT_SIGNED else 1
        if len(lines) != wanted:
            raise stored.bad("SIGNATURE_INVALID", f"{len(lines)} signature lines, {body['type']} has {wanted}")
        try:
            key = SessionKey(body) if body["type"] == KEY_CERTIFIED else self.session_key(lines[0][0])
        except Malformed as error:
            raise stored.bad("KEY_UNKNOWN", f'key "{lines[0][0]}": {error}') from None
        # What the root key vouches for is in no tree.
        is_signed = key.key.signed_note(entry.note) or (
            body["type"] not in ROOT_SIGNED and key.key.signed_in_tree(entry.note, self.origin, self.trees)
        )
        if not is_signed:
            raise stored.bad("SIGNATURE_INVALID", f'the signature of "{lines[0][0]}" is wrong')
        if body["at"] < key.begins or body["at"] > key.ends:
            raise stored.bad("SIGNATURE_INVALID", f"recorded at {body['at']}, its key was valid {key.begins} to {key.ends}")
        if key.revoked is not None and self.is_after(stored, body, key.revoked):
            raise stored.bad("KEY_REVOKED", f'signed by "{lines[0][0]}", which was revoked at {key.revoked[1]}')

    @staticmethod
    def is_after(stored, body, revoked):
        if stored.position is None or revoked[0] is None:
            return body["at"] >= revoked[1]
        return stored.position > revoked[0]

    def session_key(self, name):
        if name not in self.known:
            try:
                self.known[name] = self.load(name)
            except Malformed as error:
                self.known[name] = error
        if isinstance(self.known[name], Malformed):
            raise self.known[name]
        return self.known[name]

    def load(self, name):
        chain = self.chain_of(name)
        if not chain or chain[0].seq != 0:
            raise Malformed("no certificate is recorded")
        entry = entry_or_none(chain[0].note)
        if entry is None or entry.body["entity"] != name:
            raise Malformed("its certificate is not readable")
        if not self.roots.signed(entry, chain[0]):
            raise Malformed("its certificate is not signed by the root key")
        key = SessionKey(entry.body)
        for stored in chain[1 : MAX_REVOCATIONS + 1]:
            one = entry_or_none(stored.note)
            if one is None or one.body["type"] != KEY_REVOKED or one.body["entity"] != name:
                continue
            if self.roots.signed(one, stored):
                key.revoked = (stored.position, one.body["at"])
                break
        return key


# ---------------------------------------------------------------------------------------- rules that a reader enforces

NAME = re.compile("[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}")
LEDGER_NAME = re.compile("[a-z0-9][a-z0-9-]{0,31}")
SESSION_CHAIN = re.compile("keys/[0-9a-f]{16}")
ACCESS_CHAIN = re.compile("access/[0-9a-f]{16}")
TOPIC = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+")
TRACEPARENT = re.compile("00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
BLANK = re.compile(f"[{SPACE}]*")
WORK_SOURCE = "system/work"
WORK_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,119}")
OWN_SOURCES = ("guard", "system/approvals", WORK_SOURCE)


def utf16_length(text):
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def is_short(value):
    return isinstance(value, str) and 1 <= utf16_length(value) <= 128


def is_reason(value):
    return isinstance(value, str) and utf16_length(value) <= 1_000 and not BLANK.fullmatch(value)


def is_paths(value):
    return isinstance(value, list) and value != [] and all(isinstance(one, str) and one[:1] == "/" for one in value)


def is_entities(value):
    return isinstance(value, list) and value != [] and all(isinstance(one, str) and NAME.fullmatch(one) for one in value)


def is_reserved(entity):
    return entity.startswith(("keys/", "module/", "system/"))


def is_work(value):
    """The claim under which an event was published."""
    if not isinstance(value, dict) or set(value) != {"workId", "fence"} or not is_count(value["fence"]):
        return False
    return isinstance(value["workId"], str) and NAME.fullmatch(f"work:{value['workId']}") is not None


def is_metadata(value):
    if not isinstance(value, dict) or len(value) > 32:
        return False
    forms = {
        "causationId": is_short,
        "correlationId": is_short,
        "hops": is_count,
        "targets": lambda one: isinstance(one, list) and len(one) <= 100 and all(is_short(each) for each in one),
        "traceparent": lambda one: isinstance(one, str) and TRACEPARENT.fullmatch(one) is not None,
    }
    return all(form(value[name]) for name, form in forms.items() if name in value)


EVENT = {
    "payload": lambda value: isinstance(value, dict),
    "source": is_short,
    "topic": lambda value: isinstance(value, str) and len(value) <= 128 and TOPIC.fullmatch(value) is not None,
    "version": lambda value: is_int(value) and 1 <= value <= 1_000_000,
    "timestamp?": lambda value: is_moment(value),
    "userId?": is_short,
    "metadata?": is_metadata,
    "work?": is_work,
}
KNOWN_LOG = {
    "origin": is_word,
    "size": lambda value: is_count(value),
    "root": lambda value: isinstance(value, str) and re.fullmatch("[A-Za-z0-9+/]{43}=", value) is not None,
    "noteHash?": is_hash,
}


def entry_problem(body):
    """What no writer would have written, or None."""
    entity, kind = body["entity"], body["type"]
    if not LEDGER_NAME.fullmatch(body["ledger"]) or not NAME.fullmatch(entity) or body["idem"] == "":
        return "the ledger, the entity or idem is no name that a writer accepts"
    if kind in STEPS:
        return None if not is_reserved(entity) else f"{kind} does not belong on {entity}"
    rule = RULES.get(kind)
    if rule is None:
        return f"{kind[:60]} is no type of entry"
    return None if rule(body, body["data"], entity) else f"{kind} does not belong on {entity}, or has another form"


def event_rule(body, data, entity):
    if not NAME.fullmatch(body["idem"]) or not fits(data, EVENT):
        return False
    source = data["source"]
    own = source in OWN_SOURCES
    if not own and body["actor"]["id"] != source:
        return False
    if source == "system/work":
        return entity.startswith("work:")
    if entity.startswith("module/"):
        return own or entity == f"module/{source}"
    if entity.startswith("registry:"):
        return own
    return not is_reserved(entity) or (entity == "system/guards" and source == "guard")


def certificate_rule(body, data, entity):
    try:
        SessionKey(body)
    except Malformed:
        return False
    return bool(SESSION_CHAIN.fullmatch(entity)) and body["seq"] == 0 and body["idem"] == entity


def revocation_rule(body, data, entity):
    form = {"key": lambda value: value == entity, "reason": is_reason}
    return bool(SESSION_CHAIN.fullmatch(entity)) and body["seq"] > 0 and fits(data, form)


def rotation_rule(body, data, entity):
    form = {"algorithm": lambda value: value == "Ed25519", "from": raw_key, "to": raw_key, "reason": is_reason}
    return entity == ROOT_CHAIN and fits(data, form)


def incarnation_rule(body, data, entity):
    form = {"incarnation": is_count, "kept": is_count, "lost": is_count, "before": KNOWN_LOG}
    return entity == "system/log" and fits(data, form)


def tampering_rule(body, data, entity):
    form = {"change": is_word, "entity": is_word, "seq": is_count}
    optional = {"detail?": is_word, "position?": is_count, "verdict?": is_word}
    return entity == "system/tamper" and fits(data, {**form, **optional})


def accessed_rule(body, data, entity):
    form = {"operation": is_word, "outcome": one_of("succeeded", "refused")}
    optional = {name: is_word for name in ("code?", "person?", "id?")}
    counts = {name: is_count for name in ("from?", "to?", "count?", "unrecorded?")}
    entities = {"entities?": is_entities, "more?": lambda value: value is True}
    return bool(ACCESS_CHAIN.fullmatch(entity)) and fits(data, {**form, **optional, **counts, **entities})


def revealed_rule(body, data, entity):
    form = {"fields": is_paths, "seq": lambda value: is_count(value) and value < body["seq"]}
    return (not is_reserved(entity) or entity.startswith("module/")) and fits(data, form)


def redacted_rule(body, data, entity):
    form = {
        "approvers": lambda value: isinstance(value, list) and all(is_word(one) for one in value),
        "basis": is_word,
        "change": is_word,
        "fields": is_paths,
        "revision": is_count,
        "seq": lambda value: is_count(value) and value < body["seq"],
    }
    return not is_reserved(entity) and fits(data, form)


RULES = {
    "event": event_rule,
    KEY_CERTIFIED: certificate_rule,
    KEY_REVOKED: revocation_rule,
    KEY_ROTATED: rotation_rule,
    LOG_INCARNATED: incarnation_rule,
    "tamper.observed": tampering_rule,
    POLICY_ADOPTED: lambda body, data, entity: entity == "registry:policy",
    "delegation.granted": lambda body, data, entity: entity == "system/delegations",
    "delegation.revoked": lambda body, data, entity: entity == "system/delegations",
    "access.recorded": accessed_rule,
    "revealed": revealed_rule,
    "redacted": redacted_rule,
}


# ------------------------------------------------------------------------------------------------------------ the log


def node(left, right):
    return sha256(b"\1", left, right)


class Edge:
    """The right edge of a growing Merkle tree: [(leaves, root of a perfect subtree)], largest first."""

    def __init__(self):
        self.size, self.parts = 0, []

    def append(self, leaf):
        width = 1
        while self.parts and self.parts[-1][0] == width:
            leaf, width = node(self.parts.pop()[1], leaf), width * 2
        self.parts.append((width, leaf))
        self.size += 1

    def root(self):
        if not self.parts:
            return sha256(b"")
        root = self.parts[-1][1]
        for _, left in reversed(self.parts[:-1]):
            root = node(left, root)
        return root


def perfect_root(hashes):
    while len(hashes) > 1:
        hashes = [node(hashes[i], hashes[i + 1]) for i in range(0, len(hashes), 2)]
    return hashes[0]


def index_path(index):
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    return "/".join(["x" + group for group in groups[:-1]] + groups[-1:])


def tile_path(level, index, width=TILE):
    return f"tile/{level}/{index_path(index)}" + ("" if width == TILE else f".p/{width}")


def tile_width(level, index, size):
    return max(0, min(TILE, size // TILE**level - index * TILE))


def bundle_excess(entries, damage, width):
    """What a bundle of `width` entries has wrong behind them, or None: it is their bytes and no more."""
    if len(entries) < width:
        return None
    return f"it has {len(entries)} entries, not {width}" if len(entries) > width else damage


def decode_bundle(data, limit=2**31):
    """Up to `limit` entries of a bundle, and why there is not the next one."""
    entries, at = [], 0
    while at < len(data) and len(entries) < limit:
        end = at + 2 + int.from_bytes(data[at : at + 2].ljust(2, b"\0"), "big")
        if at + 2 > len(data) or end > len(data):
            return entries, f"the bundle ends at byte {len(data)}, inside an entry"
        entries.append(data[at + 2 : end])
        at = end
    return entries, None


def read_file(path):
    """None where there is no file; a pipe, socket or device under its name is a file of no bytes."""
    if not os.path.lexists(path) or os.path.isdir(path):
        return None
    try:
        if not os.path.isfile(path):
            return None if os.path.islink(path) else b""
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


PACKED = bytes.fromhex("1f8b08000000000000ff")


def unpacked(data):
    """The bundle in a packed file; what has another form is no bundle, and is taken as it is."""
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    most = TILE * (2 + 0xFFFF)
    try:
        content = stream.decompress(data[len(PACKED) : -8], most + 1)
    except zlib.error:
        return data
    end = zlib.crc32(content).to_bytes(4, "little") + len(content).to_bytes(4, "little")
    exact = stream.eof and not stream.unused_data and len(content) <= most
    return content if exact and len(data) >= 18 and data.startswith(PACKED) and data[-8:] == end else data


class LogFolder:
    """The published files of a log. A data folder has its full bundles packed, an export has not."""

    def __init__(self, folder, packs):
        self.folder, self.packs = folder, packs

    def read(self, path):
        place = os.path.join(self.folder, path)
        data = read_file(place)
        if data is not None or not self.packs or not path.startswith("tile/entries/") or ".p/" in path:
            return data
        packed = read_file(place + ".gz")
        return None if packed is None else unpacked(packed)

    def tile(self, level, index, size):
        """The hashes that the tile must have at this size. Raises Malformed."""
        width = tile_width(level, index, size)
        for held in {width: 0, TILE: 0}:
            path = tile_path(level, index, held)
            data = self.read(path)
            if data is None:
                continue
            if len(data) != held * HASH:
                raise Malformed(f"{path} has {len(data)} bytes, not {held * HASH}")
            return [data[i * HASH : (i + 1) * HASH] for i in range(width)]
        raise Malformed(f"{tile_path(level, index, width)} is missing")

    def bundle(self, index, width):
        """(path, bytes, entries it must have) of the bundle that has `width` entries or is full, or None."""
        for held in {width: 0, TILE: 0}:
            path = tile_path("entries", index, held)
            data = self.read(path)
            if data is not None:
                return path, data, held
        return None

    def entry_at(self, position, sizes):
        """The published entry at a log index, by the bundle of one of the sizes."""
        index, offset = divmod(position, TILE)
        for width in {tile_width(0, index, size): 0 for size in sizes}:
            bundle = self.bundle(index, width) if width > offset else None
            notes = decode_bundle(bundle[1], width)[0] if bundle else []
            entry = entry_or_none(notes[offset]) if len(notes) > offset else None
            if entry is not None:
                return entry
        return None


class ProvenTiles:
    """Tiles that the root of a checkpoint leads to. A tile that is missing or of another length raises Malformed."""

    def __init__(self, log, size, root):
        self.log, self.size, self.root, self.known, self.edge = log, size, root, {}, None

    def has(self, leaf, index):
        tile = self.tile(0, index // TILE)
        return tile is not None and tile[index % TILE] == leaf

    def tile(self, level, index):
        """The hashes of a tile, or None where the root does not lead to them."""
        if (level, index) not in self.known:
            self.known[level, index] = self.prove(level, index)
        return self.known[level, index]

    def prove(self, level, index):
        if tile_width(level, index, self.size) < TILE:
            if self.edge is None:
                tiles = right_edge(self.log, self.size, self.size)
                self.edge = tiles if root_of(tiles) == self.root else {}
            return self.edge.get(level)
        above = self.tile(level + 1, index // TILE)
        if above is None:
            return None
        hashes = self.log.tile(level, index, self.size)
        return hashes if perfect_root(hashes) == above[index % TILE] else None


def right_edge(log, size, published):
    """By level: the hashes at the right edge of the tree of this size, read from tiles of the published one."""
    tiles, level = {}, 0
    while TILE**level <= size:
        index, width = divmod(size // TILE**level, TILE)
        tiles[level] = log.tile(level, index, published)[:width] if width else []
        level += 1
    return tiles


def root_of(tiles):
    """The root of the tree whose right edge this is: perfect subtrees, the smallest last."""
    parts = []
    for level in sorted(tiles, reverse=True):
        hashes, width = tiles[level], TILE
        while hashes:
            width //= 2
            if len(hashes) >= width:
                parts.append(perfect_root(hashes[:width]))
                hashes = hashes[width:]
    root = parts.pop() if parts else sha256(b"")
    while parts:
        root = node(parts.pop(), root)
    return root


# -------------------------------------------------------------------------------------------- checkpoints, anchors …


class Point:
    """A size and a root that somebody signed or remembers."""

    def __init__(self, kind, size, root, path=None, time_ms=None):
        self.kind, self.size, self.root, self.path, self.time_ms = kind, size, root, path, time_ms
        self.name = kind if path is None else f"{kind} {path}"


def parse_checkpoint(text):
    """(origin, size, root) of a checkpoint's text. Raises Malformed."""
    lines = text.decode("utf-8", "replace").split("\n")
    if lines.pop() != "" or len(lines) < 3:
        raise Malformed("it has fewer than three lines")
    if any(line == "" or re.search("[\0-\x1f]", line) for line in lines):
        raise Malformed("a line is empty or has control characters")
    if not re.fullmatch("0|[1-9][0-9]{0,15}", lines[1]) or int(lines[1]) > MAX_SAFE:
        raise Malformed("the second line is not a tree size")
    root = strict_base64(lines[2])
    if root is None or len(root) != HASH:
        raise Malformed("the third line is not the base64 of 32 bytes")
    return lines[0], int(lines[1]), root


def open_checkpoint(data, keys, log, what, path):
    """(size, root, [(key, signature)]) of a checkpoint of this log, signed by one of the keys. Raises Bad."""

    def bad(verdict, detail):
        return Bad(verdict, f"{what}: {detail}", path=path)

    try:
        note = Note(data, any_type=True)
        if re.search("[\0-\t\x0b-\x1f]", data.decode("utf-8")):
            raise Malformed("it has control characters")
        if len(note.lines) > MAX_LOG_LINES:
            raise Malformed(f"more than {MAX_LOG_LINES} signatures")
    except (Malformed, UnicodeDecodeError) as error:
        raise bad("UNREADABLE", str(error)) from None
    signed = {}
    for name, key_id, signature in note.lines:
        key = next((key for key in keys if key.name == name and key.id == key_id), None)
        if key is None:
            continue
        right = (len(signature) == 64 or key.kind == COSIGNATURE) and key.signed(note.text, signature)
        if right and key.until is not None:
            right = is_up_to(note.text, key.until)
        if not right:
            raise bad("SIGNATURE_INVALID", f'the signature by "{name}" is wrong')
        signed[key] = signature
    if not signed:
        raise bad("KEY_UNKNOWN", "none of the known keys signed it")
    try:
        origin, size, root = parse_checkpoint(note.text)
    except Malformed as error:
        raise bad("UNREADABLE", str(error)) from None
    if origin != log:
        raise bad("KEY_UNKNOWN", f'it is of the log "{origin}", not of "{log}"')
    return size, root, list(signed.items())


def is_up_to(text, position):
    try:
        return parse_checkpoint(text)[1] <= position
    except Malformed:
        return True  # found to be malformed when it is opened


class Points:
    """What the ledger is held against, in the order in which it is read: last published first."""

    def __init__(self, source, root_keys, witness_keys, options):
        log = source.log_name
        self.findings, self.others, self.cosignatures, self.published = [], [], [], None
        self.anchor_folder = source.anchor_folder
        self.root_keys, self.log = root_keys, log
        try:
            witness_keys = [*witness_keys, *source.witness_keys()]
        except Bad as finding:
            self.findings.append(finding)
        if options.remembered is not None:
            self.keep(self.remembered, options.remembered)
        self.keep(self.witness_memory, source)
        self.anchored = list_anchors(self.anchor_folder)
        if options.anchors_up_to is not None:
            self.anchored = [size for size in self.anchored if size <= options.anchors_up_to]
        data = source.log.read("checkpoint")
        if data is None:
            if source.must_be_published:
                self.findings.append(Bad("ROLLED_BACK", "the log was begun anew, but has no checkpoint", path="checkpoint"))
            return
        try:
            size, root, signed = open_checkpoint(
                data, [*root_keys, *witness_keys], log, "the published checkpoint", "checkpoint"
            )
            if not any(key in root_keys for key, _ in signed):
                raise Bad("KEY_UNKNOWN", "the published checkpoint: only witnesses signed it", path="checkpoint")
        except Bad as finding:
            self.findings.append(finding)
            return
        self.published = Point("published", size, root, "checkpoint")
        for key, signature in signed:
            if key not in root_keys and cosignature_time(signature) is not None:
                when = cosignature_time(signature) * 1000
                self.cosignatures.append(Point("cosignature", size, root, "checkpoint", when))

    def keep(self, read, what):
        try:
            point = read(what)
            if point is not None:
                self.others.append(point)
        except Bad as finding:
            self.findings.append(finding)

    def remembered(self, data):
        size, root, _ = open_checkpoint(data, self.root_keys, self.log, "the remembered checkpoint", None)
        return Point("remembered", size, root)

    def witness_memory(self, source):
        data = source.witness_memory()
        if data is None:
            return None
        try:
            memory = parse_json(data.decode("utf-8", "replace"))
            memory = memory if isinstance(memory, dict) else {}
            root = strict_base64(memory.get("root"))
            size = memory.get("size")
            if memory.get("origin") != self.log or not is_int(size) or not 0 <= size <= MAX_SAFE:
                raise Malformed("not of the form {origin, size, root}")
            if root is None or len(root) != HASH:
                raise Malformed("not of the form {origin, size, root}")
        except Malformed as error:
            raise Bad("UNREADABLE", f"what the witness remembers: {error}", path="witness") from None
        return Point("witness-memory", size, root)

    def anchor(self, size):
        path = anchor_path(size)
        data = read_file(os.path.join(self.anchor_folder, path))
        if data is None:
            raise Bad("UNREADABLE", "the anchor is listed, but cannot be read", path=path)
        found, root, _ = open_checkpoint(data, self.root_keys, self.log, "the anchor", path)
        if found != size:
            raise Bad("CONTENT_MISMATCH", f"the anchor holds the checkpoint of size {found}", path=path)
        return Point("anchor", size, root, path)

    def sizes(self, anchors=True):
        points = [*self.cosignatures, *self.others, *([self.published] if self.published else [])]
        return {*(self.anchored if anchors else []), *(point.size for point in points)}


def anchor_path(size):
    return f"ckpt/{size:020d}"


def list_anchors(folder):
    try:
        names = os.listdir(os.path.join(folder, "ckpt"))
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(int(name) for name in names if re.fullmatch("[0-9]{20}", name))


# -------------------------------------------------------------------------------------------------------------- sources


class Pair:
    """A log index with what was committed there (chain, seq, hash), what is stored there, and why it cannot be read."""

    __slots__ = ("position", "place", "stored", "damage")

    def __init__(self, position, place, stored, damage=None):
        self.position, self.place, self.stored, self.damage = position, place, stored, damage


MAX_INDEX = 2**53 - 2
SCHEMAS = {
    1: """
    CREATE TABLE entries (
      position INTEGER PRIMARY KEY, chain TEXT NOT NULL, seq INTEGER NOT NULL, note BLOB NOT NULL, hash BLOB NOT NULL
    ) STRICT;
    CREATE TABLE idempotency (key TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE batches (first INTEGER PRIMARY KEY, places TEXT NOT NULL, hashes BLOB NOT NULL) STRICT;
    CREATE TABLE items (
      pk TEXT NOT NULL, sk TEXT NOT NULL, version INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (pk, sk)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX entry_place ON entries (chain, seq)""",
    2: """
    CREATE TABLE entries (
      position INTEGER PRIMARY KEY CHECK (position BETWEEN 0 AND 9007199254740990),
      chain TEXT NOT NULL CHECK (length(chain) BETWEEN 1 AND 256),
      seq INTEGER NOT NULL CHECK (seq BETWEEN 0 AND 9007199254740990),
      note BLOB NOT NULL CHECK (length(note) BETWEEN 1 AND 65535),
      hash BLOB NOT NULL CHECK (length(hash) = 32)
    ) STRICT;
    CREATE TABLE idempotency (
      key TEXT PRIMARY KEY, position INTEGER NOT NULL CHECK (position BETWEEN 0 AND 9007199254740990)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE batches (
      first INTEGER PRIMARY KEY CHECK (first BETWEEN 0 AND 9007199254740990),
      places TEXT NOT NULL,
      hashes BLOB NOT NULL CHECK (length(hashes) >= 32 AND length(hashes) % 32 = 0)
    ) STRICT;
    CREATE TABLE items (
      pk TEXT NOT NULL, sk TEXT NOT NULL, version INTEGER NOT NULL CHECK (version BETWEEN 1 AND 9007199254740990),
      value TEXT NOT NULL, PRIMARY KEY (pk, sk)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX entry_place ON entries (chain, seq)""",
}
# Version 3 has an index of what events are called, too.
ENTRY_BODY = "CAST(substr(note, 25, instr(substr(note, 25), x'0a') - 1) AS TEXT)"
SCHEMAS[3] = SCHEMAS[2] + f""";
    CREATE INDEX entry_event ON entries (CASE WHEN json_valid({ENTRY_BODY}) AND json_extract({ENTRY_BODY}, '$.type') = 'event' THEN 'event/' || json_extract({ENTRY_BODY}, '$.data.source') || '/' || json_extract({ENTRY_BODY}, '$.idem') END)"""
# One past the last position of the newest row of the commit-order record.
RECORDED_END = f"""coalesce((SELECT first + length(hashes) / 32 FROM batches
    WHERE first BETWEEN 0 AND {MAX_INDEX} ORDER BY first DESC LIMIT 1), 0)"""


def open_database(folder):
    path = os.path.join(folder, "ledger.db")
    if not os.path.exists(path):
        raise Usage(f'there is no ledger in "{folder}"')
    if not os.path.isfile(path):
        raise database_bad("it is no file")
    db = None
    try:
        db = sqlite3.connect(f"file:{path.replace('%', '%25').replace('?', '%3f').replace('#', '%23')}?mode=ro", uri=True)
        db.text_factory = lambda raw: raw.decode("utf-8", "replace")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version not in SCHEMAS or tables_of(db) != tables_made(SCHEMAS[version]):
            raise database_bad(f"not the tables of a ledger, version {version}")
        return db
    except sqlite3.Error as error:
        raise database_bad(f"not the database of a ledger: {error}") from None


def tables_of(db):
    """Tables, indexes and whatever else there is, by name, as their statements say; white space is not compared."""
    rows = db.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_schema")
    statistics = {("table", "sqlite_stat1"), ("table", "sqlite_stat4")}
    return {name: (kind, re.sub(r"\s+", " ", sql)) for kind, name, sql in rows if (kind, name) not in statistics}


def tables_made(script):
    db = sqlite3.connect(":memory:")
    try:
        db.executescript(re.sub(r"\n {6}", "\n    ", script))
        return tables_of(db)
    finally:
        db.close()


def database_bad(detail):
    return Bad("UNREADABLE", detail, entity="(ledger.db)", path="ledger.db")


class DataFolder:
    """The data folder of the embedded engine."""

    has_documents = True

    def __init__(self, folder, options):
        self.folder, self.db = folder, open_database(folder)
        try:
            meta = dict(self.db.execute("SELECT key, value FROM meta"))
            self.end = self.db.execute(f"SELECT {RECORDED_END}").fetchone()[0]
        except sqlite3.Error as error:
            raise database_bad(f"not the database of a ledger: {error}") from None
        self.ledger, self.origin = meta.get("ledger", ""), meta.get("origin", "")
        # Of the log, which the state alone does not look at.
        self.incarnations = [] if options.state else read_incarnations(meta.get("incarnations"))
        self.log_name = log_name(self.origin, self.incarnations)
        self.must_be_published = bool(self.incarnations)
        without = meta.get("restored-without-fields", "0")
        self.restored_without = int(without) if re.fullmatch("[0-9]{1,16}", without) else 0
        self.log = LogFolder(os.path.join(folder, "log"), packs=True)
        anchors = options.anchors or os.path.join(folder, "anchors")
        self.anchor_folder = anchor_place(anchors, self.incarnations)

    def close(self):
        self.db.close()

    def default_root(self):
        data = read_file(os.path.join(self.folder, "root.vkey"))
        key = parse_vkey(data.decode("utf-8", "replace")) if data else None
        return key if key is not None and key.kind == ED25519 else None

    def witness_keys(self):
        data = read_file(os.path.join(self.folder, "witness", "witness.vkey"))
        key = parse_vkey(data.decode("utf-8", "replace")) if data is not None else None
        if data is not None and (key is None or key.kind != COSIGNATURE):
            raise Bad("UNREADABLE", "it holds no verifier key of a witness", path="witness/witness.vkey")
        return [] if key is None else [key]

    def witness_memory(self):
        name = base64.urlsafe_b64encode(self.log_name.encode()).decode().rstrip("=")
        return read_file(os.path.join(self.folder, "witness", f"{name}.json"))

    def query(self, sql, *values):
        return self.db.execute(sql, values)

    def chain(self, name):
        sql = "SELECT * FROM entries WHERE chain = ? AND seq >= 0 AND position BETWEEN 0 AND ? ORDER BY seq"
        rows = self.query(sql, name, self.end - 1)
        return [stored_of(row) for row in rows]

    def at(self, chain, seq):
        sql = "SELECT * FROM entries WHERE chain = ? AND seq = ? AND position BETWEEN 0 AND ?"
        row = self.query(sql, chain, seq, self.end - 1).fetchone()
        return None if row is None else stored_of(row)

    def at_position(self, position):
        sql = "SELECT * FROM entries WHERE position = ? AND position < ?"
        row = self.query(sql, position, self.end).fetchone()
        return None if row is None else stored_of(row)

    def size(self):
        """One past the last position that the log can have: as recorded, or as an idempotency key says."""
        sql = f"SELECT max(position) + 1 FROM idempotency WHERE position BETWEEN 0 AND {MAX_INDEX}"
        return max(self.end, self.query(sql).fetchone()[0] or 0)

    def row_outside(self, size):
        """The first row that cannot belong to the log, or None."""
        for condition in ("< 0", f">= {size}"):
            sql = f"SELECT position, chain, seq FROM entries WHERE position {condition} ORDER BY position LIMIT 1"
            row = self.query(sql).fetchone()
            if row is not None and row[0] > MAX_INDEX:
                return Bad("UNREADABLE", f"position {row[0]} is no log index", row[1], row[2])
            if row is not None:
                return Bad("LINK_BROKEN", "stored outside the log", row[1], row[2], row[0])
        sql = f"SELECT first FROM batches WHERE first < 0 OR first > {MAX_INDEX} LIMIT 1"
        if self.query(sql).fetchone() is not None:
            return Bad("UNREADABLE", "a row of the commit-order record is no place in the log", path="ledger.db")
        sql = f"SELECT 1 FROM idempotency WHERE position < 0 OR position >= {size} LIMIT 1"
        if self.query(sql).fetchone() is not None:
            return Bad("UNREADABLE", "an idempotency key stands for no place in the log", path="ledger.db")
        return None

    def pairs(self, size):
        """Pages of pairs, one a tile of the log."""
        for start in range(0, size, TILE):
            end = min(start + TILE, size)
            places = self.places(start, end)
            rows = self.rows(start, end)
            page = []
            for position in range(start, end):
                stored = rows.get(position)
                if isinstance(stored, str):
                    page.append(Pair(position, places.get(position), None, stored))
                else:
                    page.append(Pair(position, places.get(position), stored))
            yield page

    def rows(self, start, end):
        """By position: what is stored, or why it cannot be read."""
        sql = "SELECT * FROM entries WHERE position >= ? AND position < ? ORDER BY position"
        try:
            return {row[0]: stored_of(row) for row in self.query(sql, start, min(end, self.end))}
        except sqlite3.DatabaseError as error:
            if end - start == 1:
                return {start: f"the file is damaged here: {error}"}
            middle = start + (end - start) // 2
            return {**self.rows(start, middle), **self.rows(middle, end)}

    def places(self, start, end):
        """By position: (chain, seq, hash) of the commit-order record."""
        sql = """SELECT first, places, hashes FROM batches
                 WHERE first < ? AND first >= coalesce((SELECT max(first) FROM batches WHERE first <= ?), 0)"""
        found = {}
        for first, text, hashes in self.query(sql, end, start):
            hashes = hashes if isinstance(hashes, bytes) else b""
            for i, (chain, seq) in enumerate(parse_places(text)):
                if start <= first + i < end:
                    found[first + i] = (chain, seq, hashes[i * HASH : (i + 1) * HASH])
        return found

    def item(self, pk, sk):
        """(version, value), or None where there is none. Raises Malformed."""
        row = self.query("SELECT version, value FROM items WHERE pk = ? AND sk = ?", pk, sk).fetchone()
        return None if row is None else read_item(*row)

    def every(self, size):
        """Every stored entry, in the order of the log."""
        sql = "SELECT * FROM entries WHERE position >= 0 AND position < ? ORDER BY position"
        return [stored_of(row) for row in self.query(sql, min(size, self.end))]

    def values(self, pk):
        """(sk, value) of every item. Raises Malformed where one of them cannot be read."""
        rows = self.query("SELECT sk, version, value FROM items WHERE pk = ? ORDER BY sk", pk).fetchall()
        return [(sk, read_item(version, value)[1]) for sk, version, value in rows]

    def item_keys(self, pk):
        return [sk for sk, _ in self.values(pk)]

    def items_under(self, prefix):
        """Every (pk, sk, version, text) whose pk begins so, in order of the keys."""
        sql = "SELECT pk, sk, version, value FROM items WHERE substr(pk, 1, ?) = ? ORDER BY pk, sk"
        return self.query(sql, len(prefix), prefix).fetchall()


def read_item(version, text):
    if not is_safe(version):
        raise Malformed("its version cannot be counted")
    value = parse_json(text)
    if as_engine_writes(value) != text:
        raise Malformed("it is not as the engine writes it")
    return version, value


def as_engine_writes(value):
    """JSON.stringify of what was parsed: keys in their order, those that are array indices first, no white space."""
    if isinstance(value, dict):
        indices = [key for key in value if re.fullmatch("0|[1-9][0-9]{0,9}", key) and int(key) < 2**32 - 1]
        keys = sorted(indices, key=int) + [key for key in value if key not in indices]
        return "{" + ",".join(f"{as_engine_writes(key)}:{as_engine_writes(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(as_engine_writes(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)


class DamagedRow(sqlite3.DatabaseError):
    """A damaged file can hold what its schema forbids."""


def stored_of(row):
    position, chain, seq, note, recorded = row
    if not is_safe(position) or not is_text(chain) or not is_safe(seq):
        raise DamagedRow(f"row {position} of the entries is damaged")
    if not isinstance(note, bytes) or not isinstance(recorded, bytes):
        raise DamagedRow(f"row {position} of the entries is damaged")
    return Stored(chain, seq, position, note, recorded)


def is_safe(value):
    return is_int(value) and abs(value) <= MAX_SAFE


def parse_places(text):
    """A damaged record names nothing: its entries were then never committed."""
    try:
        places = parse_json(text)
    except Malformed:
        return []
    if not isinstance(places, list):
        return []
    if not all(isinstance(one, list) and len(one) >= 2 and isinstance(one[0], str) and is_number(one[1]) for one in places):
        return []
    return [(one[0], one[1]) for one in places]


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def read_incarnations(text):
    if text is None:
        return []
    try:
        sizes = parse_json(text)
    except Malformed:
        sizes = None
    if not isinstance(sizes, list) or sizes == [] or not all(is_count(one) for one in sizes):
        raise database_bad("its list of incarnations is none")
    return sizes


def log_name(origin, incarnations):
    return origin if not incarnations else f"{origin}/{len(incarnations) + 1}"


def anchor_place(folder, incarnations):
    return folder if not incarnations else os.path.join(folder, f"incarnation-{len(incarnations) + 1}")


MANIFEST = {
    "format": lambda value: is_int(value) and value == 1,
    "ledger": lambda value: isinstance(value, str) and re.fullmatch("[a-z0-9][a-z0-9-]{0,31}", value),
    "origin": lambda value: isinstance(value, str) and re.fullmatch(f"[^{SPACE}+]{{1,500}}", value),
    "incarnations": lambda value: isinstance(value, list) and all(is_count(one) for one in value),
    "size": lambda value: is_count(value),
    "root": lambda value: isinstance(value, str) and re.fullmatch("[A-Za-z0-9+/]{43}=", value),
    "exportedAt": lambda value: isinstance(value, str) and AT.fullmatch(value),
    "withSensitive": lambda value: isinstance(value, bool),
    "files": lambda value: is_count(value),
    "bytes": lambda value: is_count(value),
    "sums": is_hash,
}


# Bundles missing in a row, at most, before the rest is taken to be missing too.
MAX_GAP = 256


class Export:
    """A folder that `nervous export` made."""

    has_documents = False
    must_be_published = False

    def __init__(self, folder, options):
        self.folder = folder
        try:
            self.manifest = parse_json(read_file(os.path.join(folder, "export.json")).decode("utf-8", "replace"))
        except Malformed as error:
            raise Usage(f"export.json: {error}") from None
        if not isinstance(self.manifest, dict):
            raise Usage("export.json is not an object")
        for name, is_right in MANIFEST.items():
            if not is_right(self.manifest.get(name)):
                raise Usage(f"export.json: {name} is missing or malformed")
        self.ledger, self.origin = self.manifest["ledger"], self.manifest["origin"]
        self.incarnations = self.manifest["incarnations"]
        self.log_name = log_name(self.origin, self.incarnations)
        self.log = LogFolder(os.path.join(folder, "log"), packs=False)
        anchors = options.anchors or os.path.join(folder, "anchors")
        self.anchor_folder = anchor_place(anchors, self.incarnations)
        self.keys = None

    def close(self):
        pass

    def default_root(self):
        return None

    def witness_keys(self):
        return []

    def witness_memory(self):
        return None

    def trust(self, root, witness_keys):
        """The size of the checkpoint, once it is opened with a key that the trusted one vouches for. Raises Bad."""
        # The key's name is the ledger's origin; what the export says of itself is not taken for it.
        self.origin, self.log_name = root.name, log_name(root.name, self.incarnations)
        data = self.log.read("checkpoint")
        if data is None:
            raise Bad("UNREADABLE", "there is no checkpoint", path="checkpoint")
        keys = [Key(self.log_name, root.public)]
        try:
            self.checkpoint = open_checkpoint(data, keys, self.log_name, "the checkpoint", "checkpoint")
        except Bad as error:
            if error.verdict != "KEY_UNKNOWN":
                raise
            self.read_keys(self.manifest["size"], 0)
            keys = RootKeys(root, self.chain(ROOT_CHAIN)).log_keys(self.log_name)
            self.checkpoint = open_checkpoint(data, keys, self.log_name, "the checkpoint", "checkpoint")
        self.checkpoint_size = self.checkpoint[0]
        self.read_keys(self.checkpoint_size, MAX_GAP)

    def read_keys(self, size, longest_gap):
        """The chains keys/… as the bundles have them; behind too many missing bundles nothing is looked for."""
        self.keys, gap = {}, 0
        for index in range(-(-size // TILE)):
            bundle = self.log.bundle(index, tile_width(0, index, size))
            gap = gap + 1 if bundle is None else 0
            if gap > longest_gap:
                break
            if bundle is None:
                continue
            for i, note in enumerate(decode_bundle(bundle[1], TILE)[0]):
                chain, seq = place_in(note)
                if chain.startswith("keys/"):
                    stored = Stored(chain, seq, index * TILE + i, note, leaf_hash(note))
                    self.keys.setdefault(chain, []).append(stored)

    def chain(self, name):
        return sorted(self.keys.get(name, []), key=lambda one: one.seq)

    def at(self, chain, seq):
        return None

    def at_position(self, position):
        index, offset = divmod(position, TILE)
        bundle = self.log.bundle(index, tile_width(0, index, self.checkpoint_size))
        notes = decode_bundle(bundle[1], TILE)[0] if bundle else []
        if offset >= len(notes):
            return None
        return Stored(*place_in(notes[offset]), position, notes[offset], leaf_hash(notes[offset]))

    def size(self):
        return self.checkpoint_size

    def pairs(self, size):
        for start in range(0, size, TILE):
            index, width = start // TILE, tile_width(0, start // TILE, size)
            bundle = self.log.bundle(index, width)
            notes, damage = decode_bundle(bundle[1]) if bundle else ([], None)
            excess = bundle_excess(notes, damage, bundle[2]) if bundle else None
            try:
                hashes, missing = self.log.tile(0, index, size), None
            except Malformed as error:
                hashes, missing = None, str(error)
            page = []
            for i in range(width):
                if i >= len(notes):
                    why = None if bundle is None else f"{bundle[0]}: {damage or f'it has only {len(notes)} entries'}"
                    page.append(Pair(start + i, None, None, why))
                    continue
                chain, seq = place_in(notes[i])
                if excess is not None and i == width - 1:
                    page.append(Pair(start + i, (chain, seq, b""), None, f"{bundle[0]}: {excess}"))
                elif hashes is None:
                    page.append(Pair(start + i, (chain, seq, b""), None, missing))
                else:
                    page.append(
                        Pair(start + i, (chain, seq, hashes[i]), Stored(chain, seq, start + i, notes[i], hashes[i]))
                    )
            yield page

    def changed_beside(self):
        """(path, what is wrong) of the first file that is not as it was exported, or None."""
        manifest = self.manifest
        size, root, _ = self.checkpoint
        if manifest["origin"] != self.origin:
            return "export.json", "it says it is of another ledger than the trusted key"
        if (manifest["size"], manifest["root"]) != (size, base64.b64encode(root).decode()):
            return "export.json", "it says another size or root than the checkpoint"
        sums = read_file(os.path.join(self.folder, "SHA256SUMS"))
        if sums is None or sha256(sums).hex() != manifest["sums"]:
            return "SHA256SUMS", "it is not as it was exported"
        listed, size = {}, 0
        lines = re.split("\r\n|\n|\r|\u2028|\u2029", sums.decode("utf-8", "replace"))
        for line in lines[:-1] if lines[-1] == "" else lines:
            found = re.fullmatch(f"([0-9a-f]{{64}})  ([^{SPACE}]+)", line)
            path = found[2] if found else ""
            if path in listed or any(part in ("", ".", "..") for part in path.split("/")):
                return "SHA256SUMS", "a line of it is no file of the export"
            listed[path] = True
            place = os.path.join(self.folder, path)
            if os.path.islink(place) or not os.path.isfile(place):
                return path, "the file is missing"
            size += os.path.getsize(place)
            if not path.startswith("log/") and sha256(read_file(place)).hex() != found[1]:
                return path, "the file is not as it was exported"
        for path in ["idempotency.jsonl", "root.vkey", *(["sensitive.jsonl"] if manifest["withSensitive"] else [])]:
            if path not in listed:
                return "SHA256SUMS", f"it does not list {path}"
        for place, _, names in sorted(os.walk(self.folder)):
            for name in sorted(names):
                path = os.path.relpath(os.path.join(place, name), self.folder)
                if path not in listed and path not in ("export.json", "SHA256SUMS"):
                    return path, "no file of the export has this name"
        if (len(listed), size) != (manifest["files"], manifest["bytes"]):
            return "export.json", "it says other numbers of files or bytes"
        return None


def place_in(note):
    """Chain and seq that an entry in a bundle names, found from its end; damaged bytes name nothing."""
    text = note.decode("latin-1")
    seq_at = text.rfind('","seq":')
    idem_at = text.rfind('","idem":"', 0, seq_at + 10) if seq_at >= 0 else -1
    entity_at = text.rfind('"entity":"', 0, idem_at + 10) if idem_at >= 0 else -1
    digits = re.match(r"\s*[+-]?[0-9]+", text[seq_at + 8 : seq_at + 25]) if entity_at >= 0 else None
    if digits is None or abs(int(digits[0])) > MAX_SAFE:
        return NOBODY, 0
    return text[entity_at + 10 : idem_at], int(digits[0])


# ------------------------------------------------------------------------------------------------------- verification


class Usage(Exception):
    """What was asked cannot be answered: no ledger there, no key."""


class Options:
    def __init__(self, **given):
        self.vkeys = given.get("vkeys") or []
        self.anchors = given.get("anchors")
        self.anchors_up_to = given.get("anchorsUpTo")
        self.remembered = given.get("remembered")
        self.require_anchored = bool(given.get("requireAnchored"))
        self.max_age_minutes = given.get("maxAgeMinutes")
        self.now = given.get("now") or int(time.time() * 1000)
        self.entity, self.state = given.get("entity"), bool(given.get("state"))


def is_decisive(body):
    kind = body["type"]
    if kind == "event":
        return "work" in body["data"] or body["data"].get("source") == WORK_SOURCE
    return kind.startswith(("change.", "delegation.")) or kind == POLICY_ADOPTED


class Verification:
    """One run: `report()` is the answer."""

    is_part = False

    def __init__(self, folder, options):
        self.options = options
        self.entries, self.heads, self.changed, self.store_size = 0, {}, {}, None
        self.decisive, self.keys, self.twice = [], {}, None
        self.committed, self.erased = {}, {}
        self.checked, self.not_checked = [], []
        self.against = 0
        self.folder, self.source = folder, None

    def report(self):
        try:
            finding = self.run()
        finally:
            if self.source is not None:
                self.source.close()
        found = {} if finding is None else {"firstBad": finding.report()}
        verdict = "OK" if finding is None else finding.verdict
        return {
            "verdict": verdict,
            **found,
            "entries": self.entries,
            "checked": self.checked,
            "notChecked": self.not_checked,
        }

    def run(self):
        try:
            is_export = os.path.isfile(os.path.join(self.folder, "export.json"))
            self.source = (Export if is_export else DataFolder)(self.folder, self.options)
            if is_export and self.is_part:
                raise Usage("an export is verified as a whole")
            finding = self.first_bad(self.verify)
            if not self.is_part and not is_export and self.store_size is not None:
                finding = self.before(self.source.row_outside(self.store_size), finding)
        except Bad as error:
            finding = error
        except sqlite3.DatabaseError as error:
            finding = database_bad(f"the file is damaged where it keeps its own records: {error}")
        if finding is not None:
            self.not_checked.append("what comes after the first bad entry")
        return finding

    @staticmethod
    def first_bad(check):
        try:
            check()
        except Bad as finding:
            return finding
        return None

    @staticmethod
    def before(outside, finding):
        """A row outside the log comes first, unless what was found in the log has a smaller index."""
        if outside is None or finding is None:
            return outside or finding
        if finding.position is not None and outside.position is not None and finding.position < outside.position:
            return finding
        return outside

    def open_points(self):
        source = self.source
        root, witness_keys = self.trusted_keys()
        if isinstance(source, Export):
            source.trust(root, witness_keys)
        self.signatures = Signatures(root, source.chain)
        root_keys = self.signatures.roots.log_keys(source.log_name)
        # Points first, in the opposite order of publishing; the size of the store after them.
        self.points = Points(source, root_keys, witness_keys, self.options)
        self.published = self.points.published.size if self.points.published else 0
        self.store_size = self.anchor_to = source.size()
        self.compared = min(self.published, self.store_size)

    def verify(self):
        source = self.source
        self.open_points()
        self.read_entries()
        self.hold_against()
        self.check_upper_tiles()
        self.check_decisions()
        if source.has_documents:
            self.check_documents()
            Fields(self).check()
        if isinstance(source, Export):
            changed = source.changed_beside()
            if changed is not None:
                raise Bad("CONTENT_MISMATCH", changed[1], path=changed[0])

    def trusted_keys(self):
        keys = [parse_vkey(text) for text in self.options.vkeys]
        if None in keys:
            raise Usage("a verifier key is malformed")
        roots = [key for key in keys if key.kind == ED25519]
        named = [key for key in roots if key.name == self.source.origin]
        root = (named or roots or [None])[-1]
        if root is None:
            root = self.source.default_root()
            self.not_checked.append("whether root.vkey of the folder is the right key: give the one you got elsewhere")
        if root is None:
            raise Usage("no root key: give the verifier key you trust")
        return root, [key for key in keys if key.kind == COSIGNATURE]

    # ---- entries

    def read_entries(self):
        """Entries in the order of the log, a tile at a time: first the entries of it, then its files."""
        is_short = self.published > self.store_size
        wanted, self.roots, self.tile_roots, edge = self.points.sizes(), {}, [], Edge()
        if 0 in wanted:
            self.roots[0] = edge.root()
        for page in self.source.pairs(self.store_size):
            for pair in page:
                self.check_pair(pair)
                self.entries += 1
                edge.append(pair.stored.hash)
                if edge.size in wanted:
                    self.roots[edge.size] = edge.root()
            if len(page) == TILE:
                self.tile_roots.append(perfect_root([pair.stored.hash for pair in page]))
            if self.source.has_documents:
                self.check_tile(page[0].position // TILE, [pair.stored for pair in page], self.published, is_short)
        self.checked += ["bytes and hashes", "signatures up to the root key", "links of every chain"]

    def check_pair(self, pair):
        stored, place = pair.stored, pair.place
        if stored is None:
            self.raise_lost(pair)
        body = self.check_entry(stored)
        if place is None:
            raise stored.bad("LINK_BROKEN", "stored here, but never committed")
        if place[:2] != (stored.chain, stored.seq):
            raise stored.bad("LINK_BROKEN", f'the commit-order record has "{place[0]}" #{place[1]} here')
        if place[2] != stored.hash:
            raise stored.bad("CONTENT_MISMATCH", "committed with another hash")
        self.check_link(stored, body)
        self.collect(stored, body)

    def check_entry(self, stored):
        """The body of an entry that is right by itself."""
        if leaf_hash(stored.note) != stored.hash:
            raise stored.bad("CONTENT_MISMATCH", "the bytes do not have the recorded hash")
        try:
            entry = Entry(stored.note)
        except Malformed as error:
            raise stored.bad("UNREADABLE", str(error)) from None
        body = entry.body
        if (body["entity"], body["seq"], body["ledger"]) != (stored.chain, stored.seq, self.source.ledger):
            raise stored.bad("LINK_BROKEN", f"the entry says \"{body['entity']}\" #{body['seq']} of \"{body['ledger']}\"")
        problem = entry_problem(body)
        if problem is not None:
            raise stored.bad("UNREADABLE", problem)
        self.signatures.check(stored, entry)
        return body

    def collect(self, stored, body):
        """What later looks need: decisions, commitments and erasures, keys."""
        if is_decisive(body):
            self.decisive.append((stored, body))
        self.collect_key(stored, body)
        if "commits" in body:
            of_chain = self.committed.setdefault(stored.chain, {})
            of_chain.update({(stored.seq, one["path"]): (one["hash"], stored.position) for one in body["commits"]})
        if body["type"] == REDACTED:
            erased = self.erased.setdefault(stored.chain, set())
            erased.update((body["data"]["seq"], path) for path in body["data"]["fields"])

    def collect_key(self, stored, body):
        key = unique_key(body)
        if key is not None and self.keys.setdefault(key, stored) is not stored and self.twice is None:
            self.twice = stored.bad("DUPLICATE_ENTRY", f'"{key}" was recorded before')

    def raise_lost(self, pair):
        chain, seq = pair.place[:2] if pair.place else (NOBODY, 0)
        if pair.damage is not None:
            raise Bad("UNREADABLE", pair.damage, chain, seq, pair.position)
        if chain == NOBODY and self.source.has_documents:
            entry = self.source.log.entry_at(pair.position, [self.published])
            if entry is not None:
                chain, seq = entry.body["entity"], entry.body["seq"]
        raise Bad("MISSING_ENTRY", "an entry was committed at this index, but it is gone", chain, seq, pair.position)

    def check_link(self, stored, body):
        seq, before = self.heads.get(stored.chain) or (-1, genesis_hash(self.source.origin, stored.chain))
        if stored.seq > seq + 1:
            raise Bad("MISSING_ENTRY", f"after #{seq} comes #{stored.seq}", stored.chain, seq + 1)
        if stored.seq <= seq:
            raise stored.bad("LINK_BROKEN", f"#{stored.seq} comes after #{seq}")
        if body["prev"] != before:
            raise stored.bad("LINK_BROKEN", f"names {body['prev']} as the entry before it, which is {before}")
        self.heads[stored.chain] = (stored.seq, stored.hash.hex())
        if body["type"].startswith("change.") or body["type"] in (POLICY_ADOPTED, REDACTED):
            self.changed[stored.chain] = True

    # ---- files of the log

    def check_tile(self, index, entries, size, is_lenient):
        try:
            self.compare_tile(index, entries, size)
        except Bad as finding:
            if finding.verdict != "UNREADABLE" or not is_lenient:
                raise

    def compare_tile(self, index, entries, size):
        """The entries of a tile against its hashes and its bundle."""
        width = min(tile_width(0, index, size), len(entries))
        if width == 0:
            return
        log, full = self.source.log, tile_width(0, index, size)
        path = tile_path(0, index, full)
        try:
            hashes, missing = log.tile(0, index, size), None
        except Malformed as error:
            hashes, missing = None, str(error)
        bundle = log.bundle(index, full)
        notes, damage = decode_bundle(bundle[1]) if bundle else ([], None)
        for i, stored in enumerate(entries[:width]):
            note = notes[i] if i < len(notes) else None
            if hashes is None:
                raise stored.bad("UNREADABLE", missing, path)
            if hashes[i] != stored.hash:
                self.raise_other(stored, hashes[i], note, path)
            if note == stored.note:
                continue
            of_bundle = bundle[0] if bundle else tile_path("entries", index, full)
            if bundle is None:
                raise stored.bad("UNREADABLE", "the bundle is missing", of_bundle)
            if note is None:
                raise stored.bad("UNREADABLE", damage or f"it has only {i} entries", of_bundle)
            raise stored.bad("CONTENT_MISMATCH", "the published copy has other bytes than the entry", of_bundle)
        excess = bundle_excess(notes, damage, bundle[2])
        if excess is not None:
            raise entries[width - 1].bad("UNREADABLE", excess, bundle[0])

    def raise_other(self, stored, in_tile, note, path):
        """The tile has another hash than the stored entry: what was published there, and where is it now?"""
        detail = f"the log has {in_tile.hex()} at this index, the entry hashes to {stored.hash.hex()}"
        published = entry_or_none(note) if note is not None and leaf_hash(note) == in_tile else None
        if published is None:
            raise stored.bad("CONTENT_MISMATCH", detail, path)
        entity, seq = published.body["entity"], published.body["seq"]
        if (entity, seq) == (stored.chain, stored.seq):
            raise stored.bad("CONTENT_MISMATCH", detail)
        moved = self.source.at(entity, seq)
        detail = f'"{entity}" #{seq} was published at this index, stored here is "{stored.chain}" #{stored.seq}'
        if moved is not None and moved.hash == in_tile:
            raise stored.bad("LINK_BROKEN", detail)
        verdict = "MISSING_ENTRY" if moved is None else "CONTENT_MISMATCH"
        raise Bad(verdict, detail, entity, seq, stored.position)

    def check_upper_tiles(self):
        level, hashes = 1, self.tile_roots
        while self.published > 0:
            count = min(self.published // TILE**level, len(hashes))
            if count == 0:
                return
            for index in range(-(-count // TILE)):
                path = tile_path(level, index, tile_width(level, index, self.published))
                try:
                    tile = self.source.log.tile(level, index, self.published)
                except Malformed as error:
                    raise Bad("UNREADABLE", str(error), path=path) from None
                computed = hashes[index * TILE : min(index * TILE + len(tile), count)]
                if tile[: len(computed)] != computed:
                    raise Bad("CONTENT_MISMATCH", "not the hashes that the tiles below lead to", path=path)
            groups = range(0, len(hashes) - TILE + 1, TILE)
            level, hashes = level + 1, [perfect_root(hashes[i : i + TILE]) for i in groups]

    # ---- points

    def hold_against(self):
        points, options = self.points, self.options
        if points.findings:
            raise points.findings[0]
        anchors = [points.anchor(size) for size in points.anchored[-1 if self.is_part else 0 :]]
        firm = [*points.others, *anchors, *points.cosignatures]
        every = [*firm, points.published] if points.published else firm
        self.raise_fork(every)
        self.raise_missing(every)
        newest = max(firm, key=lambda point: point.size, default=None)
        if newest is not None and (points.published is None or points.published.size < newest.size):
            detail = f"the published checkpoint is smaller than {newest.name}, or missing"
            raise Bad("ROLLED_BACK", detail, path="checkpoint")
        anchored = anchors[-1].size if anchors else 0
        self.raise_not_anchored(anchored)
        self.raise_stale()
        self.against = len(every)
        if every:
            self.checked.append(f"the root, recomputed from the entries, at {len(every)} trusted points")
        else:
            self.not_checked.append("whether the end of the ledger was removed: there was nothing to hold it against")
        if options.remembered is None:
            self.not_checked.append("whether anchors and witness were replaced together with the ledger")

    def raise_fork(self, every):
        for point in sorted(every, key=lambda one: one.size):
            computed = self.roots.get(point.size)
            if computed is None or computed == point.root:
                continue
            self.raise_difference(point.size)
            raise Bad("FORK", f"the entries do not lead to {point.name}, of size {point.size}", path=point.path)

    def raise_difference(self, size):
        """The first stored entry that is not the one in the published files, where those still exist."""
        for index in range(self.compared // TILE, -(-size // TILE)):
            page = [self.source.at_position(at) for at in range(index * TILE, min((index + 1) * TILE, self.store_size))]
            self.check_tile(index, [stored for stored in page if stored is not None], size, True)

    def raise_missing(self, every):
        promises = [point for point in every if point.size > self.store_size]
        if not promises:
            return
        largest = max(promises, key=lambda one: one.size)
        detail = f"{self.store_size} entries are stored, {largest.name} is about {largest.size}"
        ordered = sorted(promises, key=lambda one: -one.size)
        lost = self.source.log.entry_at(self.store_size, [point.size for point in ordered])
        if lost is None:
            raise Bad("ROLLED_BACK", detail, position=self.store_size)
        raise Bad("MISSING_ENTRY", detail, lost.body["entity"], lost.body["seq"], self.store_size)

    def time_of(self, size):
        """When the last entry of the first `size` was recorded, or None."""
        stored = self.source.at_position(size - 1) if size > 0 else None
        entry = entry_or_none(stored.note) if stored else None
        return instant(entry.body["at"]) if entry else None

    def raise_not_anchored(self, anchored):
        published = self.points.published
        if self.options.require_anchored and anchored < self.anchor_to:
            detail = f"anchored are the first {anchored} entries, of {self.anchor_to}"
            stored = self.source.at_position(anchored)
            raise stored.bad("NOT_YET_ANCHORED", detail) if stored else Bad("NOT_YET_ANCHORED", detail, position=anchored)
        if published is None or published.size <= anchored:
            return
        when = self.time_of(published.size)
        if when is not None and self.options.now - when >= ANCHOR_GRACE_MS:
            raise Bad("NOT_YET_ANCHORED", "no anchor of the published checkpoint", path=anchor_path(published.size))

    def raise_stale(self):
        if self.options.max_age_minutes is None:
            return
        times = [point.time_ms for point in self.points.cosignatures]
        times += [self.time_of(self.points.published.size)] if self.points.published else []
        newest = max((when for when in times if when is not None), default=None)
        if newest is None or self.options.now - newest > self.options.max_age_minutes * 60_000:
            raise Bad("STALE", "the newest sign of life under a checkpoint is older than asked for", path="checkpoint")

    # ---- decisions

    def check_decisions(self):
        replay = Replay(self.source.ledger)
        for stored, body in self.decisive:
            if not replay.take(stored, body):
                break
        found, claims = replay.first and (replay.first[0], "UNAUTHORIZED_DECISION", replay.first[1]), replay.claims
        if claims.first is not None and (found is None or claims.first[0].position < found[0].position):
            found = claims.first
        if found is not None and (self.twice is None or found[0].position < self.twice.position):
            raise found[0].bad(found[1], found[2])
        if self.twice is not None:
            raise self.twice
        self.checked += ["that no idempotency key was recorded twice", f"who was entitled to each of {replay.judged} steps"]
        self.checked.append(f"that one at a time held each work, in {claims.steps} claims and ends, and {claims.effects} things done under claims")
        self.not_checked.append("who was signed in, and what rights modules had")
        if claims.steps > 0:
            self.not_checked.append("whether who claimed work had the right to, and whether what expired was not renewed")
        self.say_not_checked(replay.advised, "assessments rest on what executors said of their plans")
        self.say_not_checked(replay.before_policy, "steps are from before the ledger adopted a policy")
        self.say_not_checked(replay.without_under, "steps do not name the policy they rest on")

    def say_not_checked(self, count, what):
        if count > 0:
            self.not_checked.append(f"{count} {what}")

    # ---- documents

    def check_documents(self):
        prefix = f"{self.source.ledger}#document"
        entities, unreadable = {chain: True for chain in self.heads if chain in self.changed}, None
        try:
            entities.update(dict.fromkeys(self.source.item_keys(prefix)))
        except Malformed as error:
            unreadable = error
        for entity in entities:
            self.check_document(entity)
        if unreadable is not None:
            raise Bad("UNREADABLE", f"documents: {unreadable}")
        self.checked.append("documents against the chains")

    def check_document(self, entity):
        prefix, stored_chain = f"{self.source.ledger}#document", self.source.chain(entity)
        entries = [(stored, entry_or_none(stored.note)) for stored in stored_chain]
        chain = [(stored, entry.body) for stored, entry in entries if entry is not None]
        last = stored_chain[-1].seq if stored_chain else 0
        try:
            state = DocumentFold(entity, chain)
        except Inconsistent as error:
            raise Bad("DRIFT", f"the change-set's steps contradict each other: {error}", entity, error.seq) from None
        version, document, writer, is_whole = 0, None, None, True
        try:
            item = self.source.item(prefix, entity)
            if item is not None:
                version, value = item
                if not isinstance(value, dict) or "document" not in value:
                    raise Malformed("not of the form {change, document}")
                document, writer = value["document"], value.get("change")
                is_whole = sorted(value) == ["change", "document"]
            stored_hash = document_hash(document)
        except Malformed as error:
            raise Bad("UNREADABLE", f"its stored document: {error}", entity, last) from None
        if (version, stored_hash) != (state.version, state.hash):
            detail = f"the ledger leads to version {state.version} ({state.hash}), stored is {version} ({stored_hash})"
            raise Bad("DRIFT", detail, entity, last)
        if not is_whole or writer != state.writer:
            raise Bad("DRIFT", "the record of the document names another change-set as its writer", entity, last)


class EntityVerification(Verification):
    """One chain: its links, its places in the log, whether the log has more of it, the log itself, its document."""

    is_part = True

    def verify(self):
        self.open_points()
        self.compared, point = 0, self.points.published
        self.tiles = ProvenTiles(self.source.log, point.size, point.root) if point else None
        last = None
        for stored in self.source.chain(self.options.entity):
            self.check_link(stored, self.check_entry(stored))
            self.check_place(stored)
            self.entries, last = self.entries + 1, stored
        self.anchor_to = self.store_size if last is None else last.position + 1
        self.find_later(last)
        self.roots = self.roots_at({*self.points.anchored[-1:], *(size for size in self.points.sizes(anchors=False))})
        self.hold_against()
        self.check_document(self.options.entity)
        if last is None:
            raise Bad("NOT_FOUND", "nothing was ever recorded under this name", self.options.entity)
        self.checked += ["the chain up to the root key", "its places in the log", "its document"]
        self.not_checked.append("other entities")

    def check_place(self, stored):
        if stored.position >= self.published:
            return
        try:
            if self.tiles.has(stored.hash, stored.position):
                return
        except Malformed as error:
            raise stored.bad("UNREADABLE", f"its inclusion in the log cannot be shown: {error}") from None
        raise stored.bad("CONTENT_MISMATCH", "the log has another entry at its index")

    def find_later(self, last):
        """Of the same chain, in the published bundles behind its last entry."""
        seq, position = (-1, -1) if last is None else (last.seq, last.position)
        for index in range((position + 1) // TILE, -(-self.published // TILE)):
            width = tile_width(0, index, self.published)
            bundle = self.source.log.bundle(index, width)
            if bundle is None:
                raise Bad("UNREADABLE", f"bundle {index} is missing")
            for i, note in enumerate(decode_bundle(bundle[1], width)[0]):
                entry = entry_or_none(note)
                if entry is None or entry.body["entity"] != self.options.entity or entry.body["seq"] <= seq:
                    continue
                self.need_lost(entry.body, note, index * TILE + i, seq + 1)

    def need_lost(self, body, note, position, seq):
        """A bundle that was made up is no witness; the tiles are."""
        try:
            is_published = self.tiles.has(leaf_hash(note), position)
        except Malformed as error:
            raise Bad("UNREADABLE", str(error)) from None
        if is_published:
            detail = f"the log has #{body['seq']} of the chain"
            raise Bad("MISSING_ENTRY", detail, body["entity"], seq, position if body["seq"] == seq else None)

    def roots_at(self, sizes):
        """By the tiles: every entry of the chain was proved to be under them."""
        try:
            log, size = self.source.log, self.published
            return {at: root_of(right_edge(log, at, size)) for at in sizes if self.tiles is not None and at <= size}
        except Malformed as error:
            raise Bad("UNREADABLE", f"the log's tiles: {error}") from None


class StateVerification(Verification):
    """Decisions and documents, taking the entries as they are."""

    is_part = True

    def verify(self):
        self.trusted_keys()  # asked for, though nothing of this rests on them
        for stored in self.source.every(self.source.size()):
            entry = entry_or_none(stored.note)
            if entry is None:
                continue
            if is_decisive(entry.body):
                self.decisive.append((stored, entry.body))
            self.collect_key(stored, entry.body)
        self.check_decisions()
        entities, unreadable = {}, None
        try:
            for _, value in self.source.values(f"{self.source.ledger}#change"):
                if isinstance(value, dict) and isinstance(value.get("entityId"), str):
                    entities[value["entityId"]] = True
        except Malformed as error:
            entities, unreadable = {}, error
        self.heads = self.changed = entities
        self.check_documents()
        if unreadable is not None:
            raise Bad("UNREADABLE", f"change-set records: {unreadable}")
        self.not_checked.append("the entries, signatures and the log; what change-sets are found and counted by")


# ------------------------------------------------------------------------------------------------- confidential fields

FIELD_TAG = b"nervous-system.field.v1\n"
SALT_BYTES = 32
NONCE_BYTES, TAG_BYTES = 12, 16
KEY_BYTES = 32


class Fields:
    """What is kept beside the ledger is what its entries are committed to. That an erasure follows from a change-set is of documents."""

    def __init__(self, verification):
        self.verification, self.source = verification, verification.source
        self.committed, self.erased = verification.committed, verification.erased
        self.wrapping, self.missing = self.wrapping_key(), 0

    def check(self):
        prefix, held = f"{self.source.ledger}#sensitive#", {}
        for pk, sk, version, text in self.source.items_under(prefix):
            held.setdefault(pk[len(prefix) :], {})[sk] = (version, text)
        for entity in {**self.committed, **held}:
            self.check_entity(entity, held.get(entity, {}))
        self.say()

    def check_entity(self, entity, held):
        try:
            items = {sk: read_item(*item)[1] for sk, item in held.items()}
        except Malformed as error:
            raise Bad("UNREADABLE", f"a confidential field of it: {error}", entity) from None
        data_key, erased = self.data_key(entity), self.erased.get(entity, set())
        for (seq, path), (commitment, position) in sorted(self.committed.get(entity, {}).items(), key=field_order):
            sk = f"{seq:016d}{path}"
            is_erased = (seq, path) in erased
            if sk not in items and not is_erased:
                if position >= self.source.restored_without:
                    raise Bad("DRIFT", f"the field {path} is gone, and no entry says that it was destroyed", entity, seq)
                self.missing += 1
            elif sk in items and is_erased:
                raise Bad("DRIFT", f"the field {path} was destroyed by an entry, and is still there", entity, seq)
            elif sk in items:
                self.check_field((entity, seq, path), commitment, items.pop(sk), data_key)
        for sk in items:
            seq = int(sk[:16]) if re.match("[0-9]{16}", sk) else 0
            raise Bad("DRIFT", "a confidential field that no entry is committed to", entity, seq if seq <= MAX_SAFE else 0)

    def check_field(self, place, commitment, value, data_key):
        entity, seq, path = place
        form = isinstance(value, dict) and value.keys() == {"salt", "box"}
        salt, box = (strict_base64(value[name]) for name in ("salt", "box")) if form else (None, None)
        if salt is None or box is None or len(salt) != SALT_BYTES or len(box) < NONCE_BYTES + TAG_BYTES:
            raise Bad("UNREADABLE", f"what is kept for {path} is not of the form {{salt, box}}", entity, seq)
        if self.wrapping is None:
            return
        plain = opened(data_key, box, commitment.encode())
        if plain is None or field_hash(path, salt, plain) != commitment:
            raise Bad("CONTENT_MISMATCH", f"the field {path} is not what the entry is committed to", entity, seq)

    def wrapping_key(self):
        data = read_file(os.path.join(self.source.folder, "field.key"))
        return None if data is None else raw_key(data.decode("utf-8", "replace").strip())

    def data_key(self, entity):
        """None: there is none, or it cannot be unwrapped; such a key opens nothing."""
        try:
            item = self.source.item(f"{self.source.ledger}#data-key", entity)
        except Malformed:
            return None
        value = item[1] if item is not None else None
        wrapped = strict_base64(value.get("wrapped")) if isinstance(value, dict) else None
        return opened(self.wrapping, wrapped, f"{self.source.ledger}#{entity}".encode())

    def say(self):
        said = self.verification
        said.checked.append("confidential fields against their commitments")
        if self.wrapping is None:
            said.not_checked.append("what confidential fields hold: there is no field.key here that opens them")
        if self.missing > 0:
            said.not_checked.append(f"{self.missing} confidential fields: the folder says that it was restored without them")


def field_order(one):
    (seq, path), _ = one
    return seq, utf16_order(path)


def opened(key, box, authenticated):
    """What was encrypted with AES-256-GCM (nonce, ciphertext, tag), or None."""
    if key is None or len(key) != KEY_BYTES or box is None or len(box) < NONCE_BYTES + TAG_BYTES:
        return None
    try:
        return AESGCM(key).decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], authenticated)
    except InvalidTag:
        return None


def field_hash(path, salt, value):
    def counted(data):
        return len(data).to_bytes(8, "big") + data

    return sha256(FIELD_TAG, counted(path.encode()), salt, counted(value)).hex()


# ---------------------------------------------------------------------------------------------------------- documents


class Inconsistent(Exception):
    """A step that does not follow from those before it."""

    def __init__(self, reason, seq=0):
        super().__init__(reason)
        self.seq = seq


def document_hash(document):
    return tagged_hash("nervous-system.document.v1", document)


# Forms of the data of steps, formats.md "Fields of the steps". A form is a predicate; a dict is an object with exactly
# these keys, of which those that end in "?" may be missing.


def is_text(value):
    return isinstance(value, str)


def is_document(value):
    return value is None or isinstance(value, dict)


def is_positive(value):
    return is_count(value) and value >= 1


def anything(_):
    return True


DATE = r"(\d{4})-(\d{2})-(\d{2})"
TIME = r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d+))?)?"
INSTANT = re.compile(f"{DATE}T{TIME}Z", re.ASCII)
DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


def instant(text):
    """Milliseconds since 1970 of an ISO 8601 time in UTC, or None where it is none."""
    found = INSTANT.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(found[i] or 0) for i in range(1, 7))
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= month <= 12 or not 1 <= day <= DAYS[month - 1] + (leap and month == 2):
        return None
    before = year - (month <= 2)  # days from 1970-01-01, with years that begin in March
    days = before * 365 + before // 4 - before // 100 + before // 400
    days += (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1 - 719_468
    millis = int((found[7] or "").ljust(3, "0")[:3])
    return ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + millis


def is_instant(value):
    return instant(value) is not None


def one_of(*values):
    return lambda value: isinstance(value, str) and value in values


def exactly(wanted):
    return lambda value: type(value) is type(wanted) and value == wanted


def list_of(form, least=0):
    return lambda value: isinstance(value, list) and len(value) >= least and all(fits(one, form) for one in value)


def record_of(form):
    return lambda value: isinstance(value, dict) and all(fits(one, form) for one in value.values())


def fits(value, form):
    if not isinstance(form, dict):
        return bool(form(value))
    if not isinstance(value, dict):
        return False
    needed = {name.rstrip("?") for name in form if not name.endswith("?")}
    known = {name.rstrip("?"): one for name, one in form.items()}
    return needed <= value.keys() <= known.keys() and all(fits(value[name], known[name]) for name in value)


OF = {"change": is_text, "revision": is_positive}
# The entry on registry:policy that made the policy in force; older ledgers lack it.
UNDER = {"under?": {"seq": is_count, "hash": is_hash}}
VERSIONED = {"version": is_count, "hash": is_hash}
FAILURE = {"code": is_text, "message": is_text}


def is_claimed_work(value):
    """The claim under which a change-set was proposed, and whose it is."""
    if not isinstance(value, dict) or set(value) != {"workId", "fence", "by"}:
        return False
    return is_text(value["workId"]) and is_count(value["fence"]) and is_text(value["by"])


EVIDENCE = list_of({"url": is_text, "hash": is_hash, "title?": is_text})
PASSKEY_ASSERTION = {"credentialId": is_text, "authenticatorData": is_text, "clientDataJSON": is_text, "signature": is_text}
KEY_ASSERTION = {"kind": exactly("key"), "keyId": is_text, "signature": is_text}


def is_assertion(value):
    return fits(value, PASSKEY_ASSERTION) or fits(value, KEY_ASSERTION)


OPERATION = {
    "type": is_text,
    "payload": anything,
    "baseVersion?": is_count,
    "executor": is_text,
    "inverse": one_of("restore-before-image", "executor-undo", "none"),
}
CONTENT = {
    **OF,
    "title": is_text,
    "rationale": is_text,
    "evidence": EVIDENCE,
    "operations": list_of(OPERATION),
    "contentHash": is_hash,
    "initiator": is_text,
    "sponsor?": is_text,
    "excludes": list_of(is_text),
    "deadline": is_instant,
    "reverts?": is_text,
    "supersedes?": is_text,
    "work?": is_claimed_work,
    **UNDER,
}
RESOLVED = {**OF, **UNDER, "claim": is_hash, "resolutions": lambda value: list_of(is_hash)(value) and len(value) == 2, "document": VERSIONED}
STEPS = {
    "change.proposed": {**CONTENT, "revision": exactly(1)},
    "change.revised": CONTENT,
    "change.assessed": {
        **OF,
        "round": is_positive,
        "proposal": is_hash,
        "contentHash": is_hash,
        "facts": lambda value: isinstance(value, dict),
        "matched": list_of(is_text),
        "level": one_of("L0", "L1", "L2", "L3", "L4"),
        "roles": list_of(is_text),
        "approvals": is_count,
        "timelockMinutes": is_count,
        "enforcement?": one_of("soft", "hard"),
        "assertion?": one_of("signed", "device-bound"),
        "sampled?": exactly(True),
        "policy": {"version": is_text, "hash": is_hash},
        "base": VERSIONED,
        "result": is_hash,
        "plans?": list_of({"index": is_count, "planHash": is_hash, "precondition": is_hash}, 1),
        "asOf?": is_instant,
        "turns?": {"sponsor": is_count, "entity": is_count},
        **UNDER,
        "assessmentHash": is_hash,
    },
    "change.voted": {
        **OF,
        **UNDER,
        "contentHash": is_hash,
        "assessmentHash": is_hash,
        "decision": one_of("approve", "reject", "request-changes"),
        "personId": is_text,
        "roles": list_of(is_text),
        "delegate?": {"personId": is_text, "delegation": is_hash},
        "nonce": is_text,
        "expiresAt?": is_instant,
        "reason?": is_text,
        "assertion?": is_assertion,
    },
    "change.approved": {**OF, **UNDER, "proposal": is_hash, "assessment": is_hash, "votes": list_of(is_hash)},
    "change.vote-revoked": {**OF, **UNDER, "vote": is_hash, "personId": is_text, "reason?": is_text},
    "change.reminded": {**OF, "count": is_positive},
    "change.escalated": {**OF, **UNDER, "assessment": is_hash, "eligible": record_of(list_of(is_text))},
    "change.overridden": {
        **OF,
        **UNDER,
        "proposal": is_hash,
        "assessment": is_hash,
        "contentHash": is_hash,
        "personId": is_text,
        "ticket": is_text,
        "reason": is_text,
        "nonce": is_text,
        "assertion?": is_assertion,
        "reviewBy": is_instant,
    },
    "change.reviewed": {**OF, **UNDER, "personId": is_text, "verdict": one_of("justified", "unjustified"), "reason": is_text},
    "change.rejected": {**OF, **UNDER, "proposal": is_hash, "assessment": is_hash, "vote": is_hash},
    "change.returned": {
        **OF,
        **UNDER,
        "approval": is_hash,
        "drift": list_of(one_of("roster", "policy", "base", "freeze"), 1),
        "blocked?": FAILURE,
    },
    "change.withdrawn": {**OF, **UNDER, "reason?": is_text},
    "change.expired": {**OF, "deadline": is_instant},
    "change.claimed": {**OF, **UNDER, "approval": is_hash},
    "change.intent": {
        **OF,
        "claim": is_hash,
        "index": is_count,
        "before": {"document": is_document, **VERSIONED},
        "after": {"hash": is_hash},
        "external?": {"inverse": anything, "planHash": is_hash, "precondition": anything, "grantUntil": is_instant},
    },
    "change.not-applied": {**OF, "index": is_count, "intent": is_hash, "failure": FAILURE},
    "change.applied": {**OF, "index": is_count, "intent": is_hash, **VERSIONED},
    "change.executed": {**OF, "claim": is_hash, "approval": is_hash, "document": VERSIONED},
    "change.failed": {**OF, "claim": is_hash, "failure": FAILURE},
    "change.aborted": {**OF, **UNDER, "claim": is_hash, "personId": is_text, "reason": is_text},
    "change.rolling-back": {**OF, "claim": is_hash, "failure": FAILURE},
    "change.undone": {**OF, "index": is_count, "applied": is_hash, **VERSIONED},
    "change.rolled-back": {**OF, "claim": is_hash, "document": VERSIONED},
    "change.rollback-failed": {**OF, "claim": is_hash, "index": is_count, "failure": FAILURE},
    "change.resolution": {
        **OF,
        **UNDER,
        "claim": is_hash,
        "personId": is_text,
        "roles": list_of(is_text),
        "outcome": one_of("executed", "rolled_back"),
        "reason": is_text,
        "evidence": EVIDENCE,
    },
    "change.resolved-executed": RESOLVED,
    "change.resolved-rolled-back": RESOLVED,
}

# The life of a change-set: what is not here is impossible.
PENDING = "pending"
TRANSITIONS = {
    None: {"proposed": "draft"},
    "draft": {"revised": "draft", "assessed": PENDING, "withdrawn": "cancelled"},
    PENDING: {
        **dict.fromkeys(["voted", "vote-revoked", "reminded", "escalated", "revised", "assessed"], PENDING),
        "overridden": "approved",
        "approved": "approved",
        "rejected": "rejected",
        "withdrawn": "cancelled",
        "expired": "expired",
    },
    "approved": {
        "claimed": "executing",
        "voted": "approved",
        "rejected": "rejected",
        "vote-revoked": PENDING,
        "returned": PENDING,
        "withdrawn": "cancelled",
        "expired": "expired",
    },
    "executing": {
        **dict.fromkeys(["intent", "applied", "not-applied"], "executing"),
        "executed": "executed",
        "failed": "failed",
        "aborted": "rolling_back",
        "rolling-back": "rolling_back",
    },
    "rolling_back": {
        **dict.fromkeys(["undone", "not-applied"], "rolling_back"),
        "rolled-back": "rolled_back",
        "rollback-failed": "rollback_failed",
    },
    "rollback_failed": {
        **dict.fromkeys(["resolution", "reviewed"], "rollback_failed"),
        "resolved-executed": "executed",
        "resolved-rolled-back": "rolled_back",
    },
    **{state: {"reviewed": state} for state in ("executed", "failed", "rolled_back")},
    **{state: {} for state in ("rejected", "cancelled", "expired")},
}

REVIEW_MS = 86_400_000
MINUTE_MS = 60_000
MAX_WEIGHING_MS = 60_000
MAX_STATEMENTS = 5
MAX_VERSION_DRIFT = 1_000
REVIEWERS = 2
REGISTRY = "registry:"
UNMATCHED_ROLES = ["owner", "risk"]


def step_hash(body):
    return tagged_hash("nervous-system.change.step.v1", {name: body[name] for name in ("actor", "data", "type")})


def content_hash(entity, operations):
    listed = [
        {
            **{name: one[name] for name in ("type", "payload", "inverse", "executor")},
            "precondition": {"baseVersion": one["baseVersion"]} if "baseVersion" in one else None,
        }
        for one in operations
    ]
    return tagged_hash("nervous-system.change.content.v1", {"targets": [entity], "operations": listed})


class Change:
    """One change-set, folded from its steps. `take` raises Inconsistent where a step does not follow."""

    def __init__(self):
        self.state, self.round, self.last_seq = None, 0, -1
        self.progress, self.resolutions = [], []
        self.claim = self.document = self.proposer = self.assessed_at = None
        self.is_off_document = False
        self.not_assessed()

    def not_assessed(self):
        self.votes, self.assessment, self.approval, self.blocked = [], None, None, None
        self.override, self.review, self.reminders, self.eligible = None, None, 0, None

    def take(self, body):
        kind, data = body["type"].removeprefix("change."), body["data"]
        to = TRANSITIONS[self.state].get(kind)
        need(to is not None, f"{body['type']} is not possible for a change-set that is {self.state}")
        step = step_hash(body)
        if self.state is not None:
            need(body["entity"] == self.entity, "it belongs to another entity")
            need(body["seq"] > self.last_seq, "it stands before the step it follows")
            if kind not in ("revised", "voted"):
                need(data["revision"] == self.content["revision"], "it is about another revision")
        if "claim" in data and kind != "claimed":
            need(data["claim"] == self.claim, "it names another claim")
        getattr(self, "on_" + kind.replace("-", "_"))(data, body, step)
        self.state, self.last_seq = to, body["seq"]

    def on_proposed(self, data, body, step):
        self.id, self.entity, self.content, self.proposal = data["change"], body["entity"], data, step
        self.proposer = body["actor"]
        need(data["contentHash"] == content_hash(self.entity, data["operations"]), "the content hash is wrong")

    def on_revised(self, data, body, step):
        old = self.content
        need(data["revision"] == old["revision"] + 1, "the revision does not follow")
        need(data["initiator"] == old["initiator"], "a change-set keeps its initiator")
        need(data.get("sponsor") == old.get("sponsor"), "a change-set keeps its sponsor")
        need(data.get("supersedes") == old.get("supersedes") and "reverts" not in data, "what it follows was changed")
        need(set(old["excludes"]) <= set(data["excludes"]), "who is excluded from deciding stays excluded")
        need(data["contentHash"] == content_hash(self.entity, data["operations"]), "the content hash is wrong")
        self.not_assessed()
        self.content, self.proposal = data, step

    def on_assessed(self, data, body, step):
        need(self.assessment is None, "the assessment in force is replaced only by a revision or a return")
        same = data["proposal"] == self.proposal and data["contentHash"] == self.content["contentHash"]
        need(same, "the assessment is about another content")
        need(data["round"] == self.round + 1, "the round does not follow")
        rest = {name: value for name, value in data.items() if name != "assessmentHash"}
        right = tagged_hash("nervous-system.change.assessment.v1", rest)
        need(data["assessmentHash"] == right, "the assessment hash is not that of the assessment")
        if "asOf" in data:
            age = instant(body["at"]) - instant(data["asOf"])
            need(0 <= age <= MAX_WEIGHING_MS, "it was weighed too long before")
        self.not_assessed()
        self.assessment, self.round = {**data, "step": step}, data["round"]

    def on_voted(self, data, body, step):
        need(self.state != "approved" or data["decision"] == "reject", "it is approved: only a veto counts")
        need_person(body)
        same = data["revision"] == self.content["revision"] and data["contentHash"] == self.content["contentHash"]
        same = same and (self.assessment is None or data["assessmentHash"] == self.assessment["assessmentHash"])
        need(same, "the decision is about another state of the change-set")
        self.in_time(body, data.get("expiresAt"))
        need(data["decision"] == "approve" or "reason" in data, "it needs a reason")
        self.may_decide(data["personId"])
        deciders = {data["personId"]}
        if "delegate" in data:
            deciders.add(data["delegate"]["personId"])
            self.may_decide(data["delegate"]["personId"])
        need(self.roles_filled(data["roles"]), "none of the roles that are needed")
        for vote in self.votes:
            used = {vote["personId"], vote.get("delegate", {}).get("personId")}
            need(not used & deciders, "one person has one vote")
        self.votes = [*self.votes, {**data, "step": step}]

    def on_vote_revoked(self, data, body, step):
        need_person(body)
        self.in_time(body)
        need(self.override is None, "it was overridden, which rests on no vote")
        found = next((vote for vote in self.votes if vote["step"] == data["vote"]), None)
        need(found is not None, "there is no such vote")
        whose = (found["personId"], found.get("delegate", {}).get("personId"))
        need(data["personId"] in whose, "it is somebody else's vote")
        self.votes = [vote for vote in self.votes if vote is not found]
        self.approval = None

    def on_reminded(self, data, body, step):
        need(self.assessment is not None, "nobody is awaited before the assessment")
        need(data["count"] == self.reminders + 1, "the reminder does not follow")
        self.reminders = data["count"]

    def on_escalated(self, data, body, step):
        need(self.assessment is not None, "nobody is awaited before the assessment")
        need(data["assessment"] == self.assessment["step"], "the escalation is about another assessment")
        need(not self.entity.startswith(REGISTRY), "nobody stands in for those who decide on the registry")
        need(self.eligible is None, "an assessment is escalated once")
        need(set(data["eligible"]) <= set(self.assessment["roles"]), "it widens a role nobody needs")
        self.eligible = data["eligible"]

    def on_overridden(self, data, body, step):
        need_person(body)
        self.in_time(body)
        self.may_decide(data["personId"])
        need(self.assessment.get("enforcement") == "soft", "its rules are hard")
        need(self.assessment["level"] not in ("L3", "L4"), "its level is hard")
        need(all(vote["decision"] == "approve" for vote in self.votes), "somebody objects")
        same = data["assessment"] == self.assessment["step"] and data["proposal"] == self.proposal
        need(same and data["contentHash"] == self.content["contentHash"], "it rests on something else")
        at, by = instant(body["at"]), instant(data["reviewBy"])
        need(at < by <= at + REVIEW_MS, "an override is to be reviewed within 24 hours")
        self.override = {**data, "step": step, "account": body["actor"]["id"]}
        self.approval = {"step": step, "until": at}
        self.review = []

    def on_approved(self, data, body, step):
        assessment = self.assessment
        same = assessment is not None and data["assessment"] == assessment["step"]
        need(same and data["proposal"] == self.proposal, "it rests on another proposal or assessment")
        need(data["votes"] == [vote["step"] for vote in self.votes], "it does not rest on the votes there are")
        need(self.has_quorum(self.votes), "the quorum is not there, or somebody objects")
        self.approval = {"step": step, "until": instant(body["at"]) + assessment["timelockMinutes"] * MINUTE_MS}
        if "sampled" in assessment:
            self.review = []

    def on_rejected(self, data, body, step):
        veto = next((vote for vote in self.votes if vote["step"] == data["vote"]), None)
        need(veto is not None and veto["decision"] == "reject", "it names no vote to reject")
        same = data["assessment"] == (self.assessment or {}).get("step") and data["proposal"] == self.proposal
        need(same, "it rests on another proposal or assessment")

    def on_returned(self, data, body, step):
        need(self.approval is not None and data["approval"] == self.approval["step"], "it names another approval")
        self.not_assessed()
        self.blocked = data.get("blocked")

    def on_withdrawn(self, data, body, step):
        pass

    def on_expired(self, data, body, step):
        need(instant(body["at"]) >= instant(self.content["deadline"]), "the deadline has not passed")

    def on_claimed(self, data, body, step):
        same = self.approval is not None and self.assessment is not None and data["approval"] == self.approval["step"]
        need(same, "it names another approval")
        need(all(vote["decision"] == "approve" for vote in self.votes), "somebody objects")
        at = instant(body["at"])
        need(self.approval["until"] <= at < instant(self.content["deadline"]), "locked, or too late")
        self.claim, self.document = step, dict(self.assessment["base"])

    def on_intent(self, data, body, step):
        operations = self.content["operations"]
        need(data["index"] == len(self.progress) < len(operations), "it is not the next operation")
        need(all(one["status"] == "applied" for one in self.progress), "the operation before is not applied")
        need(("external" in data) == self.is_elsewhere(data["index"]), "it is intended as what it is not")
        self.same_document(data["before"])
        one = {"status": "intended", "intent": step, "before": data["before"]["hash"], "after": data["after"]["hash"]}
        self.progress.append({**one, "applied": None})

    def last_intended(self, data):
        last = self.progress[-1] if self.progress else None
        same = last is not None and last["status"] == "intended"
        need(same and data["index"] == len(self.progress) - 1 and data["intent"] == last["intent"], "nothing was intended")
        return last

    def on_applied(self, data, body, step):
        last = self.last_intended(data)
        same = data["hash"] == last["after"] and data["version"] == self.document["version"] + 1
        need(same, "what was applied is not what was intended")
        last.update(status="applied", applied=step)
        self.document = {"version": data["version"], "hash": data["hash"]}

    def on_not_applied(self, data, body, step):
        last = self.last_intended(data)
        need(self.is_elsewhere(data["index"]), "only what an executor carries out has to be proved not applied")
        last["status"] = "not-applied"

    def on_executed(self, data, body, step):
        whole = len(self.progress) == len(self.content["operations"])
        need(whole and all(one["status"] == "applied" for one in self.progress), "not every operation is applied")
        need(data["document"]["hash"] == self.assessment["result"], "the document is not what was approved")
        need(data["approval"] == self.approval["step"], "it names another approval")
        self.same_document(data["document"])

    def on_failed(self, data, body, step):
        need(self.last_to_undo() is None, "something was applied")

    def on_aborted(self, data, body, step):
        pass

    def on_rolling_back(self, data, body, step):
        pass

    def on_undone(self, data, body, step):
        index = self.last_to_undo()
        need(index is not None and data["index"] == index, "operations are undone in reverse order")
        one = self.progress[index]
        need(data["applied"] == (one["applied"] or one["intent"]), "it undoes something else")
        same = data["hash"] == one["before"] and data["version"] == self.document["version"] + 1
        need(same, "what was restored is not what was there before")
        one["status"] = "undone"
        self.document = {"version": data["version"], "hash": data["hash"]}

    def on_rolled_back(self, data, body, step):
        need(self.last_to_undo() is None, "something is still applied")
        self.same_document(data["document"])

    def on_rollback_failed(self, data, body, step):
        pass

    def on_resolution(self, data, body, step):
        need_person(body)
        need(data["personId"] not in self.content["excludes"], "they proposed or edited it")
        needed = {*(self.assessment or {}).get("roles", []), *UNMATCHED_ROLES}
        need(needed & set(data["roles"]), "none of the roles that may resolve it")
        mine = [one for one in self.resolutions if one["personId"] == data["personId"]]
        need(len(mine) < MAX_STATEMENTS, "too many statements of one person")
        self.resolutions.append({**data, "step": step})

    def on_resolved_executed(self, data, body, step):
        self.resolve(data, "executed", (self.assessment or {}).get("result"))

    def on_resolved_rolled_back(self, data, body, step):
        self.resolve(data, "rolled_back", self.progress[0]["before"] if self.progress else None)

    def resolve(self, data, outcome, wanted):
        last_words = {one["personId"]: one for one in self.resolutions}
        said = {one["step"] for one in last_words.values() if one["outcome"] == outcome}
        one, other = data["resolutions"]
        need(one != other and {one, other} <= said, "no two people agree")
        need(data["document"]["hash"] == wanted, "the document is not that of the outcome")
        drift = data["document"]["version"] - self.document["version"] - 1
        need(0 <= drift <= MAX_VERSION_DRIFT, "the version does not follow")
        self.document = data["document"]

    def on_reviewed(self, data, body, step):
        need_person(body)
        need(self.review is not None, "there is nothing to review")
        parts = set(self.content["excludes"]) | {one["personId"] for one in self.resolutions}
        for vote in self.votes:
            parts |= {vote["personId"], vote.get("delegate", {}).get("personId")}
        if self.override is not None:
            parts.add(self.override["personId"])
        need(data["personId"] not in parts, "they had a part in it")
        need(data["personId"] not in self.review and len(self.review) < REVIEWERS, "it was reviewed")
        self.review.append(data["personId"])

    def in_time(self, body, expires=None):
        at = instant(body["at"])
        need(at < instant(self.content["deadline"]), "the deadline has passed")
        need(expires is None or at < instant(expires), "the decision has expired")

    def may_decide(self, person):
        need(self.assessment is not None, "it is not assessed")
        need(person not in self.content["excludes"], f"{person} proposed or edited it, or answers for its proposer")

    def roles_filled(self, held):
        widened = self.eligible or {}
        return [role for role in self.assessment["roles"] if {role, *widened.get(role, [])} & set(held)]

    def has_quorum(self, votes):
        """Every role has a person of its own, there are enough people, and nobody objects."""
        if self.assessment is None or any(vote["decision"] != "approve" for vote in votes):
            return False
        people = {}
        for vote in votes:
            filled = self.roles_filled(vote["roles"])
            if filled:
                people[vote["personId"]] = filled
        return len(people) >= self.assessment["approvals"] and can_fill(self.assessment["roles"], people)

    def is_elsewhere(self, index):
        operations = self.content["operations"]
        return index < len(operations) and operations[index]["type"] == "executor.invoke"

    def last_to_undo(self):
        for index in reversed(range(len(self.progress))):
            status = self.progress[index]["status"]
            if status == "applied" or (status == "intended" and self.is_elsewhere(index)):
                return index
        return None

    def same_document(self, given):
        same = (given["version"], given["hash"]) == (self.document["version"], self.document["hash"])
        need(same, "the document is not the one this change-set left")


def need(condition, reason):
    if not condition:
        raise Inconsistent(reason)


def need_person(body):
    need(body["actor"].get("kind") == "person", "only people decide")


def can_fill(roles, people):
    """Is there a person for each role, each person in one place? (Augmenting paths; a repeated role is one place.)"""
    holder = {}

    def assign(role, tried):
        for person, filled in people.items():
            if person in tried or role not in filled:
                continue
            tried.add(person)
            if person not in holder or assign(holder[person], tried):
                holder[person] = role
                return True
        return False

    for role in dict.fromkeys(roles):
        if not assign(role, set()):
            return False
    return True


def effect(change, body, images, current):
    """(document, version, hash) after a step that writes it, or None. `images`: documents before, by intent."""
    data, kind = body["data"], body["type"].removeprefix("change.")
    document, version, found = current
    if kind == "intent":
        before = data["before"]
        same = (before["version"], before["hash"]) == (version, found)
        need(same and document_hash(before["document"]) == found, "another document than the chain leads to")
        images[step_hash(body)] = before["document"]
        return None
    claimed = data
    if kind == "applied":
        document = plan(document, change.content["operations"][data["index"]])
    elif kind == "undone":
        document = images[change.progress[data["index"]]["intent"]]
    elif kind in ("resolved-executed", "resolved-rolled-back"):
        document = images[change.progress[0]["intent"]]
        if kind == "resolved-executed":
            for operation in change.content["operations"]:
                document = plan(document, operation)
        claimed = data["document"]
        version = claimed["version"] - 1
    else:
        return None
    now = (version + 1, document_hash(document))
    need(now == (claimed["version"], claimed["hash"]), "the operations lead to another document")
    return document, *now


class DocumentFold:
    """The document that a chain's change-sets and adoption lead to: version, hash, writer."""

    def __init__(self, entity, chain):
        self.entity, self.changes, self.images, self.adopted = entity, {}, {}, False
        self.document, self.version, self.writer = None, 0, None
        self.hash = document_hash(None)
        for _, body in chain:
            try:
                self.take(body)
            except Inconsistent as error:
                raise Inconsistent(str(error), body["seq"]) from None

    def take(self, body):
        if body["type"] == POLICY_ADOPTED:
            self.adopt(body)
        elif body["type"] in STEPS:
            self.step(body)
        elif body["type"] == REDACTED:
            self.redact(body)

    def redact(self, body):
        """What is said to be destroyed is what an operation, applied before, was approved to destroy."""
        data = body["data"]
        change = self.changes.get(data["change"])
        need(change is not None, "the erasure names no change-set of this entity")
        content, progress = change.content, change.progress
        index = next((i for i in range(len(progress)) if body["idem"] == f"{change.id}#redacted#{i}"), None)
        need(index is not None and data["revision"] == content["revision"], "the erasure names no operation that was applied")
        operation = content["operations"][index]
        wanted = {name: data[name] for name in ("seq", "fields", "basis")}
        is_same = operation["type"] == "field.erase" and is_same_json(operation["payload"], wanted)
        need(is_same, "the erasure is of other fields than the change-set was approved for")
        need(progress[index]["status"] == "applied", "the erasure comes without its operation")

    def adopt(self, body):
        data = body["data"]
        need(not self.adopted, "a policy is adopted once")
        form = {"version": is_positive, "hash": is_text, "document": lambda value: isinstance(value, dict)}
        need(fits(data, form), "policy.adopted is malformed")
        need(body["entity"] == "registry:policy", "a policy is adopted on registry:policy")
        need(data["version"] == self.version + 1, "the version does not follow")
        need(data["hash"] == document_hash(data["document"]), "the hash is not that of the adopted policy")
        self.adopted = True
        self.put(data["document"], data, POLICY_ADOPTED)

    def step(self, body):
        data, kind = body["data"], body["type"].removeprefix("change.")
        need(fits(data, STEPS[body["type"]]), f"{body['type']} is malformed")
        change = self.changes.setdefault(data["change"], Change())
        change.take(body)
        found = effect(change, body, self.images, (self.document, self.version, self.hash))
        if found is not None:
            (self.document, self.version, self.hash), self.writer = found, data["change"]

    def put(self, document, claimed, writer):
        found = (self.version + 1, document_hash(document))
        need(found == (claimed["version"], claimed["hash"]), "the operations lead to another document")
        self.document, self.writer = document, writer
        self.version, self.hash = found


# ------------------------------------------------------------------------------------------- operations on documents

MAX_DOCUMENT_BYTES = 32_768
MAX_DOCUMENT_DEPTH = 32
MAX_PATCH_STEPS = 100
MAX_POINTER = 512
RESERVED = {"__proto__", "constructor", "prototype"}
POINTER = re.compile(r"(/([^~/]|~[01])*)*", re.DOTALL)
EXECUTORS = {name: f"{name}@1" for name in ("state.patch", "state.put", "state.delete", "field.erase")}


def plan(document, operation):
    """The document after an operation. Raises Inconsistent where it does not fit."""
    kind, payload = operation["type"], operation["payload"]
    if kind == "executor.invoke":
        return document
    need(EXECUTORS.get(kind) == operation["executor"], f"operation type {kind} of {operation['executor']} is unknown")
    if kind == "state.put":
        return checked_document(payload)
    if kind == "state.delete":
        need(document is not None, "there is no document to delete")
        return None
    return patched(document, payload) if kind == "state.patch" else document


def checked_document(value):
    need(isinstance(value, dict), "a document is an object")
    need(len(canonical(value).encode()) <= MAX_DOCUMENT_BYTES, "the document is too large")
    need_plain(value, 0)
    return value


def need_plain(value, depth):
    if not isinstance(value, (dict, list)):
        return
    need(depth < MAX_DOCUMENT_DEPTH, "nested too deep")
    for key, member in value.items() if isinstance(value, dict) else enumerate(value):
        need(key not in RESERVED, "a key is reserved")
        need_plain(member, depth + 1)


def is_pointer(value):
    if not isinstance(value, str) or utf16_length(value) > MAX_POINTER or not POINTER.fullmatch(value):
        return False
    return not RESERVED & set(value.split("/"))


PATCH_STEPS = {
    **dict.fromkeys(["add", "replace", "test"], {"op": is_text, "path": is_pointer, "value": anything}),
    "remove": {"op": is_text, "path": is_pointer},
    **dict.fromkeys(["move", "copy"], {"op": is_text, "from": is_pointer, "path": is_pointer}),
}


def need_patch(patch):
    need(isinstance(patch, list) and 1 <= len(patch) <= MAX_PATCH_STEPS, "not a JSON Patch")
    for step in patch:
        op = step.get("op") if isinstance(step, dict) else None
        need(isinstance(op, str) and op in PATCH_STEPS and fits(step, PATCH_STEPS[op]), "not a JSON Patch")


def patched(document, patch):
    need_patch(patch)
    current = copied({} if document is None else document)
    for step in patch:
        current = patch_step(current, step["op"], step)
        if step["op"] == "copy":
            need(len(canonical(current).encode()) <= MAX_DOCUMENT_BYTES, "the document is too large")
    return checked_document(current)


def copied(value):
    return json.loads(json.dumps(value))


def tokens(pointer):
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


def array_index(token, last):
    need(re.fullmatch("0|[1-9][0-9]{0,8}", token) and int(token) <= last, "no such array index")
    return int(token)


def existing(value, path):
    for token in path:
        if isinstance(value, list):
            value = value[array_index(token, len(value) - 1)]
        else:
            need(isinstance(value, dict) and token in value, "nothing is there")
            value = value[token]
    return value


def whole(value):
    need(isinstance(value, dict), "a document is an object")
    return value


def patch_step(document, op, step):
    path = tokens(step["path"])
    if op == "test":
        need(canonical(existing(document, path)) == canonical(step["value"]), "another value is there")
        return document
    if op in ("add", "replace"):
        return put_value(document, op, path, step["value"])
    if op == "remove":
        return remove_value(document, path)
    source = tokens(step["from"])
    moved = copied(existing(document, source))
    if step["path"] == step["from"]:
        return document
    need(op != "move" or not f"{step['path']}/".startswith(f"{step['from']}/"), "it is inside what is moved")
    if not path:
        return whole(moved)
    if op == "move":
        document = remove_value(document, source)
    return put_value(document, "add", path, moved)


def put_value(document, op, path, value):
    if not path:
        return whole(copied(value))
    parent, token = existing(document, path[:-1]), path[-1]
    if op == "replace":
        existing(document, path)
    if isinstance(parent, dict):
        parent[token] = copied(value)
        return document
    need(isinstance(parent, list), "no object or array is above it")
    if op == "replace":
        parent[array_index(token, len(parent) - 1)] = copied(value)
    else:
        parent.insert(len(parent) if token == "-" else array_index(token, len(parent)), copied(value))
    return document


def remove_value(document, path):
    need(path, "a patch cannot remove the document")
    existing(document, path)
    parent, token = existing(document, path[:-1]), path[-1]
    if isinstance(parent, list):
        del parent[array_index(token, len(parent) - 1)]
    else:
        del parent[token]
    return document


# ------------------------------------------------------------------------------------------------------------ patterns

MAX_ARRAY_NESTING = 100
MAX_PATTERN_NUMBER = 5_000_000_000
EXPRESSIONS = ("exactly", "prefix", "suffix", "equals-ignore-case", "wildcard", "anything-but", "numeric", "cidr", "exists")
NOT_IN_OR = {
    *EXPRESSIONS,
    *("=", "<", "<=", ">", ">=", "html", "regex", "not-wildcard", "not-equals-ignore-case"),
    *("date-after", "date-on-or-after", "date-before", "date-on-or-before", "in-date-range"),
    *("ip-address-in-range", "ip-address-not-in-range"),
}


class NoPattern(Exception):
    """It is not a pattern of docs/patterns.md."""


def pattern_need(condition, reason):
    if not condition:
        raise NoPattern(reason)


def same_value(one, other):
    """As JSON values: numbers by value, true is not 1."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def address_of(text):
    """(bits, number) of an IP address in any spelling; IPv4 in IPv6 is IPv4. None: it is none."""
    if len(text) > 39:
        return None
    if ":" not in text:
        found = re.fullmatch(r"([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})", text)
        parts = [int(one) for one in found.groups()] if found else [256]
        return None if max(parts) > 255 else (32, int.from_bytes(bytes(parts), "big"))
    halves = text.split("::")
    groups = [half.split(":") if half else [] for half in halves]
    if len(halves) > 2 or not all(re.fullmatch("[0-9a-fA-F]{1,4}", one) for half in groups for one in half):
        return None
    missing = 8 - sum(len(half) for half in groups)
    if missing != 0 if len(halves) == 1 else missing < 1:
        return None
    whole = [*groups[0], *["0"] * missing, *(groups[1] if len(groups) > 1 else [])]
    number = int("".join(one.zfill(4) for one in whole), 16)
    return (32, number & 0xFFFFFFFF) if number >> 32 == 0xFFFF else (128, number)


def letters_of(text):
    return [(one.lower(), one.upper()) for one in text]


def folded_end(letters, text):
    """Where the letters end in the text, ignoring case character by character, or None."""
    at = 0
    for forms in letters:
        form = next((one for one in forms if text.startswith(one, at)), None)
        if form is None:
            return None
        at += len(form)
    return at


def folded_suffix(letters, text):
    for lower, upper in reversed(letters):
        form = next((one for one in (lower, upper) if text.endswith(one)), None)
        if form is None:
            return False
        text = text[: len(text) - len(form)]
    return True


def wildcard(text):
    parts, part, at = [], "", 0
    pattern_need(utf16_length(text) <= 1024, "a wildcard is too long")
    while at < len(text):
        if text[at] == "*":
            pattern_need(text[at + 1 : at + 2] != "*", "two stars in a row")
            parts.append(part)
            part = ""
        elif text[at] == "\\":
            pattern_need(text[at + 1 : at + 2] in ("*", "\\"), "a lone backslash")
            part += text[at + 1]
            at += 1
        else:
            part += text[at]
        at += 1
    return re.compile(".*".join(re.escape(one) for one in [*parts, part]), re.DOTALL)


def text_test(key, value):
    pattern_need(isinstance(value, str), f"{key} takes a text")
    if key == "prefix":
        return lambda text: text.startswith(value)
    if key == "suffix":
        return lambda text: text.endswith(value)
    if key == "equals-ignore-case":
        letters = letters_of(value)
        return lambda text: folded_end(letters, text) == len(text)
    form = wildcard(value)
    return lambda text: form.fullmatch(text) is not None


def only_entry(value):
    pattern_need(isinstance(value, dict) and len(value) == 1, "an expression has one key")
    return next(iter(value.items()))


def one_or_many(value):
    values = value if isinstance(value, list) else [value]
    pattern_need(1 <= len(values) <= 1000, "an empty list, or too long")
    return values


def pattern_number(value):
    pattern_need(isinstance(value, (int, float)) and not isinstance(value, bool), "not a number")
    pattern_need(abs(value) <= MAX_PATTERN_NUMBER, "a number that EventBridge does not compare")
    return value


def numeric_test(terms):
    pattern_need(isinstance(terms, list) and len(terms) in (2, 4), "numeric takes one bound or two")
    checks = {
        "=": lambda bound: lambda number: number == bound,
        "<": lambda bound: lambda number: number < bound,
        "<=": lambda bound: lambda number: number <= bound,
        ">": lambda bound: lambda number: number > bound,
        ">=": lambda bound: lambda number: number >= bound,
    }
    pattern_need(isinstance(terms[0], str) and terms[0] in checks, "no operator of numeric")
    tests = [checks[terms[0]](pattern_number(terms[1]))]
    if len(terms) == 4:
        pattern_need(terms[0] in (">", ">=") and terms[2] in ("<", "<="), "a range is low, then high")
        pattern_need(terms[1] < pattern_number(terms[3]), "an empty range")
        tests.append(checks[terms[2]](terms[3]))
    return lambda leaf: is_number(leaf) and all(test(leaf) for test in tests)


def cidr_test(value):
    pattern_need(isinstance(value, str) and value.count("/") == 1, "not a CIDR block")
    ip, bits = value.split("/")
    address = address_of(ip)
    pattern_need(address is not None and re.fullmatch("[0-9]{1,3}", bits), "not a CIDR block")
    pattern_need(int(bits) < address[0], "write the address itself")
    shift = address[0] - int(bits)

    def test(leaf):
        found = address_of(leaf) if isinstance(leaf, str) else None
        return found is not None and found[0] == address[0] and found[1] >> shift == address[1] >> shift

    return test


def anything_but(value):
    if isinstance(value, dict):
        key, texts = only_entry(value)
        pattern_need(key in ("prefix", "suffix", "equals-ignore-case", "wildcard"), "not an expression of anything-but")
        texts = one_or_many(texts)
        pattern_need(key not in ("prefix", "suffix") or "" not in texts, "it excludes every text")
        tests = [text_test(key, one) for one in texts]
        return lambda leaf: not (isinstance(leaf, str) and any(test(leaf) for test in tests))
    values = one_or_many(value)
    for one in values:
        pattern_need(isinstance(one, str) or pattern_number(one) is not None, "neither text nor number")
    pattern_need(len({isinstance(one, str) for one in values}) == 1, "texts and numbers are mixed")
    return lambda leaf: not any(same_value(one, leaf) for one in values)


class FieldTest:
    """What the list of values of one field accepts."""

    def __init__(self, values):
        self.tests, self.accepts_absence = [], False
        for value in one_or_many(values):
            self.add(value)

    def add(self, value):
        if isinstance(value, dict):
            key, argument = only_entry(value)
            self.add_expression(key, argument)
        elif isinstance(value, str) and address_of(value) is not None:
            address = address_of(value)
            self.tests.append(lambda leaf: isinstance(leaf, str) and address_of(leaf) == address)
        else:
            pattern_need(value is None or isinstance(value, (str, int, float)), "not a value to match")
            self.tests.append(lambda leaf: same_value(leaf, value))

    def add_expression(self, key, argument):
        if key == "exists":
            pattern_need(isinstance(argument, bool), "exists takes true or false")
            if argument:
                self.tests.append(lambda leaf: True)
            else:
                self.accepts_absence = True
        elif key == "exactly":
            pattern_need(isinstance(argument, str), "exactly takes a text")
            self.tests.append(lambda leaf: leaf == argument)
        elif key in ("prefix", "suffix") and isinstance(argument, dict):
            inner, text = only_entry(argument)
            pattern_need(inner == "equals-ignore-case" and isinstance(text, str), "not a prefix or suffix")
            letters = letters_of(text)
            if key == "prefix":
                self.tests.append(lambda leaf: isinstance(leaf, str) and folded_end(letters, leaf) is not None)
            else:
                self.tests.append(lambda leaf: isinstance(leaf, str) and folded_suffix(letters, leaf))
        elif key in ("prefix", "suffix", "equals-ignore-case", "wildcard"):
            test = text_test(key, argument)
            self.tests.append(lambda leaf: isinstance(leaf, str) and test(leaf))
        else:
            makers = {"numeric": numeric_test, "cidr": cidr_test, "anything-but": anything_but}
            pattern_need(key in makers, f"unknown expression {key}")
            self.tests.append(makers[key](argument))

    def accepts(self, leaf):
        return any(test(leaf) for test in self.tests)


class FieldNode:
    def __init__(self):
        self.test, self.children, self.count, self.accepts_absence = None, {}, 0, True

    def insert(self, path, test):
        self.count += 1
        self.accepts_absence = self.accepts_absence and test.accepts_absence
        if path:
            self.children.setdefault(path[0], FieldNode()).insert(path[1:], test)
        else:
            self.test = test

    def without_test(self):
        other = FieldNode()
        other.children, other.count = self.children, self.count - 1
        other.accepts_absence = all(child.accepts_absence for child in self.children.values())
        return other


class Pattern:
    """A pattern of docs/patterns.md, compiled: one tree of fields for each combination of $or branches."""

    def __init__(self, source):
        pattern_need(isinstance(source, dict), "a pattern is an object")
        self.trees = []
        for combination in self.fields(source, (), False, 0):
            root = FieldNode()
            for path in sorted(combination, key=lambda path: utf16_order(".".join(path))):
                root.insert(path, combination[path])
            self.trees.append(root)

    def fields(self, source, path, inside_or, depth):
        pattern_need(source != {} and depth < 100, "an empty object, or too deep")
        combinations = [{}]
        for key, value in source.items():
            if key == "$or":
                found = self.branches(value, path, depth + 1)
            else:
                found = self.field(key, value, path, inside_or, depth + 1)
            combinations = [self.both(one, other) for one in combinations for other in found]
            self.need_affordable(combinations)
        return combinations

    def branches(self, value, path, depth):
        pattern_need(isinstance(value, list) and len(value) >= 2, "$or needs at least two objects")
        found = []
        for branch in value:
            pattern_need(isinstance(branch, dict), "$or takes objects")
            found += self.fields(branch, path, True, depth)
            self.need_affordable(found)
        return found

    def field(self, key, value, path, inside_or, depth):
        pattern_need(not inside_or or key not in NOT_IN_OR, "it cannot name a field inside $or")
        if isinstance(value, dict):
            return self.fields(value, (*path, key), inside_or, depth)
        pattern_need(isinstance(value, list), "values are in an array")
        return [{(*path, key): FieldTest(value)}]

    @staticmethod
    def both(one, other):
        names = [".".join(path) for path in (*one, *other)]
        pattern_need(len(set(names)) == len(names) and len(names) <= 256, "tested twice, or too many fields")
        return {**one, **other}

    @staticmethod
    def need_affordable(combinations):
        fields = sum(len(one) for one in combinations)
        pattern_need(len(combinations) <= 1000 and fields <= 20_000, "too many combinations")

    def matches(self, event):
        return isinstance(event, dict) and any(first_found(tree, event, 0) is not None for tree in self.trees)


def is_leaf(value):
    return value is None or isinstance(value, (str, int, float))


ABSENT = object()


def first_found(node, value, nesting):
    """None: no match. Otherwise how many leading fields are satisfied by absence: docs/patterns.md, "Surprises"."""
    if isinstance(value, list):
        return in_array(node, value, nesting + 1) if nesting < MAX_ARRAY_NESTING else if_absent(node)
    if isinstance(value, dict):
        if node.test is not None and not node.test.accepts_absence:
            return None
        return in_children(node, lambda key, child: first_found(child, value.get(key, ABSENT), nesting))
    if value is ABSENT or node.test is None:
        return if_absent(node)
    fits_below = all(child.accepts_absence for child in node.children.values())
    return 0 if node.test.accepts(value) and fits_below else None


def if_absent(node):
    return node.count if node.accepts_absence else None


def in_children(node, find):
    before, first = 0 if node.test is None else 1, None
    for key, child in node.children.items():
        found = find(key, child)
        if found is None:
            return None
        if first is None and found < child.count:
            first = before + found
        before += child.count
    return node.count if first is None else first


def in_array(node, elements, nesting):
    if node.test is not None and any(is_leaf(one) and node.test.accepts(one) for one in elements):
        if not node.children or in_elements(node.without_test(), elements, nesting) is not None:
            return 0
    return in_elements(node, elements, nesting)


def in_elements(node, elements, nesting):
    absent = None
    for element in elements:
        if is_leaf(element):
            continue
        found = first_found(node, element, nesting)
        if found == 0:
            return 0
        if found is None or found == node.count:
            continue
        absent = leading_absent(node, elements, nesting) if absent is None else absent
        if found == absent:
            return found
    if not node.accepts_absence:
        return None
    absent = leading_absent(node, elements, nesting) if absent is None else absent
    return absent if absent == node.count else None


def leading_absent(node, value, nesting):
    if isinstance(value, list):
        if nesting > MAX_ARRAY_NESTING:
            return node.count
        return min([node.count, *(leading_absent(node, one, nesting + 1) for one in value)])
    if isinstance(value, dict):
        return in_children(node, lambda key, child: leading_absent(child, value.get(key, ABSENT), nesting))
    return 0 if value is not ABSENT and node.test is not None else node.count


# -------------------------------------------------------------------------------------------------------------- policy

LEVELS = ("L0", "L1", "L2", "L3", "L4")
HARD_LEVELS = ("L3", "L4")
# What a rule asks of the signature of who decides, the strictest last.
DEMANDS = ("none", "signed", "device-bound")
UNMATCHED = {"level": "L3", "roles": UNMATCHED_ROLES, "approvals": 2, "timelockMinutes": 60, "enforcement": "hard"}
FLOOR = {
    "name": "registry (built in)",
    "level": "L4",
    "roles": ["owner", "risk", "security"],
    "approvals": 3,
    "timelockMinutes": 1_440,
    "enforcement": "hard",
}
FLOOR_HOURS = 168
FACTS = {
    "entity": {None},
    "initiator": {"kind", "id", "proven", "recentChanges", "recentMoved", "recentEntities"},
    "onEntity": {"recentChanges", "recentMoved"},
    "operations": {"count", "types"},
    "reversible": {None},
    "creates": {None},
    "money": {"touched", "moved"},
    "sensitive": {"touched", "erases", "paths"},
    "freeze": {"active", "names"},
    "unknown": {"touched", "places"},
    "bytesChanged": {None},
    "executors": None,
}
RIGHTS = ("publishes", "subscribes", "reads", "proposes", "reveals", "overrides")
# Absent stays absent: policies from before these rights have other hashes otherwise.
RIGHTS_WITHOUT_DEFAULT = ("claims", "steals")


def texts(least, most, form=None):
    """A text of so many UTF-16 code units that fits."""
    rule = None if form is None else re.compile(form, re.DOTALL)
    return lambda value: (
        isinstance(value, str)
        and least <= utf16_length(value) <= most
        and (rule is None or rule.fullmatch(value) is not None)
    )


def between(least, most):
    return lambda value: is_int(value) and least <= value <= most


def lists(form, least=0, most=10**9):
    return lambda value: isinstance(value, list) and least <= len(value) <= most and all(fits(one, form) for one in value)


ROSTER_NAME = texts(1, 64, "[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
TOPIC_GLOB = texts(1, 10**9, r"\*|[a-z0-9_-]+(\.[a-z0-9_-]+)*(\.\*)?")
ENTITY_GLOB = texts(0, 10**9, r"[A-Za-z0-9._:/-]*\*?")
RIGHTS_FORM = {
    f"{name}?": lists(TOPIC_GLOB if name in ("publishes", "subscribes") else ENTITY_GLOB)
    for name in (*RIGHTS, *RIGHTS_WITHOUT_DEFAULT)
}
ROSTER = {
    "roles": lambda value: isinstance(value, dict)
    and all(ROSTER_NAME(name) and fits(rights, RIGHTS_FORM) for name, rights in value.items()),
    "people": lists(
        {
            "personId": ROSTER_NAME,
            "name": texts(1, 100),
            "accounts": lists(ROSTER_NAME, 1),
            "roles": lists(ROSTER_NAME, 1),
        }
    ),
    "agents": lists(
        {
            "id": ROSTER_NAME,
            "owner": ROSTER_NAME,
            "logic": texts(1, 100),
            "proven?": lambda value: isinstance(value, bool),
            "rights": RIGHTS_FORM,
        }
    ),
    "separation?": lists(lambda value: lists(ROSTER_NAME, 2, 2)(value)),
}
POINTERS = lists(texts(2, 200, "(/[^/]+)+"), 0, 100)
ROLE = texts(1, 64)


def is_known_pattern(value):
    try:
        Pattern(value)
    except NoPattern:
        return False
    return all(is_fact(name) for name in tests_of(value))


def tests_of(when, under=""):
    """What a pattern tests, as `fact` or `fact.field`."""
    for field, test in when.items():
        if field == "$or":
            for branch in test:
                yield from tests_of(branch, under)
        elif isinstance(test, list) or under:
            yield under + field
        else:
            yield from tests_of(test, f"{field}.")


def is_fact(name):
    fact, _, field = name.partition(".")
    if fact not in FACTS:
        return False
    field = field.split(".")[0] if "." in name else None
    return FACTS[fact] is None or field in FACTS[fact]


RULE = {
    "name": texts(1, 100),
    "when": is_known_pattern,
    "level": one_of(*LEVELS),
    "roles?": lists(ROLE, 0, 10),
    "approvals": between(0, 10),
    "timelockMinutes?": between(0, 10_080),
    "enforcement?": one_of("soft", "hard"),
    "assertion?": one_of("none", "signed", "device-bound"),
}
FREEZE = {
    "name": texts(1, 100),
    "from": is_instant,
    "until": is_instant,
    "entities?": lists(texts(1, 128), 1, 100),
}
RISK = {
    "version": texts(1, 64),
    "decisionHours?": between(2, 720),
    "moneyPaths?": POINTERS,
    "sensitivePaths?": POINTERS,
    "knownPaths?": POINTERS,
    "freezes?": lists(FREEZE, 0, 100),
    "sampleL0?": between(0, 100),
    "maxOpen?": between(1, 100_000),
    "reminderHours?": between(1, MAX_SAFE),
    "escalation?": {
        "afterHours": between(1, MAX_SAFE),
        "roles": lambda value: isinstance(value, dict)
        and all(ROLE(name) and lists(ROLE, 1, 10)(further) for name, further in value.items()),
    },
    "rules": lists(RULE, 0, 200),
}


def base64url(most):
    return texts(1, most, "[A-Za-z0-9_-]+")


AAGUID = texts(36, 36, "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ORIGIN = texts(1, 300, r"(https://[a-z0-9-]+(\.[a-z0-9-]+)*|http://localhost)(:[0-9]{1,5})?")
WEBAUTHN = {
    "rpId": texts(1, 253, r"[a-z0-9-]+(\.[a-z0-9-]+)*"),
    "origins": lists(ORIGIN, 1, 10),
    "aaguids?": lists(AAGUID, 0, 100),
}
CREDENTIAL = {"personId": texts(1, 64), "id": base64url(1364), "publicKey": base64url(128)}
PASSKEY = {
    **CREDENTIAL,
    "kind": exactly("passkey"),
    "aaguid?": AAGUID,
    "backupEligible": lambda value: isinstance(value, bool),
    "transports?": lists(texts(1, 32, "[a-z-]+"), 0, 8),
}
PLAIN_KEY = {**CREDENTIAL, "kind": exactly("key")}
CREDENTIALS = lists(lambda value: fits(value, PASSKEY) or fits(value, PLAIN_KEY), 0, 150)
PERCENT = between(0, 100)
ACCESS = {f"{name}?": PERCENT for name in ("entities", "changes", "events", "refused")}


def is_sound_risk(risk):
    """What a table must be beyond the forms of its fields."""
    hours = risk["decisionHours"]
    reminders, escalation, rules = risk.get("reminderHours"), risk.get("escalation"), risk["rules"]
    if reminders is not None and hours / reminders > 50:
        return False
    if escalation is not None and escalation["afterHours"] >= hours:
        return False
    for named in (risk["freezes"], rules):
        if len({one["name"] for one in named}) != len(named):
            return False
    if not all(instant(one["from"]) < instant(one["until"]) for one in risk["freezes"]):
        return False
    for rule in rules:
        free = rule["level"] == "L0"
        if (rule["approvals"] == 0) != free or (rule["roles"] == []) != free:
            return False
        if rule.get("enforcement") == "soft" and rule["level"] in HARD_LEVELS:
            return False
        if rule["timelockMinutes"] >= hours * 60:
            return False
    return True


def with_defaults(document):
    """The policy with every default written out, or None where it is none."""
    if not fits(document, {"roster": ROSTER, "risk": RISK, "webauthn?": WEBAUTHN, "credentials?": CREDENTIALS, "access?": ACCESS}):
        return None
    policy = copied(document)
    roster, risk = policy["roster"], policy["risk"]
    for rights in [*roster["roles"].values(), *(agent["rights"] for agent in roster["agents"])]:
        for name in RIGHTS:
            rights.setdefault(name, [])
    for agent in roster["agents"]:
        agent.setdefault("proven", False)
    roster.setdefault("separation", [])
    defaults = {"decisionHours": 168, "moneyPaths": [], "sensitivePaths": [], "freezes": [], "sampleL0": 0, "maxOpen": 1_000}
    for name, value in defaults.items():
        risk.setdefault(name, value)
    for rule in risk["rules"]:
        rule.setdefault("roles", [])
        rule.setdefault("timelockMinutes", 0)
    return policy if is_sound_risk(risk) else None


def in_order(names):
    return sorted(names, key=utf16_order)


def glob_matches(glob, subject):
    return subject.startswith(glob[:-1]) if glob.endswith("*") else glob == subject


class Policy:
    """Roster and rules that an entry brought into force."""

    def __init__(self, seq, entry_hash, policy):
        self.seq, self.hash = seq, entry_hash
        self.roster, self.risk = policy["roster"], policy["risk"]
        self.webauthn, self.credentials = policy.get("webauthn"), policy.get("credentials", [])
        demands = [rule.get("assertion", "none") for rule in self.risk["rules"]]
        self.strictest = max(demands, key=DEMANDS.index, default="none")
        self.table = {
            "version": self.risk["version"],
            "hash": tagged_hash("nervous-system.risk-table.v1", self.risk),
        }
        self.patterns = [Pattern(rule["when"]) for rule in self.risk["rules"]]
        self.principals = {}
        for person in self.roster["people"]:
            for account in person["accounts"]:
                self.principals[account] = ("person", person["personId"])
        for agent in self.roster["agents"]:
            self.principals[agent["id"]] = ("agent", agent)

    def roles_of(self, person):
        """As the roster lists them."""
        return next((one["roles"] for one in self.roster["people"] if one["personId"] == person), [])

    def agent(self, name):
        return next((one for one in self.roster["agents"] if one["id"] == name), None)

    def person_may(self, person, action, entity):
        roles = self.roles_of(person)
        if action == "reads" and "auditor" in roles:
            return True
        return any(
            glob_matches(glob, entity)
            for role in roles
            if role in self.roster["roles"]
            for glob in self.roster["roles"][role][action]
        )

    def apart(self, roles):
        return any(all(role in roles for role in pair) for pair in self.roster["separation"])

    def is_person(self, actor, person):
        return actor["kind"] == "person" and self.principals.get(actor["id"]) == ("person", person)

    def demand(self, facts):
        """What the rules ask for, given the facts."""
        matched = [rule for rule, pattern in zip(self.risk["rules"], self.patterns) if pattern.matches(facts)]
        if isinstance(facts.get("entity"), str) and facts["entity"].startswith(REGISTRY):
            matched.append({**FLOOR, "assertion": self.strictest})
        demands = matched or [{**UNMATCHED, "assertion": self.strictest}]
        roles = in_order({role for one in demands for role in one["roles"]})
        hard = any(one["level"] in HARD_LEVELS or one.get("enforcement", "soft") == "hard" for one in demands)
        return {
            "matched": [one["name"] for one in matched],
            "level": max(one["level"] for one in demands),
            "roles": roles,
            "approvals": max([len(roles), *(one["approvals"] for one in demands)]),
            "timelockMinutes": max(one["timelockMinutes"] for one in demands),
            "enforcement": "hard" if hard else "soft",
            "assertion": max((one.get("assertion", "none") for one in demands), key=DEMANDS.index),
        }

    def open_freezes(self, entity, now):
        return in_order(
            one["name"]
            for one in self.risk["freezes"]
            if instant(one["from"]) <= now < instant(one["until"])
            and ("entities" not in one or any(glob_matches(glob, entity) for glob in one["entities"]))
        )


def stricter(one, other):
    roles = in_order({*one["roles"], *other["roles"]})
    return {
        "matched": list(dict.fromkeys([*one["matched"], *other["matched"]])),
        "level": max(one["level"], other["level"]),
        "roles": roles,
        "approvals": max(one["approvals"], other["approvals"], len(roles)),
        "timelockMinutes": max(one["timelockMinutes"], other["timelockMinutes"]),
        "enforcement": "hard" if "hard" in (one["enforcement"], other["enforcement"]) else "soft",
        "assertion": max(one["assertion"], other["assertion"], key=DEMANDS.index),
    }


# --------------------------------------------------------------------------------------------------------------- facts

SCALE_DIGITS = 30
MAX_RECENT = 1_000


def amount_of(value):
    if value is None:
        return 0
    text = str(value) if is_int(value) else value
    found = re.fullmatch(r"(-?)([0-9]{1,60})(?:\.([0-9]{1,30}))?", text) if isinstance(text, str) else None
    need(found is not None, "a money path holds no amount")
    scaled = int(found[2]) * 10**SCALE_DIGITS + int((found[3] or "").ljust(SCALE_DIGITS, "0"))
    return -scaled if found[1] else scaled


def values_at(document, path):
    """What a path leads to, by where it is; `*` is any key or index."""
    found = [("", document)]
    for token in path.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        found = [
            (f"{at}/{name}", member)
            for at, value in found
            for name, member in members_of(value)
            if token == "*" or name == key
        ]
    return dict(found)


def members_of(value):
    if isinstance(value, list):
        return [(str(i), one) for i, one in enumerate(value)]
    return value.items() if isinstance(value, dict) else []


def money_moved(before, after, paths):
    moved = 0
    for path in paths:
        old = {at: amount_of(value) for at, value in values_at(before, path).items()}
        new = {at: amount_of(value) for at, value in values_at(after, path).items()}
        moved += sum(abs(new.get(at, 0) - old.get(at, 0)) for at in {**old, **new})
    return moved


def leaves_of(value, path=()):
    """Values without members, by where they are; the document itself is no place."""
    members = members_of(value)
    if len(members) == 0:
        return {path: canonical(value)} if path else {}
    return {at: text for name, member in members for at, text in leaves_of(member, (*path, name)).items()}


def unknown_places(stages, paths):
    """How many places change that none of the paths leads to exactly."""
    known = [[token.replace("~1", "/").replace("~0", "~") for token in path.split("/")[1:]] for path in paths]
    count = 0
    for before, after in stages:
        old, new = ({} if one is None else leaves_of(one) for one in (before, after))
        for path in {**old, **new}:
            is_known = any(
                len(one) == len(path) and all(token in ("*", name) for token, name in zip(one, path)) for one in known
            )
            count += old.get(path) != new.get(path) and not is_known
    return count


def difference(before, after, path=""):
    """A JSON Patch from one to the other, as `bytesChanged` counts it."""
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [step for i, (old, new) in enumerate(zip(before, after)) for step in difference(old, new, f"{path}/{i}")]
    if isinstance(before, dict) and isinstance(after, dict):
        steps = []
        for key in in_order({*before, *after}):
            at = f"{path}/{key.replace('~', '~0').replace('/', '~1')}"
            if key not in after:
                steps.append({"op": "remove", "path": at})
            elif key not in before:
                steps.append({"op": "add", "path": at, "value": after[key]})
            else:
                steps += difference(before[key], after[key], at)
        return steps
    return [] if canonical(before) == canonical(after) else [{"op": "replace", "path": path, "value": after}]


def recent_sums(changes):
    moved = MAX_SAFE if len(changes) > MAX_RECENT else min(sum(one[1] for one in changes), MAX_SAFE)
    return len(changes), moved, len({one[0] for one in changes})


def facts_of(entity, content, before, after, policy, freezes, counted):
    """The facts of a change-set. `counted`: ([(entity, moved)] of the initiator, the same on the entity)."""
    kind, _, name = content["initiator"].partition(":")
    operations, risk = content["operations"], policy.risk
    stages = list(zip([before, *after], after))
    scaled = sum(money_moved(old, new, risk["moneyPaths"]) for old, new in stages)
    moved = min(-(-scaled // 10**SCALE_DIGITS), MAX_SAFE)
    own, on_entity = (recent_sums([*changes, (entity, moved)]) for changes in counted)
    agent = policy.agent(name) if content["initiator"].startswith("agent:") else None
    erases = any(one["type"] == "field.erase" for one in operations)
    sensitive = [
        path
        for path in risk["sensitivePaths"]
        if any(canonical(values_at(old, path)) != canonical(values_at(new, path)) for old, new in stages)
    ]
    unknown = {}
    if "knownPaths" in risk:
        places = unknown_places(stages, [*risk["knownPaths"], *risk["moneyPaths"], *risk["sensitivePaths"]])
        unknown = {"unknown": {"touched": places > 0, "places": places}}
    return {
        "entity": entity,
        "initiator": {
            "kind": kind,
            "id": name,
            **({} if agent is None else {"proven": agent["proven"]}),
            "recentChanges": own[0],
            "recentMoved": own[1],
            "recentEntities": own[2],
        },
        "onEntity": {"recentChanges": on_entity[0], "recentMoved": on_entity[1]},
        "operations": {"count": len(operations), "types": in_order({one["type"] for one in operations})},
        "reversible": all(one["inverse"] != "none" for one in operations),
        "creates": before is None and after[-1:] != [None],
        "money": {"touched": scaled > 0, "moved": moved},
        "sensitive": {"touched": erases or sensitive != [], "erases": erases, "paths": sensitive},
        "freeze": {"active": freezes != [], "names": freezes},
        **unknown,
        "bytesChanged": sum(len(canonical(difference(old, new)).encode()) for old, new in stages),
    }


def plan_all(document, version, operations):
    """The document after each operation."""
    need(all(one.get("baseVersion", version) == version for one in operations), "meant for another version")
    after = []
    for operation in operations:
        document = plan(document, operation)
        after.append(document)
    return after


DAY_MS = 86_400_000
SLACK_MS = 60_000
HOUR_MS = 3_600_000


class Recent:
    """Assessments of the last day, by who answers for them and by entity."""

    def __init__(self):
        self.places, self.known, self.latest = {}, {}, 0

    @staticmethod
    def keys(one):
        return (("by", one["sponsor"]), ("on", one["entity"]))

    def assessed(self, one):
        before = self.known.pop(one["change"], None)
        if before is not None:
            self.leave(before)
        self.known[one["change"]] = one
        for key in self.keys(one):
            self.places.setdefault(key, ({}, {}))[0][one["change"]] = one
        self.latest = max(self.latest, one["at"])
        for old in list(self.known.values()):
            if old["at"] >= self.latest - DAY_MS - HOUR_MS:
                break
            del self.known[old["change"]]
            self.leave(old)
        for key in self.keys(one):
            ended = self.places[key][1]
            for change in list(ended):
                if ended[change]["ended"] >= self.latest - 2 * SLACK_MS:
                    break
                del ended[change]

    def leave(self, one):
        for key in self.keys(one):
            self.places[key][0].pop(one["change"], None)

    def ended(self, change, at):
        one = self.known.pop(change, None)
        if one is None:
            return
        self.leave(one)
        for key in self.keys(one):
            self.places[key][1][change] = {**one, "ended": at}

    def certain(self, asked):
        return self.count(asked, asked["to"] - DAY_MS, None)

    def possible(self, asked):
        return self.count(asked, asked["from"] - DAY_MS, asked["from"] - SLACK_MS)

    def count(self, asked, since, late):
        found = []
        for key in self.keys(asked):
            standing, ended = self.places.get(key, ({}, {}))
            all_of = [one for one in standing.values() if one["at"] >= since][: MAX_RECENT + 1]
            if late is not None:
                others = [one for one in ended.values() if one["ended"] >= late and one["at"] >= since][: MAX_RECENT + 1]
                if others:
                    by_time = sorted([*all_of, *others], key=lambda one: (one["at"], utf16_order(one["change"])))
                    all_of = by_time[: MAX_RECENT + 1]
            found.append([(one["entity"], one["moved"]) for one in all_of if one["change"] != asked["change"]])
        return found


# -------------------------------------------------------------------------------------------------------------- replay

UPGRADE_MS = 3_600_000
DELEGATION_DAYS_MS = 30 * DAY_MS
GRANTED = {
    "from": is_text,
    "to": is_text,
    "roles?": lists(is_text, 1),
    "until": is_instant,
    "reason": is_text,
    **UNDER,
}
REVOKED = {"delegation": is_hash, "from": is_text, **UNDER}
PEOPLES_STEPS = {"voted", "vote-revoked", "overridden", "aborted", "resolution", "reviewed"}
# Steps that always were conditional on the policy: an older one is judged by its place in the log.
CONDITIONAL = {"voted", "vote-revoked", "escalated", "approved", "overridden", "claimed", "aborted", "resolution", "reviewed"}
RESTS_ON_POLICY = CONDITIONAL | {
    *("proposed", "revised", "assessed", "rejected", "returned", "withdrawn", "resolved-executed", "resolved-rolled-back"),
}
TERMINAL = {"executed", "failed", "rolled_back", "rejected", "cancelled", "expired"}
KEYED = {
    *(POLICY_ADOPTED, "delegation.granted", "delegation.revoked", KEY_CERTIFIED, KEY_REVOKED, KEY_ROTATED, "redacted"),
}


def unique_key(body):
    """What no second entry of the ledger may have, or None."""
    kind = body["type"]
    if kind == "event":
        source = body["data"].get("source")
        return f"event/{source}/{body['idem']}" if isinstance(source, str) else None
    if kind.startswith("change."):
        return f"step/{body['idem']}"
    return f"{kind}/{body['idem']}" if kind in KEYED else None


CLAIM = {"workId": lambda value: is_text(value) and WORK_ID.fullmatch(value) is not None, "by": is_text, "session?": is_text}
WORK_STEPS = {
    "work.claimed": {**CLAIM, "ttlMs": lambda value: type(value) is int and abs(value) < 2**53, "description?": is_text},
    "work.completed": {**CLAIM, "fence": is_count, "result?": is_text},
    "work.released": {**CLAIM, "fence": is_count, "reason": one_of("released", "expired", "stolen"), "why?": is_text},
}


class Claims:
    """Who held which work, from entries alone, in the order of the commits. `first` is the first entry that does not follow."""

    def __init__(self):
        self.works, self.steps, self.effects = {}, 0, 0  # work id -> ("claimed" or "completed", by, session, fence)
        self.first = None  # (stored, verdict, reason)

    def note(self, stored, verdict, reason):
        if self.first is None:
            self.first = (stored, verdict, reason)

    def event(self, stored, body):
        data, by = body["data"], f"{body['actor']['kind']}:{body['actor']['id']}"
        if data["source"] == WORK_SOURCE:
            self.steps += 1
            reason = self.step(body, by)
            if reason is not None:
                self.note(stored, "CLAIM_INVALID", reason)
        elif "work" in data:
            self.effect(stored, data["work"], by)

    def effect(self, stored, work, by):
        self.effects += 1
        state, holder, _, fence = self.works.get(work["workId"], (None, None, None, None))
        if (state, holder, fence) != ("claimed", by, work["fence"]):
            self.note(stored, "STALE_EFFECT", f"no claim of {by} on {work['workId']} stood with fence {work['fence']}")

    def step(self, body, actor):
        topic, payload = body["data"]["topic"], body["data"]["payload"]
        if topic not in WORK_STEPS or not fits(payload, WORK_STEPS[topic]) or body["entity"] != f"work:{payload['workId']}":
            return "it tells of no claim on this chain"
        name, by, session = payload["workId"], payload["by"], payload.get("session")
        before = self.works.get(name)
        if topic == "work.claimed":
            if before is not None:
                return f"{by} claims what {before[1]} {'holds' if before[0] == 'claimed' else 'completed'}"
            if by != actor:
                return f"{actor} claims as {by}"
            self.works[name] = ("claimed", by, session, body["seq"])
            return None
        if before != ("claimed", by, session, payload["fence"]):
            return "it ends a claim that does not stand"
        reason = payload.get("reason")
        if actor != by and (topic == "work.completed" or reason == "released"):
            return f"{actor} ends what {by} holds"
        if reason == "expired" and actor != "service:nervous-system":
            return f"{actor} says that it expired"
        if topic == "work.completed":
            self.works[name] = ("completed", *before[1:])
        else:
            del self.works[name]
        return None


class Replay:
    """Who was entitled to decide, from entries alone. `take` returns False at the first difference."""

    def __init__(self, ledger):
        self.ledger, self.first = ledger, None
        self.claims = Claims()
        self.policy = self.previous = None  # a Policy; "" when what is in force is none
        self.delegations, self.open, self.images, self.steps = {}, {}, {}, {}
        self.documents, self.locks, self.recent = {}, {}, Recent()
        self.nonces, self.turns, self.first_under = {}, {}, None
        self.judged = self.before_policy = self.without_under = self.advised = 0

    def take(self, stored, body):
        try:
            self.judge(stored, body)
        except Inconsistent as error:
            self.note(stored, str(error))
            return False
        return True

    def note(self, stored, reason):
        if self.first is None or stored.position < self.first[0].position:
            self.first = (stored, reason)

    def use(self, once, name, stored):
        """Nonces and turns are for once; the second use is told where nothing earlier is."""
        if name in once:
            self.note(stored, f"{name} was used before")
        else:
            once[name] = True

    def judge(self, stored, body):
        kind = body["type"]
        if kind == "event":
            self.claims.event(stored, body)
        elif kind in STEPS:
            self.step(stored, body)
        elif kind == POLICY_ADOPTED:
            self.adopted(stored, body)
        elif kind.startswith("delegation."):
            self.delegated(stored, body)
        else:
            need(not kind.startswith("change."), f"{kind} is no step of a change-set")

    def document(self, entity):
        return self.documents.get(entity, (None, 0, document_hash(None)))

    def write(self, stored, body, document):
        self.documents[body["entity"]] = document
        if body["entity"] == "registry:policy" and self.policy is not None:
            self.policy_written(stored, body, document[0])

    def policy_written(self, stored, body, document):
        if self.policy:
            self.previous = self.policy
        policy = with_defaults(document)
        self.policy = "" if policy is None else Policy(body["seq"], stored.hash.hex(), policy)

    # ---- policy and delegations

    def adopted(self, stored, body):
        self.judged += 1
        need(self.policy is None, "a policy is adopted once")
        data, (_, version, _) = body["data"], self.document(body["entity"])
        form = {"version": is_positive, "hash": is_text, "document": lambda value: isinstance(value, dict)}
        need(fits(data, form) and body["entity"] == "registry:policy", "it is malformed, or elsewhere")
        need(data["version"] == version + 1, "the version does not follow")
        need(data["hash"] == document_hash(data["document"]), "the hash is not that of the policy")
        self.documents[body["entity"]] = (data["document"], data["version"], data["hash"])
        self.policy_written(stored, body, data["document"])
        need_system(body)
        need(self.policy, "what was adopted is no policy")

    def delegated(self, stored, body):
        self.judged += 1
        data, is_grant = body["data"], body["type"] == "delegation.granted"
        need(body["entity"] == "system/delegations", "delegations are recorded elsewhere")
        need(fits(data, GRANTED if is_grant else REVOKED), f"{body['type']} is malformed")
        policy = self.in_force(body, data.get("under"), True)
        if is_grant:
            self.delegations[stored.hash.hex()] = {**data, "revoked": False}
            if policy is not None:
                self.judge_grant(body, data, policy)
            return
        known = self.delegations.get(data["delegation"])
        if policy is not None:
            need(known is not None and known["from"] == data["from"], "there is no such delegation")
            need(policy.is_person(body["actor"], data["from"]), "it is somebody else's")
        if known is not None:
            known["revoked"] = True

    def judge_grant(self, body, data, policy):
        need(policy.is_person(body["actor"], data["from"]), "it is given by somebody else")
        need(data["to"] != data["from"] and policy.roles_of(data["to"]), "it is given to nobody else of the roster")
        held = policy.roles_of(data["from"])
        need(all(role in held for role in data.get("roles", [])), "a role that is not held")
        at, until = instant(body["at"]), instant(data["until"])
        need(at - SLACK_MS < until <= at + DELEGATION_DAYS_MS + SLACK_MS, "it is not within 30 days")
        need(not policy.apart([*policy.roles_of(data["to"]), *given_roles(policy, data)]), "duties that are kept apart")

    def in_force(self, body, under, is_named):
        """The policy to judge by, or None before there is one."""
        need(self.policy != "", "the policy in force is none that can be read")
        at = instant(body["at"])
        if self.policy is None:
            self.before_policy += 1
        if under is not None:
            self.first_under = at if self.first_under is None else self.first_under
            need(self.policy is not None, "no policy is in force")
            need(under == {"seq": self.policy.seq, "hash": self.policy.hash}, "it rests on another policy than that in force")
            return self.policy
        if is_named and self.policy is not None:
            self.without_under += 1
            late = self.first_under is not None and at > self.first_under + UPGRADE_MS
            need(not late, "it does not name the policy it rests on")
        return self.policy

    # ---- steps

    def step(self, stored, body):
        self.judged += 1
        data, kind, name = body["data"], body["type"].removeprefix("change."), body["data"].get("change")
        need(fits(data, STEPS[body["type"]]), f"{body['type']} is malformed")
        before = self.open.get(name)
        change = copy_change(before)
        change.take(body)
        steps = self.steps.get(name, 0) if before else 0
        need(body["idem"] == f"{name}#{steps}", f"it is step {steps} of its change-set, and says another")
        work = change.content.get("work") if kind in ("proposed", "revised") or "external" in data else None
        if work is not None:
            self.claims.effect(stored, work, work["by"])
        if kind == "claimed":
            self.claimable(body, before)
        self.entitled(stored, body, kind, before, change)
        document = self.document(body["entity"])
        if kind == "assessed":
            change.is_off_document = not is_on(data["base"], document)
            change.assessed_at = instant(body["at"])
        images = self.images.setdefault(name, {})
        next_document = effect(change, body, images, document)
        if next_document is not None:
            self.write(stored, body, next_document)
        self.keep(change, body, kind, steps + 1)

    def claimable(self, body, before):
        base = before.assessment["base"] if before is not None and before.assessment else None
        on_it = base is not None and is_on(base, self.document(body["entity"])) and not before.is_off_document
        need(on_it, "the document is not what was weighed and approved")
        need(body["entity"] not in self.locks, "another change-set is being carried out")
        self.locks[body["entity"]] = body["data"]["change"]

    def keep(self, change, body, kind, steps):
        name, at = change.id, instant(body["at"])
        if kind == "assessed":
            money = body["data"]["facts"].get("money")
            moved = money.get("moved", 0) if isinstance(money, dict) else 0
            one = {"change": name, "sponsor": sponsor_of(change.content), "entity": change.entity, "moved": moved, "at": at}
            self.recent.assessed(one)
        self.open[name], self.steps[name] = change, steps
        if change.state not in TERMINAL:
            return
        if self.locks.get(change.entity) == name:
            del self.locks[change.entity]
        if change.state != "executed":
            self.recent.ended(name, at)
        self.images[name] = {}
        stopped = change.state in ("rejected", "cancelled", "expired")
        if stopped or change.review is None or len(change.review) >= REVIEWERS:
            del self.open[name], self.steps[name], self.images[name]

    def entitled(self, stored, body, kind, before, after):
        data = body["data"]
        if kind in ("voted", "overridden"):
            self.use(self.nonces, data["nonce"], stored)
        under = data.get("under")
        policy = self.in_force(body, under, kind in RESTS_ON_POLICY)
        if policy is None:
            return

        def judged(by):
            if kind == "assessed":
                self.weighed(stored, body, after, by)
            else:
                self.judge_step(body, kind, before, by)

        if under is not None or kind in CONDITIONAL:
            judged(policy)
            return
        reasons = []
        for by in [one for one in (self.policy, self.previous) if one]:
            try:
                judged(by)
                reasons.append(None)
            except Inconsistent as error:
                reasons.append(error)
        if None not in reasons:
            raise reasons[0]

    def judge_step(self, body, kind, change, policy):
        data, actor, entity = body["data"], body["actor"], body["entity"]
        if kind in ("proposed", "revised"):
            judge_content(body, None if kind == "proposed" else change.content, policy)
        elif kind == "withdrawn":
            name, person = principal_of(policy, actor)[:2]
            answers = actor["kind"] == "person" and person in change.content["excludes"]
            need(answers or name == change.content["initiator"], "who withdraws it does not speak for the proposer")
        elif kind in PEOPLES_STEPS:
            person = data["personId"] if kind != "voted" else data.get("delegate", data)["personId"]
            need(policy.is_person(actor, person), f"{actor['id']} is no account of {person}")
            getattr(self, "judge_" + kind.replace("-", "_"))(body, data, change, policy)
        else:
            need_system(body)
            judge = getattr(self, "judge_" + kind.replace("-", "_"), None)
            if judge is not None:
                judge(body, data, change, policy)

    # ---- people

    def judge_voted(self, body, data, change, policy):
        if "delegate" in data:
            held = self.lent_roles(body, data, policy)
        else:
            held = in_order(policy.roles_of(data["personId"]))
        need(data["roles"] == held, "the roles are not those held")
        self.need_signed(data, change, policy)

    def lent_roles(self, body, data, policy):
        known = self.delegations.get(data["delegate"]["delegation"])
        need(known is not None, "there is no such delegation")
        parties = (known["from"], known["to"])
        need(parties == (data["personId"], data["delegate"]["personId"]), "the delegation is of others")
        need(not known["revoked"], "the delegation was revoked")
        need(instant(known["until"]) > instant(body["at"]) - SLACK_MS, "the delegation had ended")
        roles = given_roles(policy, known)
        need(not policy.apart([*policy.roles_of(known["to"]), *roles]), "duties that are kept apart")
        return roles

    def is_signed(self, data, change, policy):
        try:
            self.need_signed(data, change, policy)
            return True
        except Inconsistent:
            return False

    def need_signed(self, data, change, policy):
        """An assertion was asked for over this very decision; where the rules ask for one, it is by an enrolled key."""
        demand = change.assessment.get("assertion") if change.assessment else None
        assertion = data.get("assertion")
        if assertion is None:
            need(demand is None, "it had to be signed with an enrolled key, and is not")
            return
        subject = {
            "ledger": self.ledger,
            "change": change.id,
            "revision": data["revision"],
            "contentHash": data["contentHash"],
            "assessmentHash": data.get("assessmentHash", change.assessment["assessmentHash"]),
            "decision": data.get("decision", "override"),
            "personId": data["personId"],
            "nonce": data["nonce"],
            "expiresAt": data.get("expiresAt"),
        }
        challenge = tagged_hash("nervous-system.change.decision.v1", subject)
        is_key = "kind" in assertion
        if not is_key:
            need_asked_for(assertion, challenge)
        if demand is not None or is_key:
            person = data.get("delegate", data)["personId"]
            need_enrolled(assertion, challenge, person, demand or "signed", policy)

    def judge_vote_revoked(self, body, data, change, policy):
        pass

    def judge_overridden(self, body, data, change, policy):
        need(policy.person_may(data["personId"], "overrides", body["entity"]), "no right to override")
        need(not BLANK.fullmatch(data["ticket"]) and not BLANK.fullmatch(data["reason"]), "no ticket or reason")
        self.need_signed(data, change, policy)

    def judge_aborted(self, body, data, change, policy):
        filled = change.assessment is not None and change.roles_filled(policy.roles_of(data["personId"]))
        need(filled, "none of the roles that were needed")

    def judge_resolution(self, body, data, change, policy):
        held = in_order(policy.roles_of(data["personId"]))
        need(data["roles"] == held and self.may_resolve(change, policy, data["personId"], held), "they may not say so")

    @staticmethod
    def may_resolve(change, policy, person, roles):
        needed = {*(change.assessment or {}).get("roles", []), *UNMATCHED_ROLES}
        return person not in excluded_now(change, policy) and bool(needed & set(roles))

    def judge_resolved_executed(self, body, data, change, policy):
        self.judge_resolved(data, change, policy, "executed")

    def judge_resolved_rolled_back(self, body, data, change, policy):
        self.judge_resolved(data, change, policy, "rolled_back")

    def judge_resolved(self, data, change, policy, outcome):
        last_words = {}
        for one in change.resolutions:
            if self.may_resolve(change, policy, one["personId"], policy.roles_of(one["personId"])):
                last_words[one["personId"]] = one
        said = {one["step"] for one in last_words.values() if one["outcome"] == outcome}
        need(set(data["resolutions"]) <= said, "by the roster in force no two people agree")

    def judge_reviewed(self, body, data, change, policy):
        need(policy.person_may(data["personId"], "reads", body["entity"]), "they may not read it")
        need(data["personId"] not in excluded_now(change, policy), "they had a part in it")

    # ---- the system

    def judge_escalated(self, body, data, change, policy):
        escalation = policy.risk.get("escalation")
        need(escalation is not None and not body["entity"].startswith(REGISTRY), "the rules escalate nothing")
        since = change.assessed_at + escalation["afterHours"] * HOUR_MS
        need(instant(body["at"]) >= since, "it was escalated too early")
        wanted = {role: escalation["roles"][role] for role in change.assessment["roles"] if role in escalation["roles"]}
        need(data["eligible"] == wanted, "it lets other roles help than the rules")

    def judge_claimed(self, body, data, change, policy):
        excluded = excluded_now(change, policy)
        if change.override is None:
            approved = change.has_quorum(self.votes_now(change, policy, excluded))
        else:
            person, account = change.override["personId"], change.override["account"]
            approved = person not in excluded and policy.person_may(person, "overrides", change.entity) and account
            approved = approved and self.is_signed(change.override, change, policy)
        need(approved, "by the roster in force the approval lacks people, roles or the right")
        need(change.assessment["policy"]["hash"] == policy.table["hash"], "weighed by rules that are no longer in force")
        freeze = change.assessment["facts"].get("freeze")
        names = freeze.get("names") if isinstance(freeze, dict) else []
        at = instant(body["at"])
        frozen = all(
            any(name not in names for name in policy.open_freezes(change.entity, moment)) for moment in (at, at - SLACK_MS)
        )
        need(not frozen, "a freeze window is open that it was not weighed in")

    def votes_now(self, change, policy, excluded):
        votes = []
        for vote in change.votes:
            delegate = vote.get("delegate")
            if vote["personId"] in excluded or (delegate and delegate["personId"] in excluded):
                continue
            if not self.is_signed(vote, change, policy):
                continue
            if delegate is None:
                votes.append({**vote, "roles": in_order(policy.roles_of(vote["personId"]))})
                continue
            known = self.delegations.get(delegate["delegation"])
            if known is None or known["revoked"] or not policy.roles_of(delegate["personId"]):
                continue
            roles = given_roles(policy, known)
            if not policy.apart([*policy.roles_of(delegate["personId"]), *roles]):
                votes.append({**vote, "roles": roles})
        return votes

    # ---- assessments

    def weighed(self, stored, body, change, policy):
        data, content = body["data"], change.content
        at = instant(body["at"])
        start, end = (instant(data["asOf"]),) * 2 if "asOf" in data else (at - SLACK_MS, at)
        need(at - SLACK_MS <= start <= end <= at, "it counted as of another time")
        need_system(body)
        judge_risk(data, change, policy)
        sponsor = sponsor_of(content)
        if "turns" in data:
            self.use(self.turns, f"by#{sponsor}#{data['turns']['sponsor']}", stored)
            self.use(self.turns, f"on#{body['entity']}#{data['turns']['entity']}", stored)
        if "executors" in data["facts"]:
            self.advised += 1
        document, version, _ = self.document(body["entity"])
        if not is_on(data["base"], self.document(body["entity"])):
            return
        after = plan_all(document, version, content["operations"])
        need(document_hash(after[-1] if after else None) == data["result"], "its result is another")
        asked = {"change": change.id, "sponsor": sponsor, "entity": change.entity, "from": start, "to": end}
        freezes = self.freezes_at(data, body["entity"], policy, start, end)
        low, high = (
            facts_of(body["entity"], content, document, after, policy, freezes, counted)
            for counted in (self.recent.certain(asked), self.recent.possible(asked))
        )
        recorded = {name: value for name, value in data["facts"].items() if name != "executors"}
        need_between(recorded, low, high, "asOf" not in data, "")

    @staticmethod
    def freezes_at(data, entity, policy, start, end):
        freeze = data["facts"].get("freeze")
        recorded = freeze.get("names") if isinstance(freeze, dict) else None
        edges = [instant(one[name]) for one in policy.risk["freezes"] for name in ("from", "until")]
        moments = [end, start, *(edge for edge in edges if start < edge < end)]
        found = [policy.open_freezes(entity, moment) for moment in moments]
        return next((names for names in found if names == recorded), found[0])


def need_asked_for(assertion, challenge):
    try:
        encoded = assertion["clientDataJSON"]
        client = parse_json(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode("utf-8", "replace"))
    except (ValueError, Malformed):
        client = None
    right = isinstance(client, dict) and client.get("type") == "webauthn.get" and client.get("challenge") == unpadded(challenge)
    need(right, "the assertion was made over another decision")


def unpadded(hex_text):
    return base64.urlsafe_b64encode(bytes.fromhex(hex_text)).decode().rstrip("=")


def strict_base64url(text):
    """Only the text that the bytes lead to stands for them."""
    need(re.fullmatch("[A-Za-z0-9_-]*", text) is not None, "it is not base64url without padding")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise Inconsistent("it is not base64url without padding") from None
    need(base64.urlsafe_b64encode(data).decode().rstrip("=") == text, "it is not base64url without padding")
    return data


P256_X, P256_Y = bytes.fromhex("a5010203262001215820"), bytes.fromhex("225820")
ED25519_X = bytes.fromhex("a4010103272006215820")


def need_key_signed(cose, message, signature):
    """COSE_Key in canonical CBOR: the bytes before the coordinates never differ."""
    key = strict_base64url(cose)
    try:
        if len(key) == 77 and key[:10] == P256_X and key[42:45] == P256_Y:
            numbers = (int.from_bytes(key[10:42], "big"), int.from_bytes(key[45:], "big"))
            public = EllipticCurvePublicNumbers(*numbers, SECP256R1()).public_key()
            public.verify(signature, message, ECDSA(SHA256()))
        else:
            need(len(key) == 42 and key[:10] == ED25519_X, "the enrolled key is none of ES256 or Ed25519")
            Ed25519PublicKey.from_public_bytes(key[10:]).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise Inconsistent("its signature is not of the enrolled key") from None


def need_enrolled(assertion, challenge, person, demand, policy):
    """The person's enrolled key signed the challenge, as WebAuthn says, and it is a key as the rules ask for."""
    is_key = "kind" in assertion
    name = assertion["keyId"] if is_key else assertion["credentialId"]
    found = [one for one in policy.credentials if one["id"] == name and one["personId"] == person]
    need(found, f"{person} has enrolled no such key")
    credential, webauthn = found[0], policy.webauthn
    need((credential["kind"] == "key") == is_key, "the enrolled key is of another kind")
    if demand == "device-bound":
        models = (webauthn or {}).get("aaguids", [])
        bound = not is_key and not credential["backupEligible"] and credential.get("aaguid") in models
        need(bound, "the key is not bound to a device of a listed model")
    signature = strict_base64url(assertion["signature"])
    if is_key:
        need_key_signed(credential["publicKey"], f"nervous-system.assertion.key.v1\n{challenge}\n".encode(), signature)
        return
    need(webauthn is not None, "the policy names no domain for passkeys")
    client_data = strict_base64url(assertion["clientDataJSON"])
    data = strict_base64url(assertion["authenticatorData"])
    try:
        client = parse_json(client_data.decode())
    except (ValueError, Malformed):
        raise Inconsistent("its client data is no JSON") from None
    need(isinstance(client, dict) and client.get("type") == "webauthn.get", "its client data is not of an assertion")
    need(client.get("challenge") == unpadded(challenge), "the assertion was made over another decision")
    need(client.get("origin") in webauthn["origins"], "its origin is not one of webauthn.origins")
    need(client.get("crossOrigin", False) is False, "it was made inside a page of another origin")
    need(len(data) >= 37 and data[:32] == sha256(webauthn["rpId"].encode()), "it is for another domain")
    flags = data[32]
    need(flags & 0x01 and flags & 0x04, "nobody was present, or was not verified")
    eligible = bool(flags & 0x08)
    need(eligible == credential["backupEligible"] and (eligible or not flags & 0x10), "its backup flags are others")
    need(not flags & 0x40 and (flags & 0x80 or len(data) == 37), "more than an assertion has")
    need_key_signed(credential["publicKey"], data + sha256(client_data), signature)


def need_system(body):
    actor = body["actor"]
    need((actor["kind"], actor["id"]) == ("service", "nervous-system"), f"{actor['kind']} {actor['id']} is not the system")


def is_on(base, document):
    return (base["version"], base["hash"]) == document[1:]


def sponsor_of(content):
    return content.get("sponsor", content["initiator"])


def given_roles(policy, delegation):
    held = policy.roles_of(delegation["from"])
    return in_order(role for role in held if role in delegation.get("roles", [role]))


def excluded_now(change, policy):
    agent = policy.agent(change.proposer["id"]) if change.proposer["kind"] == "agent" else None
    return [*change.content["excludes"], *([] if agent is None else [agent["owner"]])]


def principal_of(policy, actor):
    """(initiator, person who acts or answers, agent) that an actor stands for."""
    known = policy.principals.get(actor["id"])
    if known is None and actor["kind"] == "module":
        return f"module:{actor['id']}", None, None
    need(known is not None and known[0] == actor["kind"], f"{actor['kind']} {actor['id']} is not in the roster in force")
    if known[0] == "person":
        return f"person:{known[1]}", known[1], None
    need(actor.get("logic") == known[1]["logic"], "the agent acts by another logic")
    return f"agent:{actor['id']}", known[1]["owner"], known[1]


def judge_content(body, previous, policy):
    data, entity, actor = body["data"], body["entity"], body["actor"]
    initiator, person, agent = principal_of(policy, actor)
    need(not is_reserved(entity), "a chain of the system")
    if agent is not None:
        rights = [glob for one in policy.roster["agents"] if one["id"] == actor["id"] for glob in one["rights"]["proposes"]]
        need(any(glob_matches(glob, entity) for glob in rights), "no right to propose")
    elif person is not None:
        need(policy.person_may(person, "proposes", entity), "no right to propose")
    need(data["initiator"] == initiator, "it names another initiator")
    if previous is None:
        need(data.get("sponsor") == (None if agent is None else f"person:{person}"), "it names another sponsor")
    before = [] if previous is None else previous["excludes"]
    need(data["excludes"] == in_order({*before, *([] if person is None else [person])}), "it excludes other people")
    if "work" in data:
        need(data["work"]["by"] == f"{actor['kind']}:{actor['id']}", "it is proposed under a claim of somebody else")
    hours = policy.risk["decisionHours"]
    hours = max(hours, FLOOR_HOURS) if entity.startswith(REGISTRY) else hours
    need(instant(data["deadline"]) <= instant(body["at"]) + hours * HOUR_MS + SLACK_MS, "its deadline is too late")
    for operation in data["operations"]:
        judge_operation(operation)


def judge_operation(operation):
    kind, payload = operation["type"], operation["payload"]
    if kind == "executor.invoke":
        return
    need(kind in EXECUTORS and operation["executor"] == EXECUTORS[kind], "an operation of no known type or executor")
    inverse = "none" if kind == "field.erase" else "restore-before-image"
    need(operation["inverse"] == inverse, "it is undone otherwise")
    if isinstance(payload, str):
        return
    if kind == "state.patch":
        need_patch(payload)
        need_plain(payload, 0)
    elif kind == "state.put":
        checked_document(payload)
    elif kind == "state.delete":
        need(payload == {} and isinstance(payload, dict), "a payload that is not empty")
    else:
        form = {"seq": is_count, "fields": lists(texts(0, 500, "(/[^/]*)+"), 1, 80), "basis": is_basis}
        need(fits(payload, form), "not an erasure")


def is_basis(value):
    return isinstance(value, str) and 1 <= utf16_length(value.strip(TRIMMED)) <= 500


TRIMMED = "\t\n\x0b\x0c\r \xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"


def judge_risk(data, change, policy):
    """Everything of an assessment but the facts: what they lead to by the rules in force."""
    content, facts = change.content, {name: one for name, one in data["facts"].items() if name != "executors"}
    operations = content["operations"]
    elsewhere = [i for i, one in enumerate(operations) if one["type"] == "executor.invoke"]
    names = in_order({operations[i]["executor"] for i in elsewhere})
    said = data["facts"].get("executors")
    if names:
        form = {"names": list_of(is_text), "plans": list_of(lambda value: isinstance(value, dict))}
        need(fits(said, form) and said["names"] == names, "it names other executors")
        own = {**facts, "executors": {"names": names}}
        demand = stricter(policy.demand(own), policy.demand({**facts, "executors": said}))
    else:
        need("executors" not in data["facts"], "it names executors, and there are none")
        demand = policy.demand(facts)
    need(data["policy"] == policy.table, "another table than that in force")
    for name in ("level", "matched", "roles", "approvals", "timelockMinutes"):
        need(data[name] == demand[name], f"its {name} is {data[name]}, by the rules in force it is {demand[name]}")
    need(data.get("enforcement", "hard") == demand["enforcement"], "its enforcement is another")
    need(data.get("assertion", "none") == demand["assertion"], "it asks for other signatures than the rules")
    need(("sampled" in data) == is_sampled(policy, demand, content, change.proposal), "it was not drawn as it must be")
    plans = [one["index"] for one in data.get("plans", [])]
    need(plans == elsewhere, "its plans are not those of its operations")
    need(len(said["plans"] if names else []) == len(elsewhere), "its plans are not those of its operations")


def is_sampled(policy, demand, content, proposal):
    percent = policy.risk["sampleL0"]
    if demand["level"] != "L0" or percent == 0:
        return False
    draw = int(sha256(f"nervous-system.change.sample.v1\n{proposal}\n".encode()).hex()[:8], 16) % 100
    return content["revision"] > 1 or draw < percent


def need_between(recorded, low, high, is_old, path):
    if isinstance(recorded, dict) and isinstance(low, dict) and isinstance(high, dict):
        for key in {**recorded, **low, **high}:
            if is_old and key not in recorded:
                continue
            one, least, most = (of.get(key, ABSENT) for of in (recorded, low, high))
            need_between(one, least, most, is_old, f"{path}/{key}")
        return
    if is_same_json(recorded, low) or is_same_json(recorded, high):
        return
    numbers = all(is_number(one) for one in (recorded, low, high))
    need(numbers and low <= recorded <= high, f"its fact {path} is {recorded!r}, computed is {low!r} to {high!r}")


def is_same_json(one, other):
    if one is ABSENT or other is ABSENT:
        return one is other
    return canonical(one) == canonical(other)


def copy_change(change):
    """So that a step that is refused leaves nothing behind."""
    if change is None:
        return Change()
    copy = Change()
    copy.__dict__.update(change.__dict__)
    copy.progress = [dict(one) for one in change.progress]
    copy.resolutions = list(change.resolutions)
    copy.review = None if change.review is None else list(change.review)
    return copy


# --------------------------------------------------------------------------------------------------------------- proofs

PROOF = b"c2sp.org/tlog-proof@v1"
LONGEST_PROOF = 63


class Proof:
    """A C2SP tlog-proof: an entry, its index, the hashes beside its way to the root, and a signed checkpoint."""

    def __init__(self, data):
        split = data.find(b"\n\n")
        if split < 0:
            raise Malformed("no blank line between the proof and the checkpoint")
        lines = data[:split].split(b"\n")
        header, extra, index = (lines + [b"", b""])[:3]
        if header != PROOF:
            raise Malformed(f'the first line is not "{PROOF.decode()}"')
        self.entry = strict_base64(extra[6:].decode("utf-8", "replace")) if extra.startswith(b"extra ") else None
        if self.entry is None:
            raise Malformed('the second line is not "extra <base64 of the entry>"')
        at = re.fullmatch(b"index (0|[1-9][0-9]{0,15})", index)
        if at is None or int(at[1]) > MAX_SAFE:
            raise Malformed('the third line is not "index <n>"')
        self.index, self.note = int(at[1]), data[split + 2 :]
        self.path = [strict_base64(line.decode("utf-8", "replace")) for line in lines[3:]]
        if len(self.path) > LONGEST_PROOF or any(one is None or len(one) != HASH for one in self.path):
            raise Malformed("a line of the proof is not the base64 of 32 bytes, or there are too many")

    def root(self, size):
        """The root that the path leads to; None where it has not the one length that fits."""
        if self.index >= size or len(self.path) != path_length(self.index, size):
            return None
        return path_root(leaf_hash(self.entry), self.index, size, self.path)


def verify_proof(data, vkeys):
    """The report on a proof of one entry, by the root key alone. Raises Usage."""
    keys = [parse_vkey(text) for text in vkeys]
    roots = [key for key in keys if key is not None and key.kind == ED25519]
    if len(roots) != 1 or None in keys:
        raise Usage("a proof is verified with --vkey, the one public root key")
    try:
        proof = Proof(data)
        size, root, _ = open_checkpoint(proof.note, roots, roots[0].name, "its checkpoint", None)
        if proof.root(size) != root:
            raise Bad("CONTENT_MISMATCH", f"the entry is not at index {proof.index} of the log of size {size}")
    except Malformed as error:
        bad = Bad("UNREADABLE", str(error))
    except Bad as error:
        bad = error
    else:
        entry = entry_or_none(proof.entry)
        name = "an entry of other form" if entry is None else f'entry "{entry.body["entity"]}" #{entry.body["seq"]}'
        what = f"{name} is at index {proof.index} of the log of size {size} that {roots[0].name} signed"
        left = ["that the root key is the right one", "the entry's own signatures, its chain, and what came later"]
        return {"verdict": "OK", "entries": 1, "checked": [what], "notChecked": left}
    bad.entity = "(proof)"
    return {"verdict": bad.verdict, "firstBad": bad.report(), "entries": 0, "checked": [], "notChecked": ["the entry"]}


# ---------------------------------------------------------------------------------------------------------------- main


def verify(folder, **options):
    """The report for a folder. Raises Usage."""
    asked = Options(**options)
    if asked.entity is not None:
        return EntityVerification(folder, asked).report()
    return (StateVerification if asked.state else Verification)(folder, asked).report()


def answer(line):
    """A request of --serve: {path, vkeys, anchors, remembered (base64), requireAnchored, maxAgeMinutes, now, entity, state} or {proof (base64), vkeys}."""
    try:
        request = json.loads(line)
        if request.get("remembered") is not None:
            request["remembered"] = base64.b64decode(request["remembered"])
        if request.get("proof") is not None:
            return verify_proof(base64.b64decode(request["proof"]), request["vkeys"])
        return verify(request.pop("path"), **request)
    except Usage as error:
        return {"error": "usage", "detail": str(error)}
    except Exception as error:  # a crash is an answer here, so that one bad folder does not end the others' turn
        return {"error": "crash", "detail": f"{type(error).__name__}: {error}"}


def serve():
    for line in sys.stdin:
        print(json.dumps(answer(line)), flush=True)


def verify_given(given, vkeys):
    return verify(
        given.folder,
        vkeys=vkeys,
        anchors=given.anchors,
        remembered=None if given.remembered is None else open(given.remembered, "rb").read(),
        requireAnchored=given.require_anchored,
        maxAgeMinutes=given.max_age,
        entity=given.entity,
        state=given.state,
    )


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder", nargs="?", help="a data folder or an export")
    parser.add_argument("--vkey", action="append", default=[], help="file with verifier keys you trust, one a line")
    parser.add_argument("--anchors", help="folder of the anchors, where they are kept elsewhere")
    parser.add_argument("--remembered", help="a checkpoint that you kept")
    parser.add_argument("--require-anchored", action="store_true")
    parser.add_argument("--max-age", type=float, help="minutes")
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--entity", help="only the chain of this entity, its place in the log, its document")
    part.add_argument("--state", action="store_true", help="only decisions and documents, the entries as they are")
    part.add_argument("--proof", help="a proof of one entry, in place of a folder")
    parser.add_argument("--serve", action="store_true", help="answer requests on stdin")
    given = parser.parse_args(arguments)
    if given.serve:
        return serve()
    if (given.folder is None) == (given.proof is None):
        parser.error("name a data folder or an export, or else --proof")
    try:
        vkeys = [line for path in given.vkey for line in open(path, encoding="utf-8").read().split("\n") if line.strip()]
        report = verify_proof(open(given.proof, "rb").read(), vkeys) if given.proof else verify_given(given, vkeys)
    except (Usage, OSError) as error:
        print(f"verifier: {error}", file=sys.stderr)
        return USAGE_EXIT_CODE
    print(json.dumps(report, indent=2, ensure_ascii=False))
    return EXIT_CODES[report["verdict"]]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
