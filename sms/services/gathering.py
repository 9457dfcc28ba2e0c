"""Carriers' calls that come while another one is being applied are applied together, in one transaction.

Most carriers post one receipt a call, many a second after a campaign, and a transaction costs nearly the same for one
as for twenty. Whoever has the turn takes all that wait; the others find their call done when the turn is theirs. A
call returns only after the commit that holds it.
"""

import contextlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sms.providers.base import DeliveryReceipt
from sms.services.receipts import apply_calls

#: While calls come in company, the next ones are waited for so long: about what reading one takes. A tenth more of
#: them are applied a second; with more than twice as long it was fewer.
PAUSE_SECONDS = 0.0015


@dataclass(eq=False)
class _Call:
    provider: str
    receipts: Sequence[DeliveryReceipt]
    is_taken: bool = False
    new: int | None = None
    """How many receipts were new; None while they are not applied."""


class Gathering:
    """One for each process; its threads bring the calls."""

    def __init__(self) -> None:
        self._turn, self._guard = threading.Lock(), threading.Lock()
        self._waiting: list[_Call] = []
        self._is_busy = False

    def apply(self, *, provider: str, receipts: Sequence[DeliveryReceipt]) -> int:
        """As `apply_receipts`, together with what other threads bring meanwhile."""
        call = _Call(provider, receipts)
        with self._guard:
            self._waiting.append(call)
        with self._turn:
            if not call.is_taken:
                if self._is_busy:
                    time.sleep(PAUSE_SECONDS)
                _apply(self._take())
        if call.new is None:
            # The transaction of several failed, and this call need not be the reason: alone it answers for itself.
            return apply_calls(provider=provider, calls=[receipts])[0]
        return call.new

    def _take(self) -> list[_Call]:
        with self._guard:
            calls, self._waiting = self._waiting, []
        self._is_busy = len(calls) > 1
        for call in calls:
            call.is_taken = True
        return calls


def _apply(calls: list[_Call]) -> None:
    """A single call's failure is raised; of several that fail together each is left to be tried alone."""
    failures = contextlib.suppress(Exception) if len(calls) > 1 else contextlib.nullcontext()
    for provider in sorted({call.provider for call in calls}):
        mine = [call for call in calls if call.provider == provider]
        with failures:
            counts = apply_calls(provider=provider, calls=[call.receipts for call in mine])
            for call, count in zip(mine, counts, strict=True):
                call.new = count


apply_together = Gathering().apply
