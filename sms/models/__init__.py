from sms.models.batch import Batch
from sms.models.contact import Contact, ContactGroup, GroupMember, MessageTemplate
from sms.models.counts import (
    DeliveryTime,
    MessageCount,
    PlatformCount,
    PlatformDeliveryTime,
    TenantCount,
    TenantDeliveryTime,
    TenantTally,
)
from sms.models.credits import CreditAccount, CreditEntry, CreditFall, CreditGrant
from sms.models.message import Attempt, Message
from sms.models.number import NumberReview
from sms.models.receipt import Receipt
from sms.models.routing import ProviderState, Route, RouteMove
from sms.models.states import Status
from sms.models.traffic import Traffic

__all__ = [
    "Attempt",
    "Batch",
    "Contact",
    "ContactGroup",
    "CreditAccount",
    "CreditEntry",
    "CreditFall",
    "CreditGrant",
    "DeliveryTime",
    "GroupMember",
    "Message",
    "MessageCount",
    "MessageTemplate",
    "NumberReview",
    "PlatformCount",
    "PlatformDeliveryTime",
    "ProviderState",
    "Receipt",
    "Route",
    "RouteMove",
    "Status",
    "TenantCount",
    "TenantDeliveryTime",
    "TenantTally",
    "Traffic",
]
