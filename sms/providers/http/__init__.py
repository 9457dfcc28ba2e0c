"""Gateways that speak JSON or forms over HTTP: ready profiles, and instances of them from SMS_HTTP_GATEWAYS."""

import dataclasses
import functools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from sms.models.states import Status
from sms.providers.base import Permanent, ProviderError, RateLimited, Temporary, Uncertain
from sms.providers.http.africas_talking import AFRICAS_TALKING
from sms.providers.http.beem import BEEM
from sms.providers.http.custom import CUSTOM
from sms.providers.http.gateway import HttpGateway, Instance, provider_of
from sms.providers.http.profile import Profile, Receipts
from sms.reasons import REASONS

PROFILES: Mapping[str, Profile] = {"beem": BEEM, "africas_talking": AFRICAS_TALKING, "custom": CUSTOM}
SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,29}")
KINDS = {"permanent": Permanent, "temporary": Temporary, "throttled": RateLimited, "uncertain": Uncertain}
#: What of a profile an instance may say otherwise.
CHANGEABLE = frozenset(
    {"title", "send_url", "check_url", "lookup_url", "report_url", "encoding", "headers", "fields", "id_at"}
    | {"codes_at", "taken", "refusals", "deadline_hours"}
)
CHANGEABLE_OF_RECEIPTS = frozenset(
    {"encoding", "list_at", "id_at", "status_at", "reason_at", "reference_at", "signature_header"}
    | {"statuses", "reasons"}
)


def _refusals(given: Mapping[str, Sequence[str]]) -> Mapping[str, tuple[type[ProviderError], str]]:
    return {code: (KINDS[kind], _known(reason)) for code, (kind, reason) in given.items()}


def _known(reason: str) -> str:
    """Raises KeyError for a word that is not explained."""
    REASONS[reason]
    return reason


#: How those that are no plain text are read from JSON.
READ: Mapping[str, Callable[[Any], Any]] = {"codes_at": tuple, "taken": frozenset, "refusals": _refusals}


def gateways() -> tuple[type[HttpGateway], ...]:
    """A provider for each instance in SMS_HTTP_GATEWAYS. Raises ImproperlyConfigured."""
    return _gateways(json.dumps(settings.SMS_HTTP_GATEWAYS, sort_keys=True))


@functools.lru_cache(maxsize=4)
def _gateways(configuration: str) -> tuple[type[HttpGateway], ...]:
    given = json.loads(configuration)
    if not isinstance(given, dict):
        raise ImproperlyConfigured("SMS_HTTP_GATEWAYS is no JSON object.")
    try:
        return tuple(provider_of(_instance(slug, one)) for slug, one in given.items())
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ImproperlyConfigured(f"SMS_HTTP_GATEWAYS: {error!r}") from None


def _instance(slug: str, given: Any) -> Instance:
    if not SLUG.fullmatch(slug) or not isinstance(given, dict):
        raise ImproperlyConfigured(f"SMS_HTTP_GATEWAYS: {slug!r} is no slug, or has no settings.")
    given = dict(given)
    profile = PROFILES.get(given.pop("profile", ""))
    if profile is None:
        raise ImproperlyConfigured(f"SMS_HTTP_GATEWAYS: {slug} names none of the profiles {', '.join(PROFILES)}.")
    changes = {name: given.pop(name) for name in CHANGEABLE & given.keys()}
    changes |= {name: kind(changes[name]) for name, kind in READ.items() if name in changes}
    if "receipts" in given:
        changes["receipts"] = _receipts(slug, profile.receipts, given.pop("receipts"))
    profile = dataclasses.replace(profile, **changes)
    secret = given.pop("receipt_secret", "")
    if not profile.send_url or not all(isinstance(value, str) for value in (secret, *given.values())):
        raise ImproperlyConfigured(f"SMS_HTTP_GATEWAYS: {slug} has no send_url, or a credential that is no text.")
    return Instance(slug, profile, given, secret)


def _receipts(slug: str, ready: Receipts, given: Any) -> Receipts:
    if not isinstance(given, dict) or given.keys() - CHANGEABLE_OF_RECEIPTS:
        raise ImproperlyConfigured(f"SMS_HTTP_GATEWAYS: the receipts of {slug} have only {CHANGEABLE_OF_RECEIPTS}.")
    changes = dict(given)
    if "statuses" in changes:
        changes["statuses"] = {word.upper(): Status(status) for word, status in changes["statuses"].items()}
    if "reasons" in changes:
        changes["reasons"] = {word.upper(): _known(reason) for word, reason in changes["reasons"].items()}
    return dataclasses.replace(ready, **changes)


@checks.register()
def check_gateways(**_: Any) -> list[checks.CheckMessage]:
    """So that a mistake in SMS_HTTP_GATEWAYS stops `migrate` and the web process, not the first message."""
    try:
        gateways()
    except ImproperlyConfigured as error:
        return [checks.Error(str(error), id="sms.E001")]
    return []


__all__ = ["PROFILES", "HttpGateway", "Profile", "gateways"]
