"""Client of Nervous System, the event bus and change-set ledger. docs/python.md"""

from .change_sets import ChangeSets
from .claims import Claim
from .client import Client
from .feed import FeedItem
from .operations import OPERATIONS
from .problems import ApiProblem, ClaimLost, NervousError, Unreachable
from .subscriptions import Subscriptions
from .webhooks import VerifiedWebhook, WebhookRefused, verify_webhook
from .wire import (
    ChangePage,
    ChangeSet,
    Claimed,
    Event,
    EventInput,
    EventResult,
    Extended,
    Message,
    MessageList,
    Proposal,
    ProposeResult,
    PublishedEvent,
    RejectedEvent,
    Revision,
    Settlement,
    Subscription,
    SubscriptionInput,
    WorkPage,
    WorkRef,
    WorkView,
)

__all__ = [
    "ApiProblem",
    "ChangePage",
    "ChangeSet",
    "ChangeSets",
    "Claim",
    "ClaimLost",
    "Claimed",
    "Client",
    "Event",
    "EventInput",
    "EventResult",
    "Extended",
    "FeedItem",
    "Message",
    "MessageList",
    "NervousError",
    "OPERATIONS",
    "Proposal",
    "ProposeResult",
    "PublishedEvent",
    "RejectedEvent",
    "Revision",
    "Settlement",
    "Subscription",
    "SubscriptionInput",
    "Subscriptions",
    "Unreachable",
    "VerifiedWebhook",
    "WebhookRefused",
    "WorkPage",
    "WorkRef",
    "WorkView",
    "verify_webhook",
]
