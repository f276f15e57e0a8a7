"""The client on the engine at NERVOUS_URL, whose tokens are in NERVOUS_TOKENS."""

from __future__ import annotations

import json
import os
import threading
import time
import unittest
import urllib.request
import uuid
from collections.abc import Callable
from unittest.mock import patch

from nervous_system import OPERATIONS, ApiProblem, ClaimLost, Client, EventInput, Message, Proposal, Revision

URL = os.environ["NERVOUS_URL"]
TOKENS: dict[str, str] = json.loads(os.environ["NERVOUS_TOKENS"])


def client(name: str) -> Client:
    return Client(URL, TOKENS[name])


def fresh(kind: str) -> str:
    return f"{kind}:{uuid.uuid4()}"


def transaction(entity: str, amount: str = "1.00") -> EventInput:
    return {"topic": "transactions.new", "entityId": entity, "payload": {"amount": amount, "kind": "credit"}}


def updated(entity: str) -> EventInput:
    return {"topic": "budget.updated", "entityId": entity, "payload": {"category": "food", "limit": "10.00"}}


def code_of(action: Callable[[], object]) -> str:
    try:
        action()
    except ApiProblem as problem:
        return problem.code
    raise AssertionError("was not refused")


def steal(work_id: str) -> None:
    body = {"workId": work_id, "ttlMs": 60_000, "reason": "test"}
    headers = {"authorization": f"Bearer {TOKENS['eva']}", "content-type": "application/json"}
    request = urllib.request.Request(f"{URL}/v1/work/steal", json.dumps(body).encode(), headers)
    urllib.request.urlopen(request).close()


class EventsTest(unittest.TestCase):
    def test_publishes_once(self) -> None:
        event: EventInput = {**transaction(fresh("account")), "eventId": str(uuid.uuid4())}
        first, again = client("bank-feed").publish(event), client("bank-feed").publish(event)
        self.assertEqual((first["status"], again["status"]), ("accepted", "duplicate"))
        self.assertEqual((first["seq"], first["hash"]), (again["seq"], again["hash"]))

    def test_a_batch_tells_each_its_result(self) -> None:
        entity = fresh("account")
        batch = [transaction(entity), transaction(entity, "wrong"), transaction(entity)]
        results = client("bank-feed").publish_batch(batch)
        self.assertEqual([result["status"] for result in results], ["accepted", "rejected", "accepted"])
        whole = client("bank-feed").publish_batch(batch, atomic=True)
        self.assertEqual([result["status"] for result in whole], ["rejected"] * 3)

    def test_tells_why_it_is_refused(self) -> None:
        with self.assertRaises(ApiProblem) as raised:
            client("bank-feed").publish(transaction(fresh("account"), "1"))
        self.assertEqual((raised.exception.status, raised.exception.code), (422, "PAYLOAD_INVALID"))
        self.assertTrue(raised.exception.errors)
        self.assertEqual(code_of(lambda: client("bank-feed").publish(updated(fresh("account")))), "FORBIDDEN")
        self.assertEqual(code_of(lambda: Client(URL, "no token").work("x")), "UNAUTHENTICATED")

    def test_reads_every_event_once_over_pages_and_goes_on_from_a_cursor(self) -> None:
        entity = fresh("account")
        amounts = [f"{i}.00" for i in range(250)]
        for begin in range(0, 250, 50):
            client("bank-feed").publish_batch([transaction(entity, amount) for amount in amounts[begin : begin + 50]])
        items = list(client("bank-feed").feed(entity=entity, live=False))
        self.assertEqual([item.event["payload"]["amount"] for item in items], amounts)
        self.assertEqual([item.event["ledger"]["seq"] for item in items], list(range(250)))
        after = items[99].cursor
        rest = list(client("bank-feed").feed(entity=entity, after=after, live=False))
        self.assertEqual([item.event["payload"]["amount"] for item in rest], amounts[100:])

    def test_waits_for_what_comes(self) -> None:
        entity = fresh("account")
        client("bank-feed").publish(transaction(entity, "1.00"))
        feed = client("bank-feed").feed(entity=entity, topics=["transactions.*"], since="1h")
        self.assertEqual(next(feed).event["payload"]["amount"], "1.00")
        later = threading.Timer(0.3, lambda: client("bank-feed").publish(transaction(entity, "2.00")))
        later.start()
        self.assertEqual(next(feed).event["payload"]["amount"], "2.00")
        later.join()
        self.assertEqual(code_of(lambda: next(client("bank-feed").feed(after="nonsense"))), "CURSOR_INVALID")


