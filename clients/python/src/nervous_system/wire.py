"""What travels, with the names that it has in /v1/openapi.json."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

JsonObject = dict[str, Any]


class WorkRef(TypedDict):
    """A claim, by the number that tells it from all others of the same work."""

    workId: str
    fence: int


class EventInput(TypedDict):
    """``eventId`` makes the event one, however often it is sent; the client chooses it where it is left out."""

    topic: str
    entityId: NotRequired[str]
    payload: JsonObject
    eventId: NotRequired[str]
    version: NotRequired[int]
    timestamp: NotRequired[str]
    userId: NotRequired[str]
    source: NotRequired[str]
    metadata: NotRequired[JsonObject]
    work: NotRequired[WorkRef]


class PublishedEvent(TypedDict):
    """Recorded durably. ``duplicate``: it was before, and is where it was."""

    status: Literal["accepted", "duplicate"]
    eventId: str
    entity: str
    seq: int
    hash: str


class RejectedEvent(TypedDict):
    status: Literal["rejected"]
    eventId: NotRequired[str]
    problem: JsonObject


EventResult = PublishedEvent | RejectedEvent


class Place(TypedDict):
    entity: str
    seq: int
    hash: str
    position: NotRequired[int]


class Event(TypedDict):
    """An event with its place in the ledger."""

    eventId: str
    topic: str
    version: int
    timestamp: str
    entityId: str
    userId: NotRequired[str]
    source: str
    payload: JsonObject
    metadata: NotRequired[JsonObject]
    work: NotRequired[WorkRef]
    commits: NotRequired[list[JsonObject]]
    ledger: Place


class Claimed(TypedDict):
    """``held``: you held it already, and nothing was recorded."""

    status: Literal["claimed", "held"]
    workId: str
    fence: int
    since: str
    until: str


class WorkView(TypedDict):
    workId: str
    state: Literal["claimed", "completed", "released"]
    by: str
    session: NotRequired[str]
    fence: int
    since: str
    until: NotRequired[str]
    description: NotRequired[str]
    endedAt: NotRequired[str]
    reason: NotRequired[Literal["released", "expired", "stolen"]]
    why: NotRequired[str]
    result: NotRequired[str]


class WorkPage(TypedDict):
    """``next``: pass it as ``after`` to go on; absent: there is no more."""

    work: list[WorkView]
    next: NotRequired[str]
