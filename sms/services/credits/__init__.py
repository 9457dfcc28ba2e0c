"""What a tenant may still send: the only writers of accounts, grants, the ledger and its falls.

account.available + account.reserved = the sum of the ledger = the sum of what grants hold, after every commit.
"""

from sms.services.credits.closing import close_reservations, closing
from sms.services.credits.expiring import expire_account, expire_grants
from sms.services.credits.falling import announce_falls, announce_waiting_falls
from sms.services.credits.granting import adjust, set_terms, top_up
from sms.services.credits.moving import AlreadyMoved, NotEnoughCredits
from sms.services.credits.reconciling import reconcile_credits
from sms.services.credits.reserving import reserve
from sms.services.credits.statements import Line, Statement, statement
from sms.signals import Difference

__all__ = [
    "AlreadyMoved",
    "Difference",
    "Line",
    "NotEnoughCredits",
    "Statement",
    "adjust",
    "announce_falls",
    "announce_waiting_falls",
    "close_reservations",
    "closing",
    "expire_account",
    "expire_grants",
    "reconcile_credits",
    "reserve",
    "set_terms",
    "statement",
    "top_up",
]
