"""People in the Django admin, and what the admins of all rooms share (`base`)."""

from accounts.admin import people

__all__ = ["people"]
