"""For receivers of webhooks: whether a request came from the ledger (Standard Webhooks 1.0.0). The body must be what came over the wire."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .problems import NervousError

TOLERANCE_SECONDS = 300
MAX_SIGNATURES = 20

Check = Callable[[bytes, bytes], bool]


class WebhookRefused(NervousError):
    """Nobody whom you trust signed this, or not lately. Answer 400, and log why; the reason is not for the sender."""


@dataclass(frozen=True, slots=True)
class VerifiedWebhook:
    id: str
    """the same at every attempt: what was handled under it is not to be handled again"""
    timestamp: int
    """of the attempt, in seconds since the Unix epoch"""
    message: dict[str, Any]
    """the body: ``type``, ``timestamp``, ``data`` or ``href``, ``ledger``"""

    @property
    def challenge(self) -> str | None:
        """What to answer to the challenge of a new webhook; None: the message is another one."""
        nonce = self.message.get("nonce")
        return nonce if self.message.get("type") == "webhook.verify" and isinstance(nonce, str) else None


def verify_webhook(
    headers: Mapping[str, str],
    body: bytes,
    *,
    secrets: Sequence[str] = (),
    public_keys: Sequence[str] = (),
    tolerance: float = TOLERANCE_SECONDS,
    now: float | None = None,
) -> VerifiedWebhook:
    """``secrets``: ``whsec_…``; ``public_keys``: ``whpk_…``, which needs the package ``cryptography``. Any of them may have signed.

    :raises WebhookRefused: do not believe it
    :raises ValueError: a secret or a public key of yours is malformed
    """
    checks = [("v1", _by_secret(secret)) for secret in secrets] + [("v1a", _by_key(key)) for key in public_keys]
    webhook_id = _single(headers, "webhook-id")
    sent_at = _single(headers, "webhook-timestamp")
    signatures = _single(headers, "webhook-signature")
    if webhook_id == "" or "." in webhook_id:
        raise WebhookRefused("webhook-id is malformed")
    if re.fullmatch("[0-9]{1,12}", sent_at) is None:
        raise WebhookRefused("webhook-timestamp is no time")
    if abs((time.time() if now is None else now) - int(sent_at)) > tolerance:
        raise WebhookRefused("it was sent too long ago, or its time lies ahead")
    text = f"{webhook_id}.{sent_at}.".encode() + body
    if not any(_is_by(checks, signature, text) for signature in signatures.split(" ")[:MAX_SIGNATURES]):
        raise WebhookRefused("no signature of a key that is trusted")
    return VerifiedWebhook(webhook_id, int(sent_at), _parse(body))


def _single(headers: Mapping[str, str], name: str) -> str:
    values = [value for key, value in headers.items() if key.lower() == name]
    if len(values) != 1 or not isinstance(values[0], str):
        raise WebhookRefused(f"{name} is missing, or came twice")
    return values[0]


def _is_by(checks: Sequence[tuple[str, Check]], signature: str, text: bytes) -> bool:
    version, _, encoded = signature.partition(",")
    given = _base64(encoded)
    return given is not None and any(check(given, text) for scheme, check in checks if scheme == version)


def _by_secret(secret: str) -> Check:
    key = _base64(secret.removeprefix("whsec_"))
    if key is None or not 24 <= len(key) <= 64:
        raise ValueError("a secret is whsec_ and 24 to 64 bytes in base64")
    return lambda given, text: hmac.compare_digest(given, hmac.new(key, text, hashlib.sha256).digest())


def _by_key(public_key: str) -> Check:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError as error:
        raise ImportError("public keys need the package cryptography: install nervous-system[webhooks]") from error
    raw = _base64(public_key.removeprefix("whpk_")) if public_key.startswith("whpk_") else None
    if raw is None or len(raw) != 32:
        raise ValueError("a public key is whpk_ and 32 bytes in base64")
    key = Ed25519PublicKey.from_public_bytes(raw)

    def check(given: bytes, text: bytes) -> bool:
        try:
            key.verify(given, text)
        except InvalidSignature:
            return False
        return True

    return check


def _base64(text: str) -> bytes | None:
    """None: not base64, or another spelling of it."""
    try:
        content = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    return content if base64.b64encode(content).decode() == text else None


def _parse(body: bytes) -> dict[str, Any]:
    try:
        message = json.loads(body.decode(), object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError) as error:
        raise WebhookRefused("its body is no JSON") from error
    if not isinstance(message, dict):
        raise WebhookRefused("its body is no JSON object")
    return message


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a name stands in it twice")
    return dict(pairs)
