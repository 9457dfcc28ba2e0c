"""What is sent, in the Django admin: to be looked at. Its services alone write it."""

from sms.admin import contacts, counting, ledger, routing, sending

__all__ = ["contacts", "counting", "ledger", "routing", "sending"]
