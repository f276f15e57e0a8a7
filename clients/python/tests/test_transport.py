"""What the client does about servers that fail, are slow, or lie."""

from __future__ import annotations

import socket
import time
import unittest

from nervous_system import ApiProblem, Client, Unreachable
from nervous_system.transport import Call, Transport
from scripted_server import ScriptedServer, answer, problem

OK = answer(200, {"status": "ok"})
HEALTH = Call("getHealth")


class TransportTest(unittest.TestCase):
    def setUp(self) -> None:
        self.pauses: list[float] = []

    def transport(self, server: ScriptedServer) -> Transport:
        return Transport(server.url, "token", sleep=self.pauses.append)

    def refused(self, server: ScriptedServer, call: Call = HEALTH) -> ApiProblem:
        with self.assertRaises(ApiProblem) as raised:
            self.transport(server).ask(call)
        return raised.exception

    def test_tries_again_what_says_later_and_what_does_not_answer(self) -> None:
        for failing in (*(answer(status) for status in (429, 502, 503, 504)), b""):
            with ScriptedServer(failing, failing, OK) as server:
                self.assertEqual(self.transport(server).ask(HEALTH), {"status": "ok"})
                self.assertEqual(len(server.requests), 3)

    def test_tries_five_times(self) -> None:
        with ScriptedServer(answer(503, problem(503, "BUSY"))) as server:
            self.assertEqual(self.refused(server).code, "BUSY")
            self.assertEqual(len(server.requests), 5)
        self.assertEqual(len(self.pauses), 4)
        for attempt, pause in enumerate(self.pauses, 1):
            self.assertLessEqual(pause, min(5, 0.1 * 2**attempt))

    def test_does_not_repeat_what_is_not_repeatable(self) -> None:
        with ScriptedServer(answer(503)) as server:
            self.refused(server, Call("getHealth", repeatable=False))
            self.assertEqual(len(server.requests), 1)

    def test_waits_as_long_as_the_service_says_up_to_a_minute(self) -> None:
        with ScriptedServer(answer(429, problem(429, "X"), retry_after="60"), OK) as server:
            self.transport(server).ask(HEALTH)
        self.assertTrue(60 <= self.pauses[0] <= 60.2)
        with ScriptedServer(answer(429, problem(429, "X"), retry_after="61")) as server:
            self.refused(server)
            self.assertEqual(len(server.requests), 1)

    def test_takes_a_strange_retry_after_for_none(self) -> None:
        for header in ("soon", "-5", "nan", "inf"):
            with ScriptedServer(answer(503, retry_after=header), OK) as server:
                self.transport(server).ask(HEALTH)
        self.assertLessEqual(max(self.pauses), 0.2)

    def test_a_problem_has_its_fields(self) -> None:
        body = problem(410, "CURSOR_GONE", oldestCursor="p7", errors=[{"path": "after"}, 3], claim={"by": "module:x"})
        with ScriptedServer(answer(410, body)) as server:
            gone = self.refused(server)
        self.assertEqual((gone.status, gone.code, gone.detail), (410, "CURSOR_GONE", "why"))
        self.assertEqual((gone.oldest_cursor, gone.errors, gone.claim), ("p7", [{"path": "after"}], {"by": "module:x"}))

    def test_refuses_redirects_and_sends_the_token_nowhere_else(self) -> None:
        with ScriptedServer(OK) as other, ScriptedServer(answer(307, location=other.url)) as server:
            self.assertEqual(self.refused(server).code, "ANSWER_UNREADABLE")
            self.assertEqual((len(server.requests), other.requests), (1, []))

    def test_a_success_that_is_no_json_is_unreadable_and_not_tried_again(self) -> None:
        deep = b"[" * 200_000
        for body in (b"<html>", b"\xff\xfe", b'{"a":NaN}', b"{", b"9" * 5_000, deep, b"[]", b"null", b""):
            with self.subTest(body[:10]), ScriptedServer(answer(200, body)) as server:
                self.assertEqual(self.refused(server).code, "ANSWER_UNREADABLE")
                self.assertEqual(len(server.requests), 1)

    def test_a_refusal_without_problem_details_is_told_as_what_it_is(self) -> None:
        expected = {401: "UNAUTHENTICATED", 403: "FORBIDDEN", 404: "ANSWER_UNREADABLE", 500: "ANSWER_UNREADABLE"}
        for status, code in expected.items():
            for body in (b"no", {"status": "x"}, problem(999, "OTHER")):
                with ScriptedServer(answer(status, body)) as server:
                    self.assertEqual(self.refused(server).code, code)

    def test_broken_http_is_no_answer(self) -> None:
        torn = answer(200, b"{}").replace(b"content-length: 2", b"content-length: 20")
        for broken in (b"nonsense\r\n\r\n", torn, b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200):
            with self.subTest(broken[:20]), ScriptedServer(broken) as server:
                with self.assertRaises(Unreachable):
                    self.transport(server).ask(HEALTH)
                self.assertEqual(len(server.requests), 5)

    def test_an_answer_that_drips_is_given_up_at_the_deadline(self) -> None:
        def drip(connection: socket.socket) -> None:
            for _ in range(200):
                connection.sendall(b"H")
                time.sleep(0.05)

        def drip_body(connection: socket.socket) -> None:
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 200\r\n\r\n")
            drip(connection)

        for slow in (drip, drip_body):
            with ScriptedServer(slow) as server:
                with self.assertRaisesRegex(Unreachable, "no answer in time"):
                    self.transport(server).ask(Call("getHealth", attempts=1, timeout=0.3))

    def test_nobody_there(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with self.assertRaisesRegex(Unreachable, "is the engine running"):
            Transport(url, sleep=self.pauses.append).ask(HEALTH)
        self.assertEqual(len(self.pauses), 4)

    def test_asks_for_the_token_before_every_try(self) -> None:
        tokens = iter(("old", "new"))
        with ScriptedServer(answer(503), OK) as server:
            Transport(server.url, lambda: next(tokens), sleep=self.pauses.append).ask(HEALTH)
            sent = [request.partition(b"Bearer ")[2].partition(b"\r\n")[0] for request in server.requests]
        self.assertEqual(sent, [b"old", b"new"])

    def test_takes_no_url_that_is_not_http(self) -> None:
        for url in ("ftp://x", "localhost:4150", "http://", "http://x:99999"):
            with self.subTest(url), self.assertRaises(ValueError):
                Client(url)

    def test_a_token_makes_no_header_of_its_own(self) -> None:
        with ScriptedServer(OK) as server, self.assertRaises(ValueError):
            Client(server.url, "x\r\nx-evil: 1").health()

    def test_an_id_stays_one_segment(self) -> None:
        with ScriptedServer(answer(200, {})) as server:
            Client(server.url + "/base/").work("a/../b?c#d")
            self.assertTrue(server.requests[0].startswith(b"GET /base/v1/work/a%252F..%252Fb%3Fc%23d HTTP/1.1"))


class PublishTest(unittest.TestCase):
    def test_every_try_is_the_same_event(self) -> None:
        with ScriptedServer(b"", answer(200, {"status": "accepted"})) as server:
            given = {"topic": "a.b", "payload": {"text": "žluť"}}
            Client(server.url).publish({"topic": "a.b", "payload": {"text": "žluť"}})
            first, second = server.bodies()
        self.assertEqual(first, second)
        self.assertEqual({**given, "eventId": first["eventId"]}, first)

    def test_a_batch_has_a_result_for_each(self) -> None:
        with ScriptedServer(answer(200, {"results": [{}]})) as server, self.assertRaisesRegex(ApiProblem, "UNREADABLE"):
            Client(server.url).publish_batch([{"topic": "a.b", "payload": {}}] * 2)

    def test_refuses_what_json_has_no_words_for(self) -> None:
        with ScriptedServer(OK) as server, self.assertRaises(ValueError):
            Client(server.url).publish({"topic": "a.b", "payload": {"x": float("nan")}})


def page(cursor: str, *events: str) -> bytes:
    return answer(200, {"events": [{"eventId": event} for event in events], "cursor": cursor})


class ProposeTest(unittest.TestCase):
    def test_every_try_has_the_same_key_and_every_call_its_own(self) -> None:
        with ScriptedServer(b"", answer(200, {})) as server:
            changes = Client(server.url).change_sets
            changes.withdraw("a")
            changes.withdraw("a")
            keys = [request.lower().partition(b"idempotency-key: ")[2][:36] for request in server.requests]
        self.assertEqual(keys[0], keys[1])
        self.assertNotEqual(keys[1], keys[2])
        self.assertEqual(len(keys[0]), 36)


class FeedTest(unittest.TestCase):
    def test_only_the_last_event_of_a_page_carries_its_cursor(self) -> None:
        with ScriptedServer(page("p2", "a", "b"), page("p3"), page("p4", "c"), page("p4")) as server:
            items = [(item.event["eventId"], item.cursor) for item in Client(server.url).feed(live=False)]
            self.assertEqual(items, [("a", None), ("b", "p2"), ("c", "p4")])
            self.assertEqual(len(server.requests), 4)
            self.assertIn(b"GET /v1/feed?limit=100&wait=0 ", server.requests[0])
            self.assertIn(b"after=p3", server.requests[2])

    def test_waits_failures_out_when_it_was_connected(self) -> None:
        failing = [b""] * 7
        with ScriptedServer(page("p1", "a"), *failing, page("p2", "b")) as server:
            client = Client(server.url)
            client._transport.sleep = lambda _: None
            feed = client.feed()
            self.assertEqual([next(feed).event["eventId"] for _ in range(2)], ["a", "b"])
            self.assertIn(b"wait=20", server.requests[0])

    def test_says_what_refuses_it_and_what_is_no_page(self) -> None:
        for bad in (answer(410, problem(410, "CURSOR_GONE")), answer(200, {"events": {}, "cursor": "p"}), answer(200, {})):
            with ScriptedServer(page("p1", "a"), bad) as server:
                feed = Client(server.url).feed()
                next(feed)
                with self.assertRaises(ApiProblem):
                    next(feed)


if __name__ == "__main__":
    unittest.main()
