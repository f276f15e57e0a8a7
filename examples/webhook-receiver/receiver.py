"""Receives webhooks of the ledger: verifies each, answers the challenge, handles each id once, and says which place of the log it was.
SECRET=whsec_... python receiver.py, or with the ledger's public key and no secret: PUBLIC_KEY=whpk_... python receiver.py"""
import base64, json, os, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET, PUBLIC_KEY = os.environ.get("SECRET"), os.environ.get("PUBLIC_KEY", "")
TOLERANCE_SECONDS = 300
taking = threading.Lock()  # requests are answered by threads, and one id may come twice at the same time
handled = set()  # yours is a table with the id as its key, written in the transaction of what you do


def verified(body, headers):
    """The message, or an error: nobody whom you trust signed it, or not lately."""
    if SECRET:
        from standardwebhooks.webhooks import Webhook

        return Webhook(SECRET).verify(body, headers)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if not abs(time.time() - float(headers["webhook-timestamp"])) <= TOLERANCE_SECONDS:
        raise ValueError("not signed lately")
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(PUBLIC_KEY.removeprefix("whpk_")))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    # The ledger signs with one key: the one signature by it is the one that counts.
    [signature] = [one[4:] for one in headers["webhook-signature"].split(" ") if one.startswith("v1a,")]
    key.verify(base64.b64decode(signature), signed)
    return json.loads(body)


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            answer = receive(body, {name.lower(): value for name, value in self.headers.items()})
            self.send_response(200)
        except Exception as error:  # not 2xx: it is sent again
            print(repr(error), file=sys.stderr)
            answer = ""
            self.send_response(400)
        self.end_headers()
        self.wfile.write(answer.encode())


def receive(body, headers):
    message = verified(body, headers)
    if message["type"] == "webhook.verify":
        return message["nonce"]  # this, and nothing else, says that you want it
    id = headers["webhook-id"]
    with taking:
        if "ledger" in message and id not in handled:  # neither a test, nor an event that came again
            print(json.dumps({"id": id, "type": message["type"], **message["ledger"]}), flush=True)  # your work
            handled.add(id)
    return ""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "4160"))), Receiver)
    print("ready", flush=True)
    server.serve_forever()
