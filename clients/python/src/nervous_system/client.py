"""The client of the HTTP API, the same for every engine. What is safe to repeat is retried, and made safe where the client can do it."""

from __future__ import annotations

import ssl
import uuid
from collections.abc import Iterator, Sequence
from typing import Literal, cast

from .change_sets import ChangeSets
from .claims import Claim
from .feed import FeedItem, read_feed
from .problems import unreadable
from .subscriptions import Subscriptions
from .transport import Call, Token, Transport
from .wire import EventInput, EventResult, PublishedEvent, WorkPage, WorkView


class Client:
    """Every method raises ApiProblem when the service refuses it, and Unreachable when no service answers. Threads may share it."""

    def __init__(self, url: str, token: Token | None = None, *, context: ssl.SSLContext | None = None) -> None:
        """``token``: a function is asked before every request, for tokens that are renewed."""
        self._transport = Transport(url, token, context=context)
        self.subscriptions = Subscriptions(self._transport)
        self.change_sets = ChangeSets(self._transport)

    def health(self) -> dict[str, str]:
        return self._transport.ask(Call("getHealth"))

    def publish(self, event: EventInput) -> PublishedEvent:
        """Publishes one event. Returns when the event is recorded durably."""
        return cast(PublishedEvent, self._transport.ask(Call("publishEvents", body=_with_id(event))))

    def publish_batch(self, events: Sequence[EventInput], *, atomic: bool = False) -> list[EventResult]:
        """Publishes 1-100 events; ``atomic``: all or none. One result for each, in their order."""
        body = {"events": [_with_id(event) for event in events], "atomic": atomic}
        results = self._transport.ask(Call("publishEvents", body=body)).get("results")
        if isinstance(results, list) and len(results) == len(events):
            return cast("list[EventResult]", results)
        raise unreadable(200, f"{self._transport.url} answered what is no result for each event")

    def feed(
        self,
        *,
        topics: Sequence[str] | None = None,
        entity: str | None = None,
        after: str | None = None,
        since: str | None = None,
        until: str | None = None,
        live: bool = True,
    ) -> Iterator[FeedItem]:
        """Reads events in commit order. With ``live=False``, or with ``until``, it ends; otherwise it waits for what comes."""
        return read_feed(
            self._transport, topics=topics, entity=entity, after=after, since=since, until=until, live=live
        )

    def claim(
        self, work_id: str, *, ttl: float = 60, description: str | None = None, session: str | None = None
    ) -> Claim:
        """Claims work where the with-block begins, and renews it while the block runs. ``ttl`` is in seconds.

        Each call is a claimer of its own unless it says a ``session``.
        """
        return Claim(self._transport, work_id, ttl, description, session)

    def work(self, work_id: str) -> WorkView:
        return cast(WorkView, self._transport.ask(Call("getWork", at=work_id)))

    def list_work(
        self,
        *,
        state: Literal["claimed", "completed", "released"] | None = None,
        after: str | None = None,
        limit: int | None = None,
    ) -> WorkPage:
        """Lists work that you may claim or read. A page may hold fewer than ``limit`` and still have a ``next``."""
        query = {"state": state, "after": after, "limit": limit}
        return cast(WorkPage, self._transport.ask(Call("listWork", query=query)))


def _with_id(event: EventInput) -> EventInput:
    """An id chosen before the first try makes every later try the same event."""
    return event if "eventId" in event else {**event, "eventId": str(uuid.uuid4())}
