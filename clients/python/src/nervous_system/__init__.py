"""Client of Nervous System, the event bus and change-set ledger. docs/python.md"""

from .claims import Claim
from .client import Client
from .feed import FeedItem
from .operations import OPERATIONS
from .problems import ApiProblem, ClaimLost, NervousError, Unreachable
from .wire import Claimed, Event, EventInput, EventResult, PublishedEvent, RejectedEvent, WorkPage, WorkRef, WorkView

__all__ = [
    "OPERATIONS",
    "ApiProblem",
    "Claim",
    "ClaimLost",
    "Claimed",
    "Client",
    "Event",
    "EventInput",
    "EventResult",
    "FeedItem",
    "NervousError",
    "PublishedEvent",
    "RejectedEvent",
    "Unreachable",
    "WorkPage",
    "WorkRef",
    "WorkView",
]
