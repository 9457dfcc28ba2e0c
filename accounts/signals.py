"""What this room announces; rooms above listen."""

from django.dispatch import Signal

#: Sent with `user_id` inside the transaction that changed what a person may do: a session ended, a role or a password
#: changed, a tenant was switched, somebody was deactivated.
access_changed = Signal()
