"""Subscriptions whose messages the caller fetches. A message that is not acknowledged in time comes again."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, cast

from .problems import unreadable
from .transport import Call, Transport
from .wire import Extended, MessageList, Settlement, Subscription, SubscriptionInput


class Subscriptions:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, subscription: SubscriptionInput) -> Subscription:
        """Makes or finds it. With an ``id`` it and its position outlive the process; without one each call makes a new one."""
        body = subscription if "id" in subscription else {**subscription, "id": f"sdk-{uuid.uuid4()}"}
        return cast(Subscription, self._transport.ask(Call("createSubscription", body=body)))

    def get(self, subscription_id: str) -> Subscription:
        return cast(Subscription, self._transport.ask(Call("getSubscription", at=subscription_id)))

    def list(self) -> Sequence[Subscription]:
        found = self._transport.ask(Call("listSubscriptions")).get("subscriptions")
        if isinstance(found, Sequence):
            return cast("Sequence[Subscription]", found)
        raise unreadable(200, f"{self._transport.url} answered what is no list of subscriptions")

    def delete(self, subscription_id: str) -> None:
        self._transport.send(Call("deleteSubscription", at=subscription_id, repeatable=False))

    def receive(self, subscription_id: str, *, limit: int = 10, wait: int = 20) -> MessageList:
        """Leases messages, waiting up to ``wait`` seconds for them. None came: ``idleSeconds`` may say how seldom to look."""
        call = Call("receiveMessages", at=subscription_id, query={"max": limit, "wait": wait}, wait=wait)
        return cast(MessageList, self._transport.ask(call))

    def ack(self, subscription_id: str, receipts: Sequence[str]) -> Settlement:
        """Says that these are done. ``stale``: they timed out or were settled before."""
        return cast(Settlement, self._settle("ackMessages", subscription_id, receipts))

    def nack(
        self, subscription_id: str, receipts: Sequence[str], reason: str, *, delay: float | None = None
    ) -> Settlement:
        """Refuses these: they come again, after ``delay`` seconds or the backoff, and are dead letters in the end."""
        more = {"reason": reason} if delay is None else {"reason": reason, "delayMs": round(delay * 1000)}
        return cast(Settlement, self._settle("nackMessages", subscription_id, receipts, **more))

    def extend(self, subscription_id: str, receipts: Sequence[str]) -> Extended:
        """Begins their time to be acknowledged anew. Only the receipts in the answer are valid from then on."""
        return cast(Extended, self._settle("extendMessages", subscription_id, receipts))

    def _settle(
        self, operation: str, subscription_id: str, receipts: Sequence[str], **more: str | int
    ) -> dict[str, Any]:
        return self._transport.ask(Call(operation, at=subscription_id, body={"receipts": [*receipts], **more}))
