from sms.models.counts import MessageCount
from sms.models.credits import CreditAccount
from sms.models.message import Message, Status
from sms.models.receipt import Receipt

__all__ = ["CreditAccount", "Message", "MessageCount", "Receipt", "Status"]
