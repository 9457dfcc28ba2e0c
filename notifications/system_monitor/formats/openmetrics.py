"""For Prometheus: OpenMetrics 1.0 text."""

from collections.abc import Iterator, Mapping, Sequence

from notifications.delivery.figures import Figures
from notifications.system_monitor.formats.document import Document, Look, Measure, moment
from notifications.system_monitor.report import State

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
Sample = tuple[Mapping[str, str], float | int]


def render(document: Document, look: Look) -> str:
    return "".join(_families(document)) + "# EOF\n"


def without_postgres() -> str:
    """What is known where there is no last report."""
    return _database_up(0) + "# EOF\n"


def nothing_yet() -> str:
    """Before the first run."""
    return _database_up(1) + "# EOF\n"


def _families(document: Document) -> Iterator[str]:
    measures = list(document.measures)
    down = any(one.slug == "database" and one.state is State.CRITICAL and one.value is None for one in measures)
    yield _database_up(0 if down else 1)
    yield from _components(measures)
    if (counted := document.open_by_priority) is not None:
        samples = [({"priority": priority.value}, number) for priority, number in counted.items()]
        yield _gauge("incidents_open", "Incidents that are not resolved.", samples)
    if document.deliveries is not None:
        yield from _deliveries(document.deliveries)
    yield from _monitor(document)


def _components(measures: Sequence[Measure]) -> Iterator[str]:
    yield _gauge(
        "component_state",
        "1 for the state that a component is in.",
        [
            ({"component": one.slug, "state": state.value}, int(one.state is state))
            for one in measures
            for state in State
        ],
    )
    yield _gauge(
        "component_measured",
        "What the check of a component measured.",
        [
            ({"component": one.slug, "measure": one.name, "unit": one.unit}, one.value)
            for one in measures
            if one.value is not None
        ],
    )
    yield _gauge(
        "component_threshold",
        "The number that a component is judged by.",
        [
            ({"component": one.slug, "bound": "at_least" if one.bound.is_least else "at_most"}, one.bound.number)
            for one in measures
            if one.bound is not None
        ],
    )
    yield _gauge(
        "component_sample",
        "Over how many it was measured.",
        [
            ({"component": one.slug}, one.details["sample"])
            for one in measures
            if one.details.get("sample") is not None
        ],
    )
    yield _gauge(
        "component_check_duration_seconds",
        "How long its check took.",
        [({"component": one.slug}, one.details["milliseconds"] / 1000) for one in measures],
    )


def _deliveries(found: Sequence[Figures]) -> Iterator[str]:
    yield _gauge(
        "delivery_attempts_lately",
        "Attempts of the last quarter of an hour, by how they ended.",
        [
            ({"channel": one.channel, "outcome": outcome}, count)
            for one in found
            for outcome, count in one.attempts.items()
        ],
    )
    for name, words in (
        ("waiting", "Messages that wait for their time or for another attempt."),
        ("oldest_due_seconds", "How long the one that is due the longest has been due."),
        ("given_up", "Messages that were given up and that nobody has seen to."),
    ):
        yield _gauge(f"deliveries_{name}", words, [({"channel": one.channel}, getattr(one, name)) for one in found])


def _monitor(document: Document) -> Iterator[str]:
    for name, words, at in (
        ("report_timestamp_seconds", "When this report was made.", document.report["timestamp"]),
        (
            "last_complete_run_timestamp_seconds",
            "When all checks were last run.",
            document.report["last_complete_run"],
        ),
        (
            "last_scheduled_run_timestamp_seconds",
            "When they last were by the schedule, and not because somebody asked.",
            document.monitor.get("last_scheduled_run"),
        ),
    ):
        if (when := moment(at)) is not None:
            yield _gauge(f"monitor_{name}", words, [({}, when.timestamp())])
    age = document.report["age_seconds"]
    yield _gauge("monitor_report_age_seconds", "How old this report is.", [({}, age)])
    if document.monitor:
        words = "1 when the last scheduled run is older than twice the interval."
        yield _gauge("monitor_late", words, [({}, int(document.is_late))])


def _database_up(value: int) -> str:
    return _gauge("database_up", "Whether Postgres answers.", [({}, value)])


def _gauge(name: str, words: str, samples: Sequence[Sample]) -> str:
    lines = [f"# TYPE bellwether_{name} gauge", f"# HELP bellwether_{name} {words}"]
    for labels, value in samples:
        inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        lines.append(f"bellwether_{name}{f'{{{inside}}}' if inside else ''} {_number(value)}")
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    """All of it: six digits of a time are days."""
    return repr(value)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
