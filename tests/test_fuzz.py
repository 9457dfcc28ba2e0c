"""No made-up call breaks the API: no 5xx, and no status, header or body that the schema does not know.

Each call is rolled back, so that all meet the same rows, whatever was called before.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction

from conftest import signed_in
from tests import fuzz
from tests.carriers import TWILIO_TOKEN
from tests.conftest import RowsOf

TAGS = [tag["name"] for tag in settings.SPECTACULAR_SETTINGS["TAGS"]]

#: Whose calls get past the permissions: an admin of the platform has no tenant to send for.
LET_IN = {"owner": {"SMS", "Contacts", "Credits", "Webhooks"}, "admin": {*TAGS} - {"SMS", "Contacts"}}


@pytest.fixture(autouse=True)
def _without_limits(settings: Any) -> Iterator[None]:
    """No throttle, and a connection that stays: the WSGI client knows nothing of the test's transaction."""
    settings.SIGN_IN_ATTEMPTS_PER_MINUTE = settings.SIGN_IN_ATTEMPTS_PER_MINUTE_AND_ADDRESS = 10**6
    settings.POLLS_PER_MINUTE = 10**6
    settings.READS_PER_MINUTE = settings.WRITES_PER_MINUTE = settings.ANONYMOUS_CALLS_PER_MINUTE = 0
    settings.CALLS_PER_MINUTE_AND_ADDRESS = 0
    settings.TWILIO_AUTH_TOKEN = TWILIO_TOKEN
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("topped_up")
@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("role", ["member", "owner", "admin"])
def test_nothing_made_up_breaks_it(role: str, tag: str, request: Any, rows_of: RowsOf) -> None:
    user = request.getfixturevalue(role)
    headers, rows = {"Authorization": signed_in(user)._credentials["HTTP_AUTHORIZATION"]}, rows_of(user)  # type: ignore[attr-defined]

    def call(case: Any) -> None:
        fuzz.aim(case, rows)
        with transaction.atomic():
            case.call_and_validate(headers=headers, checks=fuzz.CHECKS)
            transaction.set_rollback(True)

    # The borders of every field once, by whoever gets past the permissions.
    fuzz.each_operation(tag, call, coverage=tag in LET_IN.get(role, ()) or fuzz.THOROUGH)
