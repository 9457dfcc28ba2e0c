"""Calls of carriers' webhook, signed as the simulator and as Twilio sign."""

import time
from urllib.parse import parse_qs

from django.conf import settings
from django.utils.datastructures import MultiValueDict
from twilio.request_validator import SIGNATURE_HEADER as TWILIO_HEADER
from twilio.request_validator import RequestValidator

from sms.providers.simulator import SIGNATURE_HEADER, sign

TWILIO_TOKEN = "a token that only the tests have"


def signatures(target: str, body: bytes) -> dict[str, str]:
    """The headers of both, for a call to `target` (a path with its query) once TWILIO_AUTH_TOKEN is TWILIO_TOKEN."""
    headers = {SIGNATURE_HEADER: sign(body, at=int(time.time()))}
    try:
        fields = MultiValueDict(parse_qs(body.decode(), keep_blank_values=True, errors="strict"))
    except ValueError:
        return headers  # no form: Twilio would not have posted it
    signature = RequestValidator(TWILIO_TOKEN).compute_signature(settings.PUBLIC_URL + target, fields)
    return headers | {TWILIO_HEADER: signature}
