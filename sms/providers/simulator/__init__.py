"""A carrier that cannot reach the network: it takes messages and posts signed receipts to our own webhook.

It keeps its memory in Redis, outside of every worker, as a real carrier would: killing a worker does not make it
forget what it took. `manage.py simulator run` is its engine; `manage.py simulator profile NAME` changes its health
while it runs; docs/simulator.md lists the profiles and the numbers that decide what becomes of a message.
"""

from sms.providers.simulator.engine import LARGEST_BATCH, post_due_receipts
from sms.providers.simulator.gateway import SIGNATURE_HEADER, Simulator, sign
from sms.providers.simulator.memory import counters, profile_name, set_profile
from sms.providers.simulator.numbers import MAGIC
from sms.providers.simulator.profiles import PROFILES, Profile

__all__ = [
    "LARGEST_BATCH",
    "MAGIC",
    "PROFILES",
    "SIGNATURE_HEADER",
    "Profile",
    "Simulator",
    "counters",
    "post_due_receipts",
    "profile_name",
    "set_profile",
    "sign",
]