class WorkTest(unittest.TestCase):
    def test_nobody_else_holds_what_is_claimed(self) -> None:
        work_id = fresh("w")
        with client("budget-engine").claim(work_id, description="test") as claim:
            for other in ("agent-layer", "budget-engine"):  # another thread of the same module is another, too
                with self.assertRaises(ApiProblem) as raised, client(other).claim(work_id):
                    self.fail("claimed twice")
                self.assertEqual(raised.exception.code, "WORK_CLAIMED")
                self.assertEqual((raised.exception.claim or {})["by"], "module:budget-engine")
            claimed = client("budget-engine").list_work(state="claimed", limit=100)["work"]
            self.assertIn(work_id, [work["workId"] for work in claimed])
            claim.complete("done")
        self.assertEqual(client("budget-engine").work(work_id)["result"], "done")
        self.assertEqual(code_of(lambda: client("agent-layer").claim(work_id).__enter__()), "WORK_COMPLETED")

    def test_one_of_many_threads_gets_it(self) -> None:
        work_id, ours = fresh("w"), client("budget-engine")
        entered: list[int] = []
        done = threading.Event()

        def work(number: int) -> None:
            try:
                with ours.claim(work_id):
                    entered.append(number)
                    done.wait(60)
            except ApiProblem as problem:
                refused.append(problem.code)
                if len(refused) == 7:
                    done.set()

        refused: list[str] = []
        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((len(entered), refused), (1, ["WORK_CLAIMED"] * 7))

    def test_the_fence_protects_from_code_that_never_checks(self) -> None:
        work_id, entity, ours = fresh("w"), fresh("account"), client("budget-engine")
        with self.assertRaises(ClaimLost):
            with ours.claim(work_id) as claim:
                self.assertEqual(ours.publish({**updated(entity), "work": claim.ref})["status"], "accepted")
                steal(work_id)
                self.assertEqual(code_of(lambda: ours.publish({**updated(entity), "work": claim.ref})), "FENCE_STALE")
        self.assertEqual(ours.work(work_id)["by"], "person:eva")

    @patch("nervous_system.claims.RENEWALS_PER_TERM", 30)
    def test_is_kept_beyond_its_term_and_lost_when_it_is_stolen(self) -> None:
        work_id, ours = fresh("w"), client("budget-engine")
        with self.assertRaises(ClaimLost):
            with ours.claim(work_id, ttl=30) as claim:
                first = ours.work(work_id)["until"]
                end = time.monotonic() + 120
                while ours.work(work_id)["until"] == first:
                    claim.check()
                    time.sleep(0.05)
                steal(work_id)
                while not claim.lost:
                    self.assertLess(time.monotonic(), end)
                    time.sleep(0.05)

    def test_is_given_up_when_the_block_fails(self) -> None:
        work_id, ours = fresh("w"), client("budget-engine")
        with self.assertRaises(ZeroDivisionError), ours.claim(work_id):
            raise ZeroDivisionError
        self.assertEqual(ours.work(work_id)["state"], "released")
        with client("agent-layer").claim(work_id):
            pass


class SubscriptionsTest(unittest.TestCase):
    def setUp(self) -> None:
        self.ours = client("budget-engine").subscriptions
        self.name = f"py-{uuid.uuid4()}"
        self.entity = fresh("account")
        made = self.ours.create(
            {
                "id": self.name,
                "topics": ["transactions.new"],
                "startAt": "latest",
                "ackTimeoutMs": 30_000,
                "filter": {"detail": {"entityId": [self.entity]}},
            }
        )
        self.assertEqual((made["id"], made["status"]), (self.name, "active"))
        self.addCleanup(self.ours.delete, self.name)

    def receive(self) -> Message:
        end = time.monotonic() + 120
        while time.monotonic() < end:
            for message in self.ours.receive(self.name, limit=1, wait=5)["messages"]:
                return message
        raise AssertionError("nothing came")

    def test_what_is_refused_comes_again_and_what_is_acknowledged_does_not(self) -> None:
        client("bank-feed").publish(transaction(self.entity))
        first = self.receive()
        self.assertEqual((first["attempt"], first["event"]["entityId"]), (1, self.entity))
        self.assertEqual(self.ours.nack(self.name, [first["receipt"]], "not now", delay=0), {"stale": []})
        again = self.receive()
        self.assertEqual((again["attempt"], again["event"]), (2, first["event"]))
        self.assertEqual(self.ours.ack(self.name, [again["receipt"]]), {"stale": []})
        self.assertEqual(self.ours.ack(self.name, [first["receipt"]]), {"stale": [first["receipt"]]})
        self.assertEqual(self.ours.receive(self.name, wait=0)["messages"], [])

    def test_begins_the_time_of_a_message_anew(self) -> None:
        client("bank-feed").publish(transaction(self.entity))
        receipt = self.receive()["receipt"]
        answer = self.ours.extend(self.name, [receipt, "r-0"])
        self.assertEqual([one["was"] for one in answer["extended"]], [receipt])
        self.assertEqual(answer["stale"], ["r-0"])
        self.assertEqual(self.ours.ack(self.name, [answer["extended"][0]["receipt"]]), {"stale": []})

    def test_is_found_by_its_id_until_it_is_deleted(self) -> None:
        self.assertEqual(self.ours.get(self.name)["id"], self.name)
        self.assertIn(self.name, [one["id"] for one in self.ours.list()])
        other = self.ours.create({"topics": ["transactions.new"]})
        self.ours.delete(other["id"])
        self.assertEqual(code_of(lambda: self.ours.get(other["id"])), "SUBSCRIPTION_NOT_FOUND")


