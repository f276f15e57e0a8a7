"""The operations of the HTTP API that this client calls, by their operationId in /v1/openapi.json."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

OPERATIONS: Final[dict[str, tuple[str, str]]] = {
    "publishEvents": ("POST", "/v1/events"),
    "readFeed": ("GET", "/v1/feed"),
    "claimWork": ("POST", "/v1/work/claim"),
    "renewWork": ("POST", "/v1/work/renew"),
    "releaseWork": ("POST", "/v1/work/release"),
    "completeWork": ("POST", "/v1/work/complete"),
    "getWork": ("GET", "/v1/work/{workId}"),
    "listWork": ("GET", "/v1/work"),
    "createSubscription": ("POST", "/v1/subscriptions"),
    "listSubscriptions": ("GET", "/v1/subscriptions"),
    "getSubscription": ("GET", "/v1/subscriptions/{id}"),
    "deleteSubscription": ("DELETE", "/v1/subscriptions/{id}"),
    "receiveMessages": ("GET", "/v1/subscriptions/{id}/messages"),
    "ackMessages": ("POST", "/v1/subscriptions/{id}/ack"),
    "nackMessages": ("POST", "/v1/subscriptions/{id}/nack"),
    "extendMessages": ("POST", "/v1/subscriptions/{id}/extend"),
    "proposeChangeSet": ("POST", "/v1/change-sets"),
    "listChangeSets": ("GET", "/v1/change-sets"),
    "getChangeSet": ("GET", "/v1/change-sets/{id}"),
    "reviseChangeSet": ("POST", "/v1/change-sets/{id}/revisions"),
    "withdrawChangeSet": ("POST", "/v1/change-sets/{id}/withdraw"),
    "decideChangeSet": ("POST", "/v1/change-sets/{id}/decisions"),
    "getHealth": ("GET", "/health"),
}


def path_segment(name: str) -> str:
    """An id as one segment of a path. Its slashes are encoded twice: API Gateway decodes once before it looks at a path."""
    return quote(name, safe="").replace("%2F", "%252F")
