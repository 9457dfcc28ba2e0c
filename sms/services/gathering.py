"""Carriers' calls that come while another one is being applied are applied together, in one transaction.

Most carriers post one receipt a call, many a second after a campaign, and a transaction costs nearly the same for one
as for twenty. Whoever has the turn takes all that wait; the others find their call done when the turn is theirs. A
call returns only after the commit that holds it is on the disk, which is waited for without a lock or the turn.
"""

import contextlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import Error

from sms import disk
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
    is_over: threading.Event = field(default_factory=threading.Event)
    new: int | None = None
    """How many receipts were new; None where that is not on the disk when it is over."""


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
            together = [] if call.is_taken else self._take()
            counts = _apply(together)
        _keep(counts, together)
        call.is_over.wait()
        if call.new is None:
            # What several calls did together failed, and this one need not be the reason: it answers for itself.
            return apply_calls(provider=provider, calls=[receipts])[0]
        return call.new

    def _take(self) -> list[_Call]:
        if self._is_busy:
            time.sleep(PAUSE_SECONDS)
        with self._guard:
            calls, self._waiting = self._waiting, []
        self._is_busy = len(calls) > 1
        for call in calls:
            call.is_taken = True
        return calls


def _apply(calls: list[_Call]) -> dict[_Call, int]:
    """How many receipts of each call were new, without those that failed. A single call's failure is raised."""
    failures = contextlib.suppress(Exception) if len(calls) > 1 else contextlib.nullcontext()
    found: dict[_Call, int] = {}
    for provider in sorted({call.provider for call in calls}):
        mine = [call for call in calls if call.provider == provider]
        with failures:
            counts = apply_calls(provider=provider, calls=[call.receipts for call in mine], is_kept_later=True)
            found |= zip(mine, counts, strict=True)
    return found


def _keep(counts: dict[_Call, int], calls: list[_Call]) -> None:
    """Ends these calls. The next ones are applied while these wait for the disk: no lock is held any more."""
    try:
        if counts:
            with contextlib.suppress(Error):
                disk.wait()
                for call, count in counts.items():
                    call.new = count
    finally:
        for call in calls:
            call.is_over.set()


apply_together = Gathering().apply
