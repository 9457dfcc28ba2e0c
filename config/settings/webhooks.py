"""Programs that want to be told."""

from datetime import timedelta
from ipaddress import ip_network

from config.settings.base import env

#: Plain http is for development: whoever is on the way reads along, and may keep a message from arriving.
WEBHOOK_ALLOW_HTTP = env.bool("WEBHOOK_ALLOW_HTTP", default=False)
#: Networks that webhooks may lead to besides the public internet, such as 10.2.0.0/16.
WEBHOOK_ALLOWED_NETWORKS = [ip_network(text) for text in env.list("WEBHOOK_ALLOWED_NETWORKS", default=[])]
#: A file of certificates that receivers are judged by; empty: those of public authorities.
WEBHOOK_CA_BUNDLE = env.str("WEBHOOK_CA_BUNDLE", default="")
#: How long one address may take to connect, and the whole call from the look-up of its name to the answer.
WEBHOOK_CONNECT_TIMEOUT_SECONDS = env.float("WEBHOOK_CONNECT_TIMEOUT_SECONDS", default=3)
WEBHOOK_TIMEOUT_SECONDS = env.float("WEBHOOK_TIMEOUT_SECONDS", default=10)
#: After a change of the secret the previous one signs so long, where the call does not say otherwise.
WEBHOOK_SECRET_OVERLAP_HOURS = env.int("WEBHOOK_SECRET_OVERLAP_HOURS", default=24)
#: Disabled when both hold: so many calls in a row failed, and the first of them so long ago.
WEBHOOK_DISABLE_FAILURES = env.int("WEBHOOK_DISABLE_FAILURES", default=10)
WEBHOOK_DISABLE_AFTER = timedelta(hours=env.float("WEBHOOK_DISABLE_AFTER_HOURS", default=48))
#: Of one tenant, and of the platform.
WEBHOOK_ENDPOINTS_LIMIT = env.int("WEBHOOK_ENDPOINTS_LIMIT", default=20)
