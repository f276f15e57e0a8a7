"""The vectors of test/core/events/webhooks/webhook-signature.test.ts. Without the package cryptography, v1a is refused by name."""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib.util
import unittest
from email.message import Message

from nervous_system import VerifiedWebhook, WebhookRefused, verify_webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PUBLIC = "whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
ID, AT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}'
V1 = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
V1A = "v1a,yoUrgEkc12aGqm0n4Sydmdz55xJfTz4AsAgieHFjmkR7LJtqVCZOQYzvvHjI5kAey+r4iaBGxTFRrl2iBQxtDQ=="
HAS_CRYPTOGRAPHY = importlib.util.find_spec("cryptography") is not None
KEYS = [PUBLIC] if HAS_CRYPTOGRAPHY else []


def headers(signature: str = V1, **more: str) -> dict[str, str]:
    given = {"Webhook-Id": ID, "webhook-timestamp": str(AT), "webhook-signature": signature}
    return {**given, **{name.replace("_", "-"): value for name, value in more.items()}}


def verified(given: dict[str, str], body: bytes = BODY, now: float = AT) -> VerifiedWebhook:
    return verify_webhook(given, body, secrets=[SECRET], public_keys=KEYS, now=now)


def signed(body: bytes, name: str = ID) -> dict[str, str]:
    key = base64.b64decode(SECRET[6:])
    digest = hmac.new(key, f"{name}.{AT}.".encode() + body, hashlib.sha256).digest()
    return {**headers(f"v1,{base64.b64encode(digest).decode()}"), "Webhook-Id": name}


class WebhookTest(unittest.TestCase):
    def test_believes_what_a_trusted_key_signed(self) -> None:
        for signature in (V1, f"v1,AAAA {V1}", f"v2,x {V1}", f"{V1} v1a,unknown", f"v1,žluť {V1}"):
            found = verified(headers(signature))
            self.assertEqual((found.id, found.timestamp, found.message), (ID, AT, {"test": 2432232314}))

    def test_believes_a_public_key_alone(self) -> None:
        if not HAS_CRYPTOGRAPHY:
            with self.assertRaisesRegex(ImportError, "nervous-system\\[webhooks\\]"):
                verify_webhook(headers(V1A), BODY, public_keys=[PUBLIC], now=AT)
            return
        for signature in (V1A, f"v2,x v1a,AAAA {V1A}"):
            self.assertEqual(verify_webhook(headers(signature), BODY, public_keys=[PUBLIC], now=AT).id, ID)
        for wrong in (V1, V1A.replace("v1a", "v1"), V1A.replace("yoUr", "zoUr"), V1A[:-8]):
            with self.subTest(wrong), self.assertRaises(WebhookRefused):
                verify_webhook(headers(wrong), BODY, public_keys=[PUBLIC], now=AT)

    def test_refuses_what_was_changed(self) -> None:
        changed: list[tuple[dict[str, str], bytes]] = [
            (headers(), b'{"test":2432232314}'),
            (headers(), b"\xff"),
            ({**headers(), "Webhook-Id": "msg_x"}, BODY),
            (signed(BODY, "msg.x"), BODY),
            (signed(BODY, ""), BODY),
            (headers(webhook_timestamp=str(AT + 1)), BODY),
            (headers(webhook_timestamp="1e9"), BODY),
            (headers(webhook_timestamp="१६१४२६५३३०"), BODY),
            (headers(""), BODY),
            (headers(V1.replace("v1", "v2")), BODY),
            (headers(V1[:-8]), BODY),
            (headers(" ".join(["v1,AAAA"] * 20 + [V1])), BODY),
            ({"webhook-id": ID, "webhook-timestamp": str(AT)}, BODY),
            (headers(webhook_id=ID), BODY),
        ]
        for number, (given, body) in enumerate(changed):
            with self.subTest(number), self.assertRaises(WebhookRefused):
                verified(given, body)

    def test_takes_the_headers_of_http_server_unless_one_came_twice(self) -> None:
        message = Message()
        for name, value in headers().items():
            message[name] = value
        self.assertEqual(verify_webhook(message, BODY, secrets=[SECRET], now=AT).id, ID)  # type: ignore[arg-type]
        message["webhook-id"] = ID
        with self.assertRaises(WebhookRefused):
            verify_webhook(message, BODY, secrets=[SECRET], now=AT)  # type: ignore[arg-type]

    def test_refuses_what_is_older_or_further_ahead_than_300_s(self) -> None:
        for seconds in (-300, 300):
            verified(headers(), now=AT + seconds)
        for seconds in (-301, 301):
            with self.assertRaises(WebhookRefused):
                verified(headers(), now=AT + seconds)

    def test_refuses_keys_that_are_not_trusted(self) -> None:
        other = "whsec_" + base64.b64encode(bytes(24)).decode()
        for secrets in ([other], []):
            with self.assertRaises(WebhookRefused):
                verify_webhook(headers(f"{V1} {V1A}"), BODY, secrets=secrets, now=AT)

    def test_says_that_a_key_of_yours_is_malformed(self) -> None:
        sized = ["whsec_" + base64.b64encode(bytes(size)).decode() for size in (23, 65)]
        for secret in (*sized, "whsec_!!!!", f"{SECRET}=", "whsec_"):
            with self.subTest(secret), self.assertRaises(ValueError):
                verify_webhook(headers(), BODY, secrets=[secret], now=AT)
        for key in ("whpk_" + base64.b64encode(bytes(31)).decode(), SECRET) if HAS_CRYPTOGRAPHY else ():
            with self.subTest(key), self.assertRaises(ValueError):
                verify_webhook(headers(), BODY, public_keys=[key], now=AT)

    def test_refuses_a_body_that_is_no_object_though_it_is_signed(self) -> None:
        for body in (b"[]", b"{", b"\xff", b'{"a":1,"a":2}', b"[" * 200_000):
            with self.subTest(body[:10]), self.assertRaises(WebhookRefused):
                verified(signed(body), body)

    def test_finds_the_challenge(self) -> None:
        body = b'{"type":"webhook.verify","nonce":"n"}'
        self.assertEqual(verified(signed(body), body).challenge, "n")
        self.assertIsNone(verified(headers()).challenge)


if __name__ == "__main__":
    unittest.main()
