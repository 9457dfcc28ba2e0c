"""Sending: carriers, failover and the gateways' addresses."""

from datetime import timedelta

from config.settings.base import env

SMS_PROVIDER = env.str("SMS_PROVIDER", default="simulator")
#: Messages a second that all workers together may hand to a provider: slug:rate, with commas.
SMS_RATES = env.rates("SMS_RATES")
SMS_DEFAULT_REGION = env.str("SMS_DEFAULT_REGION", default="TZ")
#: Off: receipts are refused with 503, so nothing is ever recorded as delivered.
SMS_RECEIPTS_ENABLED = env.bool("SMS_RECEIPTS_ENABLED", default=True)
SMS_MAX_ATTEMPTS = env.int("SMS_MAX_ATTEMPTS", default=10)
#: How long one worker may hold a message that it is handing to a carrier.
SMS_CLAIM_LEASE = timedelta(seconds=env.int("SMS_CLAIM_LEASE_SECONDS", default=60))
#: Traffic moves away from a provider of which this share of the last window's submissions or messages failed, or whose
#: deliveries took too long; it keeps a small share, rests, and comes back in steps.
SMS_FAILOVER_WINDOW = timedelta(minutes=env.int("SMS_FAILOVER_WINDOW_MINUTES", default=10))
SMS_FAILOVER_MIN_SAMPLE = env.int("SMS_FAILOVER_MIN_SAMPLE", default=20)
SMS_FAILOVER_ERROR_PERCENT = env.percent("SMS_FAILOVER_ERROR_PERCENT", default=40)
SMS_FAILOVER_DELIVERY_SECONDS = env.int("SMS_FAILOVER_DELIVERY_SECONDS", default=600)
SMS_FAILOVER_SHARE_PERCENT = env.percent("SMS_FAILOVER_SHARE_PERCENT", default=5)
SMS_FAILOVER_COOLDOWN = timedelta(minutes=env.int("SMS_FAILOVER_COOLDOWN_MINUTES", default=10))
SMS_FAILOVER_STEP_PERCENT = env.percent("SMS_FAILOVER_STEP_PERCENT", default=20)
SMS_SWEEP_SECONDS = env.int("SMS_SWEEP_SECONDS", default=15)
#: How long a gateway may take to answer one call.
SMS_GATEWAY_TIMEOUT_SECONDS = env.float("SMS_GATEWAY_TIMEOUT_SECONDS", default=10)
TWILIO_ACCOUNT_SID = env.str("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKEN = env.str("TWILIO_AUTH_TOKEN", default="")
TWILIO_API_URL = env.str("TWILIO_API_URL", default="https://api.twilio.com").rstrip("/")
#: Gateways of the `http` provider, as JSON: {slug: {"profile": name, ...}}; see docs/providers.md.
SMS_HTTP_GATEWAYS = env.json("SMS_HTTP_GATEWAYS", default={})
SIMULATOR_SECRET = env.str("SIMULATOR_SECRET", default="")
SIMULATOR_SEED = env.int("SIMULATOR_SEED", default=1)
