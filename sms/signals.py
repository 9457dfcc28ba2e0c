"""What this room announces; rooms above listen."""

from django.dispatch import Signal

#: Sent with `move`, a RouteMove, inside the transaction that moved traffic away from a provider or back to it.
provider_moved = Signal()
