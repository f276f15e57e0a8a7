"""The ways a call fails: the service refused it (RFC 9457 problem details), nobody answered, or the claim of work is gone."""

from __future__ import annotations

from typing import Any


class NervousError(Exception):
    """What every error of this client is."""


class ApiProblem(NervousError):
    """The service refused the call. Program against ``code``: it never changes its meaning.

    ``ANSWER_UNREADABLE``: what answered is not this service, or something between changed the answer; check the URL.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: list[dict[str, Any]] | None = None,
        oldest_cursor: str | None = None,
        claim: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors or []
        """every fault, with its place"""
        self.oldest_cursor = oldest_cursor
        """of CURSOR_GONE: where the feed goes on"""
        self.claim = claim
        """of WORK_CLAIMED: who holds the work, since when, and until when"""


class Unreachable(NervousError):
    """Nobody answered. Whether the request had an effect is unknown."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"cannot reach {url} ({reason}): is the engine running, and is this its URL?")
        self.url = url


class ClaimLost(NervousError):
    """The claim has ended, or was not renewed in time: stop, others may be doing this work."""

    def __init__(self, work_id: str, reason: str) -> None:
        super().__init__(f'the claim of "{work_id}" is lost: {reason}')
        self.work_id = work_id
        self.reason = reason


def problem_of(body: object) -> ApiProblem | None:
    """None: the body is no problem of this service."""
    if not isinstance(body, dict):
        return None
    status, code, detail, errors = (body.get(name) for name in ("status", "code", "detail", "errors"))
    if not isinstance(status, int) or not isinstance(code, str) or not isinstance(detail, str):
        return None
    if not isinstance(errors, list):
        return None
    cursor, claim = body.get("oldestCursor"), body.get("claim")
    return ApiProblem(
        status,
        code,
        detail,
        [error for error in errors if isinstance(error, dict)],
        cursor if isinstance(cursor, str) else None,
        claim if isinstance(claim, dict) else None,
    )


def unreadable(status: int, detail: str) -> ApiProblem:
    return ApiProblem(status, "ANSWER_UNREADABLE", detail)
