"""One call of the HTTP API: JSON out, JSON or an error in. Retries what is safe to repeat. It knows no operation."""

from __future__ import annotations

import functools
import http.client
import io
import json
import math
import random
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from .operations import OPERATIONS, path_segment
from .problems import ApiProblem, NervousError, Unreachable, problem_of, unreadable

MAX_ATTEMPTS = 5
ANSWER_TIMEOUT = 30.0
BACKOFF_BASE = 0.1
BACKOFF_MAX = 5.0
MAX_RETRY_AFTER = 60.0
"""A longer Retry-After is the caller's decision, not ours."""
TRY_LATER = frozenset((429, 502, 503, 504))

Token = str | Callable[[], str]


@dataclass(frozen=True, slots=True)
class Call:
    """``repeatable``: the same call again cannot do more than one."""

    operation: str
    at: str | None = None
    query: Mapping[str, str | int | None] | None = None
    body: Mapping[str, Any] | None = None
    repeatable: bool = True
    idempotency_key: str | None = None
    wait: float = 0
    attempts: int = MAX_ATTEMPTS
    timeout: float = ANSWER_TIMEOUT


class Transport:
    """Opens one connection for each call, so threads may share it."""

    def __init__(
        self,
        url: str,
        token: Token | None = None,
        *,
        context: ssl.SSLContext | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f'"{url}" is not an http(s) URL')
        self.host, self.port, self.is_https = parts.hostname, parts.port, parts.scheme == "https"
        self.prefix = parts.path.rstrip("/")
        self.url = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{self.prefix}"
        self.token, self.sleep = token, sleep
        self.context = (context or ssl.create_default_context()) if self.is_https else None

    def ask(self, call: Call) -> dict[str, Any]:
        """The answer, which has to be a JSON object."""
        answer = self.send(call)
        if isinstance(answer, dict):
            return answer
        raise unreadable(200, f"{self.url} answered {call.operation} with JSON that is no object")

    def send(self, call: Call) -> object:
        for attempt in range(1, call.attempts + 1):
            retry_after = 0.0
            try:
                status, headers, content = self._exchange(call)
                body, is_json = _parse(content)
                if 200 <= status < 300 and (is_json or content == b""):
                    return body
                retry_after = _seconds(headers.get("retry-after"))
                error: NervousError = self._problem(status, body)
            except (OSError, http.client.HTTPException) as reason:
                error = Unreachable(self.url, _reason(reason))
                error.__cause__ = reason
            if not call.repeatable or attempt == call.attempts or not is_transient(error):
                raise error
            if retry_after > MAX_RETRY_AFTER:
                raise error
            self.sleep(retry_after + backoff(attempt))
        raise ValueError("a call takes one attempt at least")

    def _exchange(self, call: Call) -> tuple[int, http.client.HTTPMessage, bytes]:
        method, path = OPERATIONS[call.operation]
        target = self.prefix + path
        if call.at is not None:
            target = target[: target.index("{")] + path_segment(call.at) + target[target.index("}") + 1 :]
        given = {name: value for name, value in (call.query or {}).items() if value is not None}
        if given:
            target += f"?{urlencode(given)}"
        headers = {"accept": "application/json, application/problem+json"}
        if call.idempotency_key is not None:
            headers["idempotency-key"] = call.idempotency_key
        token = self.token() if callable(self.token) else self.token
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        content = None
        if call.body is not None:
            content = json.dumps(call.body, ensure_ascii=False, allow_nan=False).encode()
            headers["content-type"] = "application/json"
        timeout = call.timeout + call.wait
        connection = self._connect(timeout)
        connection.response_class = functools.partial(_Response, deadline=time.monotonic() + timeout)  # type: ignore[assignment]
        try:
            connection.request(method, target, content, headers)
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        if self.context is not None:
            return http.client.HTTPSConnection(self.host, self.port, timeout=timeout, context=self.context)
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)

    def _problem(self, status: int, body: object) -> ApiProblem:
        problem = problem_of(body)
        if problem is not None and problem.status == status:
            return problem
        if status == 401:  # a gateway that checks tokens itself refuses in its own words, before the service is asked
            return ApiProblem(
                status, "UNAUTHENTICATED", "the gateway refused the token: it is missing, expired or not for this API"
            )
        if status == 403:
            return ApiProblem(status, "FORBIDDEN", "the gateway refused the credentials for this route")
        return unreadable(
            status, f"{self.url} answered {status} without problem details: the server there is not a nervous system"
        )


class _Response(http.client.HTTPResponse):
    """Has to be there whole by the deadline. A socket's own timeout begins anew with every byte that drips in."""

    def __init__(self, sock: socket.socket, *args: Any, deadline: float, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        usual, self.fp = self.fp, io.BufferedReader(_UntilDeadline(sock, deadline))
        usual.close()


class _UntilDeadline(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("no answer in time")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def backoff(attempt: int) -> float:
    """Full jitter: clients that failed together do not come back together. ``attempt`` begins at 1."""
    return random.random() * min(BACKOFF_MAX, BACKOFF_BASE * 2.0 ** min(attempt, 16))


def is_transient(error: BaseException) -> bool:
    """Is trying the same again of any use?"""
    return isinstance(error, Unreachable) or (isinstance(error, ApiProblem) and error.status in TRY_LATER)


def _parse(content: bytes) -> tuple[object, bool]:
    try:
        return json.loads(content.decode(), parse_constant=_no_number), True
    except (ValueError, RecursionError):
        return None, False


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


def _seconds(header: str | None) -> float:
    try:
        seconds = float(header or 0)
    except ValueError:
        return 0
    return max(0, seconds) if math.isfinite(seconds) else 0


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error) or type(error).__name__