def limit(entity: str, amount: str = "20000.00") -> Proposal:
    return {
        "entityId": entity,
        "title": "Give the account a limit",
        "rationale": "Regular income",
        "operations": [{"type": "state.put", "payload": {"currency": "CZK", "limit": amount}}],
    }


def revision(amount: str) -> Revision:
    proposal = limit("", amount)
    return {"title": proposal["title"], "rationale": "Less", "operations": proposal["operations"]}


class ChangeSetsTest(unittest.TestCase):
    def setUp(self) -> None:
        self.bot = client("budget-bot").change_sets

    def test_a_proposal_is_revised_and_withdrawn(self) -> None:
        entity = fresh("account")
        change = self.bot.propose(limit(entity))["change"]
        revised = self.bot.revise(change["id"], revision("10.00"))
        self.assertEqual((change["revision"], revised["revision"]), (1, 2))
        self.assertEqual(self.bot.get(change["id"])["contentHash"], revised["contentHash"])
        self.assertEqual([one["id"] for one in self.bot.list(entity=entity, limit=5)["changes"]], [change["id"]])
        self.assertEqual(self.bot.withdraw(change["id"], "Wrong account")["state"], "cancelled")

    def test_the_same_key_proposes_once(self) -> None:
        proposal, key = limit(fresh("account")), str(uuid.uuid4())
        first, again = (self.bot.propose(proposal, idempotency_key=key) for _ in range(2))
        self.assertEqual((first["kind"], again["kind"]), ("created", "existing"))
        self.assertEqual(first["change"]["id"], again["change"]["id"])

    def test_a_person_rejects_what_they_saw_and_nothing_else(self) -> None:
        change = self.bot.propose(limit(fresh("account")))["change"]
        boris = client("boris").change_sets
        seen = boris.get(change["id"])
        self.bot.revise(change["id"], revision("5.00"))
        self.assertEqual(code_of(lambda: boris.reject(seen, "Too much")), "DECISION_STALE")
        boris.reject(boris.get(change["id"]), "Too much")
        rejected = boris.get(change["id"])
        self.assertEqual(rejected["state"], "rejected")
        self.assertEqual(code_of(lambda: boris.reject(rejected, "Again")), "CHANGE_STATE_CONFLICT")

    def test_a_proposal_under_a_claim_that_ended_is_refused(self) -> None:
        with client("budget-bot").claim(fresh("w")) as claim:
            proposal: Proposal = {**limit(fresh("account")), "work": claim.ref}
            self.assertEqual(self.bot.propose(proposal)["kind"], "created")
            claim.complete()
        late: Proposal = {**limit(fresh("account")), "work": claim.ref}
        self.assertEqual(code_of(lambda: self.bot.propose(late)), "FENCE_STALE")


class ContractTest(unittest.TestCase):
    def test_calls_operations_that_the_service_has(self) -> None:
        self.assertEqual(client("bank-feed").health(), {"status": "ok"})
        with urllib.request.urlopen(f"{URL}/v1/openapi.json") as response:
            paths = json.load(response)["paths"]
        served = {
            operation["operationId"]: (method.upper(), path)
            for path, methods in paths.items()
            for method, operation in methods.items()
            if isinstance(operation, dict)
        }
        self.assertEqual(OPERATIONS, {name: served.get(name) for name in OPERATIONS})


if __name__ == "__main__":
    unittest.main()
