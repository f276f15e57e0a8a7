"""The change feed as an iteration: page after page from a cursor on, waiting at the end for what comes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from .problems import NervousError, unreadable
from .transport import Call, Transport, backoff, is_transient
from .wire import Event

PAGE = 100
WAIT_SECONDS = 20


@dataclass(frozen=True, slots=True)
class FeedItem:
    event: Event
    cursor: str | None
    """pass as ``after`` to go on: nothing is left out, the page's events may come again; None: begin at the beginning"""


def read_feed(
    transport: Transport,
    *,
    topics: Sequence[str] | None,
    entity: str | None,
    after: str | None,
    since: str | None,
    until: str | None,
    live: bool,
) -> Iterator[FeedItem]:
    """Waits network failures out while live, once a first page was answered."""
    live = live and until is None
    wait = WAIT_SECONDS if live else 0
    listed = None if topics is None else ",".join(topics)
    is_connected, failures = False, 0
    while True:
        query = {"after": after, "since": since, "until": until, "topics": listed, "entity": entity}
        try:
            events, cursor = _page(transport, Call("readFeed", query={**query, "limit": PAGE, "wait": wait}, wait=wait))
        except NervousError as error:
            if not live or not is_connected or not is_transient(error):
                raise
            failures += 1
            transport.sleep(backoff(failures))
            continue
        is_connected, failures = True, 0
        for event in events[:-1]:
            yield FeedItem(event, after)
        for event in events[-1:]:
            yield FeedItem(event, cursor)
        if not live and cursor == after:  # a page without events may only say how far was looked
            return
        after = cursor


def _page(transport: Transport, call: Call) -> tuple[list[Event], str]:
    page = transport.ask(call)
    events, cursor = page.get("events"), page.get("cursor")
    if isinstance(events, list) and isinstance(cursor, str):
        return cast("list[Event]", events), cursor
    raise unreadable(200, f"{transport.url} answered what is no page of the feed")
