"""Where a scenario is played: real servers, a cast of people, two tenants, and a clock that stands where it is put."""

import contextlib
import datetime
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from unittest import mock

import psycopg2
import redis
import time_machine
from django.conf import settings
from django.db import connection
from django.test import override_settings
from django.utils import timezone
from psycopg2 import sql

from accounts.models import User
from config import embedded
from notifications import tasks
from notifications.models import MonitorLease
from notifications.system_monitor import monitor
from notifications.tests.scenarios.rules import rules
from notifications.tests.scenarios.script import BadScenario, Scenario, Span
from sms.providers import simulator
from tenants import services as tenancy
from tenants.models import Membership, Tenant

TENANTS = {"acme": "Acme", "globex": "Globex"}
#: In every scenario; a word brings others. There is always a second tenant.
CAST = {
    "ada": "admin",
    "sam": "admin",
    "olu": "owner of acme",
    "mina": "member of acme",
    "otis": "owner of globex",
}
ROOT = Path(__file__).resolve().parents[3]
#: While a table is locked checks get so long, since somebody has to wait for the one that hangs.
HUNG_LIMIT = datetime.timedelta(seconds=1)
NOBODY_LISTENS = {"HOST": "127.0.0.1", "PORT": "1"}


class Stage:
    """Empty tables and an empty Redis are expected, and what was stored is left behind."""

    def __init__(self, scenario: Scenario, *, broken: str = "") -> None:
        self.scenario, self.broken = scenario, broken
        self.people: dict[str, User] = {}
        self.tenants: dict[str, Tenant] = {}
        self.is_redis_up = True
        self.next_run: Callable[[], Any] = tasks.run_monitor
        self._locks: dict[str, psycopg2.extensions.connection] = {}
        self._address: dict[str, Any] = {}
        self._killer: subprocess.Popen[str] | None = None
        self._open = contextlib.ExitStack()

    # --- Time ----------------------------------------------------------------------------------------------------

    def at(self, moment: Span) -> "time_machine.travel":
        """The clock stands still meanwhile, so that what lasts as long as a rule asks is always judged alike."""
        return time_machine.travel(self.scenario.starts + moment, tick=False)

    @property
    def now(self) -> datetime.datetime:
        return timezone.now()

    def since_start(self, moment: datetime.datetime) -> Span:
        return moment - self.scenario.starts

    # --- People --------------------------------------------------------------------------------------------------

    def add_person(self, name: str, what: str) -> None:
        role, _, slug = what.partition(" of ")
        user = User.objects.create_user(f"{name}@bellwether.test", first_name=name.title(), is_staff=what == "admin")
        if slug:
            tenancy.add_member(tenant=self.tenants[slug], user=user, role=Membership.Role(role))
        elif what != "admin":
            raise BadScenario(f"{name} is {what!r}, which is neither admin nor something of a tenant.")
        self.people[name] = user

    # --- Servers -------------------------------------------------------------------------------------------------

    def set(self, **values: Any) -> None:
        self._open.enter_context(override_settings(**values))

    def switch_database(self, *, is_up: bool) -> None:
        """Down: connections are cut, and new ones are refused."""
        self._address = self._address or {name: connection.settings_dict[name] for name in NOBODY_LISTENS}
        connection.close()
        connection.settings_dict.update(self._address if is_up else NOBODY_LISTENS)

    def switch_redis(self, *, is_up: bool) -> None:
        if self.is_redis_up is not is_up:
            self.is_redis_up = is_up
            self.set(REDIS_URL=self._redis_url if is_up else "redis://127.0.0.1:1")

    def lock(self, table: str) -> None:
        link = psycopg2.connect(**{**connection.get_connection_params(), "cursor_factory": None})
        with link.cursor() as cursor:
            cursor.execute(sql.SQL("LOCK TABLE {}").format(sql.Identifier(table)))
        self._locks[table] = link
        self.set(CHECK_TIME_LIMIT=HUNG_LIMIT)

    def unlock(self, table: str) -> None:
        self._locks.pop(table).close()
        self.set(CHECK_TIME_LIMIT=self._limit)

    # --- The monitor ---------------------------------------------------------------------------------------------

    def run(self) -> None:
        """As beat has it run, unless this run was to go otherwise."""
        how, self.next_run = self.next_run, tasks.run_monitor
        how()

    def run_and_kill(self, step: str) -> None:
        """Has another process run it, which is killed after that step. Raises BadScenario when it is not."""
        killer = self._killer or self._start_killer()
        assert killer.stdin is not None
        assert killer.stdout is not None
        connection.close()  # nothing of ours stays open meanwhile
        killer.stdin.write(json.dumps({"now": self.now.isoformat(), "step": step}) + "\n")
        killer.stdin.flush()
        ended = killer.stdout.readline().strip()
        if ended != "-9":
            raise BadScenario(f"The run was to be killed after {step!r}, and ended with {ended!r}.")
        # Postgres judges the lease by its own clock, which nobody moves: instead the lease is.
        MonitorLease.objects.filter(expires_at__gt=self.now).update(expires_at=self.now)

    def _start_killer(self) -> "subprocess.Popen[str]":
        database = str(connection.settings_dict["NAME"])
        facts = [database, str(settings.SPOOL_DIR), str(self.scenario.cadence.total_seconds()), self.broken]
        words = [sys.executable, "-m", "notifications.tests.scenarios.killed", *facts]
        self._killer = subprocess.Popen(
            [*embedded.dies_with_parent("KILL"), *words],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self._killer

    # --- Up and down ---------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        spool = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="bellwether-spool-")))
        self._redis_url = settings.REDIS_URL
        for patience in ("LAST_RUN_SECONDS", "PATIENCE_SECONDS"):  # a slow machine must not look like a broken one
            self._open.enter_context(mock.patch.object(monitor, patience, 120.0))
        self._open.enter_context(rules(spool, self.scenario.cadence))
        self._limit = settings.CHECK_TIME_LIMIT
        simulator.set_profile("healthy")
        with self.at(Span()):
            for slug, name in TENANTS.items():
                self.tenants[slug] = Tenant.objects.create(slug=slug, name=name)
            for name, what in CAST.items():
                self.add_person(name, what)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for link in self._locks.values():
            link.close()
        if self._killer is not None:
            self._killer.kill()
            self._killer.communicate()
        if self._address:
            self.switch_database(is_up=True)
        self._open.close()
        with redis.Redis.from_url(settings.REDIS_URL) as store:
            store.flushdb()
