"""What this room announces; rooms above listen."""

from dataclasses import dataclass
from uuid import UUID

from django.dispatch import Signal

#: Sent with `move`, a RouteMove, inside the transaction that moved traffic away from a provider or back to it.
provider_moved = Signal()

#: Sent after the commit that took the credits, in a transaction of its own that marks it as announced: for each new
#: lowest whole percent since the last top-up, and for each of the platform's bands that was crossed. With `tenant_id`,
#: `top_up` (the higher, the later), `percent_before` and `percent` (of the balance after the last top-up, rounded up:
#: the least until then and now), `available`, `balance_after_top_up` and `band` (of CreditFall.Band; "" when none was
#: newly crossed).
credits_fell = Signal()

#: Sent when the books were compared, with `differences`: a list of Difference, empty when all is well.
credits_reconciled = Signal()


@dataclass(frozen=True)
class Difference:
    """A tenant whose books do not agree, in credits: these should be the same in each pair and in all totals."""

    tenant_id: UUID
    tenant_name: str
    available: int
    """Of the account, as the next two."""
    reserved: int
    ledger_available: int
    ledger_reserved: int
    granted: int
    """What its grants still hold."""
    on_their_way: int
    """What its messages that are on their way have reserved."""
