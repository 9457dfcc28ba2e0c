"""What people are told about, in words for people."""

from notifications.models import Notification

#: A title for people, and what comes under it.
CATEGORIES = {
    Notification.Type.SYSTEM: ("System", "Problems of the platform."),
    Notification.Type.SMS_CREDIT: ("SMS credits", "Credits that run low."),
    Notification.Type.CAMPAIGN: ("Campaigns", "What became of messages to many."),
    Notification.Type.CONTACT: ("Contacts", "Imports and changes of contacts."),
    Notification.Type.BILLING: ("Billing", "Invoices and payments."),
    Notification.Type.SECURITY: ("Security", "Sign-ins and changes of access."),
    Notification.Type.MAINTENANCE: ("Maintenance", "Work on the platform, before and after."),
    Notification.Type.ERROR: ("Errors", "What went wrong."),
    Notification.Type.SUCCESS: ("Good news", "What is done, and problems that are over."),
    Notification.Type.WARNING: ("Warnings", "What may go wrong."),
    Notification.Type.INFO: ("Other news", "Announcements, and what fits nowhere else."),
}


def named(category: str) -> str:
    """Its title in the middle of a sentence: "other news", "SMS credits"."""
    title, _ = CATEGORIES[Notification.Type(category)]
    return title if title[:2].isupper() else title[0].lower() + title[1:]
