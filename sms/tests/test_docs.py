"""docs/sms.md draws the states that the code has."""

import re

from django.conf import settings

from sms.models.states import COARSE, FINAL, TRANSITIONS, Status

PAGE = (settings.BASE_DIR / "docs" / "sms.md").read_text()


def test_the_diagram_has_every_arrow_and_no_other() -> None:
    diagram = PAGE.split("```mermaid")[1].split("```")[0]
    drawn = set(re.findall(r"^ +(\w+) --> (\w+)", diagram, re.MULTILINE))
    assert drawn == {(start.value, end.value) for start, ends in TRANSITIONS.items() for end in ends}
    assert re.findall(r"\[\*\] --> (\w+)", diagram) == [Status.QUEUED]


def test_the_words_for_people_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| (pending|sending|delivered|failed|cancelled) \| ([\w, ]+) \|$", PAGE, re.MULTILINE)
    told = {state: set(statuses.split(", ")) for state, statuses in rows}
    assert told == {
        state: {status.value for status, word in COARSE.items() if word == state} for state in set(COARSE.values())
    }
    assert set(FINAL) == {status for status in Status if COARSE[status] not in ("pending", "sending")}
