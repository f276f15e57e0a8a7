"""A claim of work that is renewed while a block of code runs."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Any, cast

from .problems import ApiProblem, ClaimLost, NervousError, unreadable
from .transport import ANSWER_TIMEOUT, Call, Transport, backoff
from .wire import Claimed, WorkRef, WorkView

RENEWALS_PER_TERM = 3


class Claim:
    """``with client.claim(...) as claim``: held while the block runs, given up behind it unless ``complete`` was called.

    A thread renews it. Code that never calls ``check`` goes on when the claim is lost: what protects others from it is the
    fence, so send ``claim.ref`` as ``work`` with all that is done under the claim.
    """

    def __init__(
        self,
        transport: Transport,
        work_id: str,
        ttl: float,
        description: str | None,
        session: str | None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.work_id = work_id
        self._transport, self._ttl, self._now = transport, ttl, now
        # A session of its own: who claims again under one name and session is told that they hold it already.
        self._input: dict[str, Any] = {"workId": work_id, "ttlMs": round(ttl * 1000), "session": session or f"py-{uuid.uuid4()}"}
        if description is not None:
            self._input["description"] = description
        self._fence: int | None = None
        self._deadline = 0.0
        self._lost: str | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._is_ending = False

    @property
    def fence(self) -> int:
        if self._fence is None:
            raise RuntimeError("the claim is made where its with-block begins")
        return self._fence

    @property
    def ref(self) -> WorkRef:
        """What events and proposals carry as ``work``."""
        return {"workId": self.work_id, "fence": self.fence}

    @property
    def lost(self) -> bool:
        """True as soon as it ended, or its term passed without a renewal; and from then on."""
        return self._why_lost() is not None

    def check(self) -> None:
        """:raises ClaimLost: stop, others may be doing this work."""
        why = self._why_lost()
        if why is not None:
            raise ClaimLost(self.work_id, why)

    def complete(self, result: str | None = None) -> WorkView:
        """Says that the work is done: nobody can claim it any more."""
        self.check()
        return self._end("completeWork", {} if result is None else {"result": result})

    def release(self, reason: str | None = None) -> WorkView:
        """Gives the work up, for others to claim."""
        self.check()
        return self._end("releaseWork", {} if reason is None else {"reason": reason})

    def __enter__(self) -> Claim:
        if self._fence is not None:
            raise RuntimeError("a claim is made once: call client.claim again")
        asked = self._now()
        claimed = self._term(Call("claimWork", body=self._input))
        self._fence, self._deadline = claimed["fence"], asked + self._ttl
        if claimed["status"] == "held":  # its term began some time ago
            self._deadline = self._now()
            self._renew(self._renewal(), is_first=True)
        threading.Thread(target=self._beat, name=f"claim {self.work_id}", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._stop.is_set() and self._lost is None:
            return  # completed or released
        try:
            self.check()
            self.release()
        except NervousError as ending:
            if error is None:
                raise
            if not isinstance(error, ClaimLost):
                error.add_note(str(ending))
        finally:
            self._stop.set()

    def _end(self, operation: str, more: dict[str, str]) -> WorkView:
        self._is_ending = True  # a renewal under way may hear that the claim has ended, and would take it for lost
        try:
            view = self._transport.ask(Call(operation, body={**self.ref, **more}))
        except Exception as error:
            self._is_ending = False
            self._note(error)
            self.check()
            raise
        self._stop.set()
        return cast(WorkView, view)

    def _beat(self) -> None:
        every = self._ttl / RENEWALS_PER_TERM
        call = replace(self._renewal(), attempts=1, timeout=min(ANSWER_TIMEOUT, every))
        failures = 0
        while not self._stop.wait(every if failures == 0 else min(every, backoff(failures))):
            if self.lost:
                return
            try:
                self._renew(call)
                failures = 0
            except Exception as error:  # of the token's function, too; the term passes, and the holder is told
                self._note(error)
                failures += 1

    def _renewal(self) -> Call:
        return Call("renewWork", body={**self.ref, "ttlMs": self._input["ttlMs"]})

    def _renew(self, call: Call, is_first: bool = False) -> None:
        asked = self._now()
        self._term(call)
        with self._lock:
            if is_first or self._now() < self._deadline:
                self._deadline = asked + self._ttl

    def _term(self, call: Call) -> Claimed:
        answer = self._transport.ask(call)
        if isinstance(answer.get("fence"), int) and answer.get("status") in ("claimed", "held"):
            return cast(Claimed, answer)
        raise unreadable(200, f"{self._transport.url} answered {call.operation} with what is no claim")

    def _note(self, error: Exception) -> None:
        if isinstance(error, ApiProblem) and error.code == "FENCE_STALE" and not self._is_ending:
            with self._lock:
                self._lost = self._lost or error.detail

    def _why_lost(self) -> str | None:
        with self._lock:
            if self._lost is None and self._fence is not None and not self._stop.is_set() and self._now() >= self._deadline:
                self._lost = "its term passed without a renewal"
            return self._lost
