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


class SubscriptionInput(TypedDict):
    """docs/subscriptions.md tells what the settings mean."""

    id: NotRequired[str]
    topics: list[str]
    filter: NotRequired[JsonObject]
    mode: NotRequired[str]
    when: NotRequired[JsonObject]
    buffer: NotRequired[JsonObject]
    target: NotRequired[JsonObject]
    order: NotRequired[str]
    delayMs: NotRequired[int]
    startAt: NotRequired[str | int]
    ackTimeoutMs: NotRequired[int]
    retry: NotRequired[JsonObject]
    breaker: NotRequired[JsonObject]


class Subscription(TypedDict):
    id: str
    topics: list[str]
    status: Literal["active", "paused"]
    ackTimeoutMs: int
    createdAt: str


class Message(TypedDict):
    """``receipt`` proves this delivery, until it is settled or timed out. ``attempt`` begins at 1."""

    receipt: str
    attempt: int
    traceparent: NotRequired[str]
    event: Event


class MessageList(TypedDict):
    messages: list[Message]
    idleSeconds: NotRequired[int]


class Settlement(TypedDict):
    stale: list[str]


class Extension(TypedDict):
    was: str
    receipt: str
    until: str


class Extended(TypedDict):
    extended: list[Extension]
    stale: list[str]


class Revision(TypedDict):
    title: str
    rationale: str
    operations: list[JsonObject]
    evidence: NotRequired[list[JsonObject]]
    deadline: NotRequired[str]
    work: NotRequired[WorkRef]


class Proposal(Revision):
    """``supersedes``: the rejected, cancelled or expired change-set on this entity that this one follows."""

    entityId: str
    supersedes: NotRequired[str]


class ChangeSet(TypedDict):
    """The fields that every view has, and the hashes that a vote is bound to. /v1/openapi.json tells all."""

    id: str
    entityId: str
    title: str
    rationale: str
    operations: list[JsonObject]
    state: str
    revision: int
    contentHash: str
    assessmentHash: NotRequired[str]
    assessment: NotRequired[JsonObject]
    risk: NotRequired[JsonObject]
    blocked: NotRequired[JsonObject]
    work: NotRequired[JsonObject]


class ProposeResult(TypedDict):
    """``existing``: the idempotency key was used before, for the same content; nothing was written."""

    kind: Literal["created", "existing"]
    change: ChangeSet


class ChangePage(TypedDict):
    """Oldest first. ``next``: pass it as ``after`` to go on; absent: there is no more."""

    changes: list[ChangeSet]
    next: NotRequired[str]
