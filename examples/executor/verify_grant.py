"""Checks a grant without the SDK. Needs nothing but the package `cryptography`. See docs/executors.md."""
import base64, hashlib, json, time
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

HEADER = base64.urlsafe_b64encode(b'{"alg":"EdDSA","typ":"nervous-grant+jwt"}').rstrip(b"=").decode()


def verify_grant(token, *, verifier_keys, executor, direction, input, precondition=None, now=None):
    """The claims of a grant, or ValueError saying why nothing may be done. `verifier_keys`: lines of root.vkey."""
    header, payload, signature = token.split(".")
    if header != HEADER:  # never read an algorithm from a token
        raise ValueError("no token of the form that the ledger signs")
    for line in verifier_keys:  # <name>+<key id>+base64(0x01 || key)
        issuer, _, encoded = line.strip().split("+", 2)
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(encoded)[1:])
        try:
            key.verify(unpadded(signature), f"{header}.{payload}".encode())
            break
        except InvalidSignature:
            pass
    else:
        raise ValueError("not signed by the root key")
    claims = json.loads(unpadded(payload))
    operation = f"{claims['change']}:{claims['revision']}:{claims['index']}"
    expected = {
        "iss": issuer,
        "aud": executor,
        "direction": direction,
        "jti": f"{operation}:{direction}",
        "inputHash": hashlib.sha256(canonical({"input": input, "precondition": precondition})).hexdigest(),
    }
    for claim, value in expected.items():
        if claims[claim] != value:
            raise ValueError(f"{claim} is not as expected")
    if (time.time() if now is None else now) >= claims["exp"]:  # no leeway
        raise ValueError("the grant has expired")
    return claims


def canonical(value):
    """RFC 8785 for what a ledger holds: no fractions. Keys outside the Basic Multilingual Plane need a library."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
