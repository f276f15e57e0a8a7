"""When a claim is lost, and who is told."""

from __future__ import annotations

import time
import unittest
from unittest.mock import patch

from nervous_system import ApiProblem, Claim, ClaimLost, Client, Unreachable
from scripted_server import ScriptedServer, answer, problem

STALE = answer(409, problem(409, "FENCE_STALE"))
ENDED = answer(200, {"workId": "w", "state": "released"})


def claimed(status: str = "claimed") -> bytes:
    return answer(200, {"status": status, "workId": "w", "fence": 4, "since": "", "until": ""})


def until_lost(claim: Claim) -> None:
    end = time.monotonic() + 120
    while not claim.lost:
        assert time.monotonic() < end, "never lost"
        time.sleep(0.01)


def paths(server: ScriptedServer) -> list[bytes]:
    return [request.split(b" ")[1].rpartition(b"/")[2] for request in server.requests]


class ClaimTest(unittest.TestCase):
    @patch("nervous_system.claims.RENEWALS_PER_TERM", 60)
    def test_is_renewed_while_the_block_runs_and_given_up_behind_it(self) -> None:
        with ScriptedServer(claimed(), claimed("held"), claimed("held"), ENDED) as server:
            with Client(server.url).claim("w", ttl=30, description="d") as claim:
                while len(server.requests) < 3:
                    time.sleep(0.01)
                claim.check()
                self.assertEqual(claim.ref, {"workId": "w", "fence": 4})
            self.assertEqual(paths(server)[:3] + paths(server)[-1:], [b"claim", b"renew", b"renew", b"release"])
            bodies = server.bodies()
        self.assertEqual((bodies[0]["ttlMs"], bodies[0]["description"]), (30_000, "d"))
        self.assertEqual(bodies[1], {"workId": "w", "fence": 4, "ttlMs": 30_000})

    def test_every_call_is_a_claimer_of_its_own_and_every_try_the_same(self) -> None:
        with ScriptedServer(b"", claimed(), ENDED, claimed(), ENDED) as server:
            for _ in range(2):
                with Client(server.url).claim("w"):
                    pass
            sessions = [body["session"] for body in server.bodies() if "session" in body]
        self.assertEqual(sessions[0], sessions[1])
        self.assertNotEqual(sessions[1], sessions[2])

    def test_a_claim_that_was_held_begins_a_new_term_first(self) -> None:
        with ScriptedServer(claimed("held"), claimed("held"), ENDED) as server:
            with Client(server.url).claim("w", session="mine") as claim:
                claim.check()
            self.assertEqual(paths(server), [b"claim", b"renew", b"release"])

    def test_is_not_given_up_when_it_was_completed(self) -> None:
        with ScriptedServer(claimed(), ENDED) as server:
            with Client(server.url).claim("w") as claim:
                claim.complete("done")
            self.assertEqual(paths(server), [b"claim", b"complete"])
            self.assertEqual(server.bodies()[1], {"workId": "w", "fence": 4, "result": "done"})

    @patch("nervous_system.claims.RENEWALS_PER_TERM", 60)
    def test_is_lost_when_a_renewal_hears_that_it_ended(self) -> None:
        with ScriptedServer(claimed(), STALE) as server:
            with self.assertRaisesRegex(ClaimLost, "why"), Client(server.url).claim("w", ttl=30) as claim:
                until_lost(claim)
            self.assertEqual(set(paths(server)), {b"claim", b"renew"})

    def test_is_lost_when_its_term_passes_without_a_renewal(self) -> None:
        started = time.monotonic()
        with ScriptedServer(claimed(), lambda _: time.sleep(0.2)) as server:
            with self.assertRaisesRegex(ClaimLost, "without a renewal"), Client(server.url).claim("w", ttl=1) as claim:
                until_lost(claim)
        self.assertGreaterEqual(time.monotonic() - started, 1)

    def test_stays_lost(self) -> None:
        with ScriptedServer(claimed()) as server:
            claim = Client(server.url).claim("w", ttl=60)
            now = 0.0
            claim._now = lambda: now
            with self.assertRaises(ClaimLost), claim:
                now = 60.0
                self.assertTrue(claim.lost)
                now = 59.0
                self.assertTrue(claim.lost)

    def test_a_renewal_that_comes_after_the_term_brings_nothing_back(self) -> None:
        with ScriptedServer(claimed(), claimed("held"), claimed("held")) as server:
            claim = Client(server.url).claim("w", ttl=60)
            now = 0.0
            claim._now = lambda: now
            with self.assertRaises(ClaimLost), claim:
                now = 61.0
                claim._renew(claim._renewal())
                self.assertTrue(claim.lost)

    def test_tells_that_the_end_was_refused(self) -> None:
        with ScriptedServer(claimed(), STALE) as server, self.assertRaises(ClaimLost):
            with Client(server.url).claim("w"):
                pass
        with ScriptedServer(claimed(), STALE) as server, self.assertRaises(ClaimLost):
            with Client(server.url).claim("w") as claim:
                claim.complete()

    def test_what_the_block_raises_goes_before(self) -> None:
        with ScriptedServer(claimed(), STALE) as server, self.assertRaises(ZeroDivisionError) as raised:
            with Client(server.url).claim("w"):
                raise ZeroDivisionError
        self.assertIn("is lost", raised.exception.__notes__[0])

    def test_is_not_entered_when_it_is_refused(self) -> None:
        refused = answer(409, problem(409, "WORK_CLAIMED", claim={"by": "module:x"}))
        with ScriptedServer(refused) as server, self.assertRaises(ApiProblem) as raised:
            with Client(server.url).claim("w"):
                self.fail("entered")
        self.assertEqual(raised.exception.claim, {"by": "module:x"})
        for strange in (answer(200, {}), answer(200, {"fence": "1", "status": "claimed"})):
            with ScriptedServer(strange) as server, self.assertRaisesRegex(ApiProblem, "UNREADABLE"):
                with Client(server.url).claim("w"):
                    self.fail("entered")

    def test_says_when_nobody_heard_that_it_was_given_up(self) -> None:
        with ScriptedServer(claimed(), b"") as server:
            client = Client(server.url)
            client._transport.sleep = lambda _: None
            with self.assertRaises(Unreachable), client.claim("w"):
                pass


if __name__ == "__main__":
    unittest.main()
