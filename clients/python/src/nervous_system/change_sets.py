"""Change-sets: what is proposed, and what becomes of it. Nothing here approves: this client cannot check what a view shows."""

from __future__ import annotations

import uuid
from typing import cast

from .problems import ApiProblem
from .transport import Call, Transport
from .wire import ChangePage, ChangeSet, JsonObject, Proposal, ProposeResult, Revision


class ChangeSets:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def propose(self, proposal: Proposal, *, idempotency_key: str | None = None) -> ProposeResult:
        """``idempotency_key``: makes the same proposal of a restarted program one; default: of this call."""
        call = Call("proposeChangeSet", body=proposal, idempotency_key=idempotency_key or _key())
        return cast(ProposeResult, self._transport.ask(call))

    def get(self, change_id: str) -> ChangeSet:
        return cast(ChangeSet, self._transport.ask(Call("getChangeSet", at=change_id)))

    def list(
        self, *, status: str | None = None, entity: str | None = None, after: str | None = None, limit: int | None = None
    ) -> ChangePage:
        query = {"status": status, "entity": entity, "after": after, "limit": limit}
        return cast(ChangePage, self._transport.ask(Call("listChangeSets", query=query)))

    def revise(self, change_id: str, revision: Revision) -> ChangeSet:
        call = Call("reviseChangeSet", at=change_id, body=revision, idempotency_key=_key())
        return cast(ChangeSet, self._transport.ask(call))

    def withdraw(self, change_id: str, reason: str | None = None) -> ChangeSet:
        body = {} if reason is None else {"reason": reason}
        call = Call("withdrawChangeSet", at=change_id, body=body, idempotency_key=_key())
        return cast(ChangeSet, self._transport.ask(call))

    def reject(self, change: ChangeSet, reason: str) -> JsonObject:
        """Votes against exactly this view. The service refuses the vote if anything in the view has changed since."""
        if "assessmentHash" not in change:
            detail = f"change-set {change['id']} cannot be decided on: it is {change['state']}"
            raise ApiProblem(409, "CHANGE_STATE_CONFLICT", detail)
        bound = {name: change[name] for name in ("revision", "contentHash", "assessmentHash")}
        body = {**bound, "nonce": _key(), "decision": "reject", "reason": reason}
        return self._transport.ask(Call("decideChangeSet", at=change["id"], body=body))


def _key() -> str:
    return str(uuid.uuid4())
