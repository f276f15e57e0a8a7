"""Makes cases.jsonl from the definitions of RFC 6962 and docs/formats.md, sharing no code with the product or docs/verifier.py.

    python make.py > cases.jsonl       # needs the package `cryptography`; the bytes are the same every time
"""

import base64
import hashlib
import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ORIGIN = "nervous.example/dev/main"
TYPE = b"\xffnervous-system/batch/v1"
SIZES = (2, 3, 4, 5, 7, 8, 11, 16)


def sha(data):
    return hashlib.sha256(data).digest()


def tree_hash(leaves):
    """MTH of RFC 6962 section 2.1, of leaves that are hashed already."""
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return sha(b"\x01" + tree_hash(leaves[:k]) + tree_hash(leaves[k:]))


def path(m, leaves):
    """PATH of RFC 6962 section 2.1.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return path(m, leaves[:k]) + [tree_hash(leaves[k:])]
    return path(m - k, leaves[k:]) + [tree_hash(leaves[:k])]


def split(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


class Signer:
    def __init__(self, seed):
        self.private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.name = "keys/" + sha(self.public).hex()[:16]

    def line(self, blob, kind=TYPE, name=None):
        name = self.name if name is None else name
        return self.encoded(sha(self.name.encode() + b"\n" + kind + self.public)[:4] + blob, name)

    @staticmethod
    def encoded(data, name):
        return f"\u2014 {name} {base64.b64encode(data).decode()}\n"


KEY, OTHER = Signer(1), Signer(4)


def message(size, root, origin=ORIGIN, name=KEY.name, head="nervous-system.batch.v1"):
    return f"{head}\n{origin}\n{name}\n{size}\n{base64.b64encode(root).decode()}\n".encode()


def salt(i):
    return sha(b"salt %d" % i)[:16]


def text(i):
    return b"nervous-system.entry.v1\nentry %d\n" % i


def blob(salted, size, index, hashes, signature):
    return salted + bytes([size, index]) + b"".join(hashes) + signature


def show(case, verdict, line, signed=None, origin=ORIGIN):
    row = {"case": case, "verdict": verdict, "origin": origin, "publicKey": base64.b64encode(KEY.public).decode()}
    print(json.dumps({**row, "text": (text(0) if signed is None else signed).decode(), "line": line}, ensure_ascii=False))


def grown(size):
    leaves = [sha(b"\x00" + salt(i) + text(i)) for i in range(size)]
    return leaves, KEY.private.sign(message(size, tree_hash(leaves)))


for size in SIZES:
    leaves, signature = grown(size)
    for i in range(size):
        line = KEY.line(blob(salt(i), size, i, path(i, leaves), signature))
        show(f"right/{size}/{i}", "right", line, text(i))
    for i in {0, size // 2, size - 1}:
        hashes = path(i, leaves)
        right = blob(salt(i), size, i, hashes, signature)

        def wrong(name, verdict, data, size=size, i=i):
            show(f"{name}/{size}/{i}", verdict, KEY.line(data), text(i))

        wrong("another text's path", "wrong", blob(salt(i), size, i, path((i + 1) % size, leaves), signature)
              if len(path((i + 1) % size, leaves)) == len(hashes) else blob(salt(i + 1), size, i, hashes, signature))
        wrong("path cut", "malformed", blob(salt(i), size, i, hashes[:-1], signature))
        wrong("path padded", "malformed", blob(salt(i), size, i, [*hashes, bytes(32)], signature))
        wrong("byte behind", "malformed", right + b"\x00")
        wrong("byte missing", "malformed", right[:-1])
        wrong("index is size", "malformed", blob(salt(i), size, size, hashes, signature))
        wrong("size 0", "malformed", blob(salt(i), 0, 0, hashes, signature))
        wrong("size 1", "malformed", blob(salt(i), 1, 0, [], signature))
        wrong("size 17", "malformed", blob(salt(i), 17, i, hashes, signature))
        wrong("salt", "wrong", blob(salt(99), size, i, hashes, signature))
        wrong("signature", "wrong", blob(salt(i), size, i, hashes, signature[:-1] + bytes([signature[-1] ^ 1])))
        show(f"moved to another text/{size}/{i}", "wrong", KEY.line(right), text(i + 100))

leaves, signature = grown(4)
root, hashes = tree_hash(leaves), path(0, leaves)
right = blob(salt(0), 4, 0, hashes, signature)


def signed(data):
    return KEY.line(blob(salt(0), 4, 0, hashes, KEY.private.sign(data)))


show("another index of the same path length", "wrong", KEY.line(blob(salt(0), 4, 1, hashes, signature)))
three = [sha(b"\x00" + salt(i) + text(i)) for i in range(3)]
short = KEY.private.sign(message(3, tree_hash(three)))
show("a tree of three, said to be of four: the same root", "wrong", KEY.line(blob(salt(0), 4, 0, path(0, three), short)))
show("path in the other order", "wrong", KEY.line(blob(salt(0), 4, 0, hashes[::-1], signature)))
show("a node in the place of a leaf", "wrong", KEY.line(blob(salt(0), 2, 0, hashes[1:], signature)))
show("salt and text joined elsewhere", "wrong", KEY.line(blob(salt(0), 4, 0, hashes, signature)), text(0)[1:])
show("another origin", "wrong", KEY.line(right), origin="nervous.example/dev/other")
show("signed for another origin", "wrong", signed(message(4, root, origin="nervous.example/dev/other")))
show("signed for another key's name", "wrong", signed(message(4, root, name=OTHER.name)))
show("signed for another size", "wrong", signed(message(5, root)))
show("signed as another version", "wrong", signed(message(4, root, head="nervous-system.batch.v2")))
show("signed without the last newline", "wrong", signed(message(4, root)[:-1]))
show("the root alone is signed", "wrong", signed(root))
show("the text is signed", "wrong", signed(text(0)))
show("a type of another version", "wrong", KEY.line(right, kind=b"\xffnervous-system/batch/v2"))
show("type 0xff without a name", "wrong", KEY.line(right, kind=b"\xff"))
show("type of a plain signature", "wrong", KEY.line(right, kind=b"\x01"))
show("a plain signature of this type", "wrong", KEY.line(KEY.private.sign(text(0))))
show("a plain signature", "wrong", KEY.line(KEY.private.sign(text(0)), kind=b"\x01"))
show("by another key", "wrong", OTHER.line(blob(salt(0), 4, 0, hashes, OTHER.private.sign(message(4, root)))))
show("another name", "wrong", KEY.line(right, name=OTHER.name))
whole = KEY.line(right)
assert whole.endswith("==\n") is False and whole.endswith("\n")
two = blob(salt(0), 2, 0, path(0, leaves[:2]), KEY.private.sign(message(2, tree_hash(leaves[:2]))))
padded = KEY.line(two)
assert padded.endswith("==\n")
show("two letters of padding", "right", padded)
show("base64 without padding", "malformed", padded.replace("==\n", "\n"))
show("base64 with bits left over", "malformed", padded[:-4] + chr(ord(padded[-4]) + 1) + "==\n")
show("base64 for addresses", "malformed", whole.replace("+", "-").replace("/", "_").replace("keys_", "keys/"))
show("twice", "right", whole + whole)
show("no signature", "malformed", KEY.line(b""))
