"""The only writers of Incident, its timeline and Suspicion. A transition, its line in the timeline and its
notifications commit together.

The constraint `incident_open_once` is the deduplication: whoever inserts first opened it, and everybody else joins.
"""

from notifications.incidents.past import record_past
from notifications.incidents.people import (
    AlreadyOpen,
    IncidentOver,
    NotAnAdmin,
    acknowledge,
    assign,
    close,
    comment,
    reopen,
    report_problem,
)
from notifications.incidents.problems import (
    Problem,
    end_acknowledgements,
    end_problem,
    open_incident,
    resolve,
    see_problem,
    unsee,
)
from notifications.incidents.telling import tell_newcomers
from notifications.incidents.timeline import note, note_suppressed

__all__ = [
    "AlreadyOpen",
    "IncidentOver",
    "NotAnAdmin",
    "Problem",
    "acknowledge",
    "assign",
    "close",
    "comment",
    "end_acknowledgements",
    "end_problem",
    "note",
    "note_suppressed",
    "open_incident",
    "record_past",
    "reopen",
    "report_problem",
    "resolve",
    "see_problem",
    "tell_newcomers",
    "unsee",
]
