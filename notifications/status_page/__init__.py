"""The public status page: what the monitor found, in words of ours that name nobody.

Nothing that anybody typed, and nothing that a check measured, comes here: no titles of incidents or windows, no
tenants, people, carriers or numbers of messages. `components` holds every word that can.
"""

from notifications.status_page.keeping import Told, current, forget
from notifications.status_page.reading import Picture

__all__ = ["Picture", "Told", "current", "forget"]
