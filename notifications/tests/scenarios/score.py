"""What the monitor said, against what was so."""

import bisect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from notifications.tests.scenarios.script import Numbers, Span, Truth


@dataclass(frozen=True)
class Alarm:
    """An incident, or a warning that people got without one. Times are since the first run."""

    kind: str
    scope: str
    opened: Span
    resolved: Span | None
    is_incident: bool = True

    def is_about(self, truth: Truth) -> bool:
        return (self.kind, self.scope) == (truth.kind, truth.scope)

    def is_open(self, at: Span) -> bool:
        return self.opened <= at and (self.resolved is None or at < self.resolved)

    def touches(self, truth: Truth) -> bool:
        """Whether it was open for a moment in which this was so."""
        begins_before_the_end = truth.until is None or self.opened < truth.until
        return begins_before_the_end and (self.resolved is None or self.resolved > truth.since)


def score(
    *, truths: Sequence[Truth], alarms: Sequence[Alarm], told: Mapping[str, int], runs: Sequence[Span]
) -> Numbers:
    """The card's numbers. `runs` is when the monitor ran, or was to run."""
    incidents = [one for one in alarms if one.is_incident]
    return Numbers(
        incidents=len(incidents),
        told={name: count for name, count in told.items() if count},
        false=sum(_is_false(one, truths, alarms) + _ends_too_early(one, truths) for one in alarms),
        missed=sum(_is_missed(truth, alarms) for truth in truths),
        resolved=sum(one.resolved is not None for one in incidents),
        opening_delay=max(_opening_delays(truths, alarms, runs), default=None),
        resolving_delay=max(_resolving_delays(truths, incidents, runs), default=None),
    )


def _is_false(alarm: Alarm, truths: Iterable[Truth], alarms: Iterable[Alarm]) -> bool:
    """Of what was not so, or not to be told; or a second one of what is open already."""
    was_so = any(alarm.is_about(one) and one.holds(alarm.opened) and not one.silent for one in truths)
    again = any(
        one is not alarm and (one.kind, one.scope) == (alarm.kind, alarm.scope) and one.is_open(alarm.opened)
        for one in alarms
        if one.is_incident and one.opened < alarm.opened
    )
    return not was_so or again


def _ends_too_early(alarm: Alarm, truths: Iterable[Truth]) -> bool:
    end = alarm.resolved
    return end is not None and any(alarm.is_about(one) and one.holds(end) and not one.silent for one in truths)


def _is_missed(truth: Truth, alarms: Iterable[Alarm]) -> bool:
    return not truth.silent and not any(one.is_about(truth) and one.touches(truth) for one in alarms)


def _opening_delays(truths: Sequence[Truth], alarms: Iterable[Alarm], runs: Sequence[Span]) -> Iterable[int]:
    """Of each alarm, after the beginning of what it is about; what was open before that had no delay."""
    for alarm in alarms:
        for truth in truths:
            if alarm.is_about(truth) and truth.holds(alarm.opened):
                yield _runs_before(alarm.opened, runs) - _runs_before(truth.since, runs)


def _resolving_delays(truths: Sequence[Truth], incidents: Iterable[Alarm], runs: Sequence[Span]) -> Iterable[int]:
    """Of each incident, after the last end of what it is about."""
    for alarm in incidents:
        end = alarm.resolved
        ends = [one.until for one in truths if alarm.is_about(one) and one.until is not None]
        if end is not None and (before := [one for one in ends if one <= end]):
            yield _runs_before(end, runs) - _runs_before(max(before), runs)


def _runs_before(moment: Span, runs: Sequence[Span]) -> int:
    return bisect.bisect_left(runs, moment)
