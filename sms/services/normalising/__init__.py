"""Brings stored phone numbers into E.164, and back.

A number that is not surely one is never guessed: it is refused, and left for people. Nothing here has to be resumed: a
row that is done is E.164, so a run that was killed is simply started again.
"""

from sms.services.normalising.reports import BadReport
from sms.services.normalising.rows import RowsMoved
from sms.services.normalising.runs import Order, Tally, normalise
from sms.services.normalising.undoing import undo

__all__ = ["BadReport", "Order", "RowsMoved", "Tally", "normalise", "undo"]
