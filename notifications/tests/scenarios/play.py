"""Plays a scenario: everything that happens in its order, the monitor at its times, and then what came of it."""

from collections.abc import Callable

from django.core.management import call_command

from accounts.models import User
from notifications.models import Incident, Notification
from notifications.tests.scenarios import words
from notifications.tests.scenarios.breaks import breaking
from notifications.tests.scenarios.score import Alarm, score
from notifications.tests.scenarios.script import BadScenario, Numbers, Scenario
from notifications.tests.scenarios.stage import Stage
from tenants.models import Tenant

#: Is told how many runs are done, and of how many.
Progress = Callable[[int, int], None]


def play(scenario: Scenario, *, broken: str = "", progress: Progress | None = None) -> Numbers:
    """What the scenario led to, in empty tables, which it leaves filled. `broken` names a rule of `breaks.py` that is
    wrong meanwhile. Raises BadScenario, and what a run of the monitor raises."""
    for happening in scenario.happens:
        try:
            words.check(happening)
        except BadScenario as error:
            raise BadScenario(f"{scenario.name}.toml: {error}") from None
    with Stage(scenario, broken=broken) as stage, breaking(broken):
        _live(scenario, stage, progress)
        return score(truths=scenario.truths, alarms=_alarms(stage), told=_told(), runs=scenario.runs())


def clean() -> None:
    """Empties every table, as the tests do after each."""
    call_command("flush", interactive=False, verbosity=0)


def _live(scenario: Scenario, stage: Stage, progress: Progress | None) -> None:
    runs, ahead = scenario.runs(), list(scenario.happens)
    for number, moment in enumerate(runs, start=1):
        while ahead and ahead[0].at <= moment:
            happening = ahead.pop(0)
            with stage.at(happening.at):
                words.happen(happening, stage)
        with stage.at(moment):
            stage.run()
        if progress:
            progress(number, len(runs))


def _alarms(stage: Stage) -> list[Alarm]:
    alarms = [
        Alarm(
            one.kind,
            one.scope,
            stage.since_start(one.opened_at),
            None if one.resolved_at is None else stage.since_start(one.resolved_at),
        )
        for one in Incident.objects.order_by("opened_at", "id")
    ]
    return alarms + _warnings(stage)


def _warnings(stage: Stage) -> list[Alarm]:
    """What people were told without an incident, once a tenant and event: credits that fell under somebody's level."""
    slugs = dict(Tenant.objects.values_list("pk", "slug"))
    rows = Notification.objects.filter(incident=None, kind="sms_credit_low").order_by("id")
    found = {(row.tenant_id, row.event): row for row in rows}
    return [
        Alarm(row.kind, f"{slugs[tenant]}: {row.data['level']}", stage.since_start(row.created_at), None, False)
        for (tenant, _), row in found.items()
        if tenant is not None
    ]


def _told() -> dict[str, int]:
    """Rows in inboxes, by the person's name."""
    people = User.objects.order_by("email")
    return {one.email.partition("@")[0]: one.notifications.count() for one in people}
