"""What an e-mail says: text and HTML from one template per kind, `letters/<kind>.html`, else `letters/default.html`.

A template fills blocks of a layout that it is given: with the layout `base.html` it becomes a page, with `base.txt`
plain text. So the two say the same.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.template import Context
from django.template.loader import select_template

FOLDER = "notifications/letters"
#: Subjects longer than this are cut by whoever shows them.
MAX_SUBJECT = 150
#: The colour of the line above, in light and in dark, and the word that says the same.
COLOURS = {
    "critical": "#b3261e",
    "high": "#c2410c",
    "medium": "#9a6700",
    "low": "#1f5fbf",
}
OVER = "#1a7f37"


@dataclass(frozen=True)
class Letter:
    subject: str
    text: str
    html: str


def write(content: dict[str, Any], *, rule: str = "", stop: str = "") -> Letter:
    """From the content of a delivery; `stop` is the link that ends mail of this category."""
    values = {
        **content,
        "action_url": _absolute(content.get("action_url", "")),
        "colour": OVER if content["category"] == "success" else COLOURS[content["priority"]],
        "paragraphs": [line for line in content["message"].splitlines() if line.strip()],
        "inbox_url": f"{settings.PUBLIC_URL}/",
        "rule": rule,
        "stop": stop,
    }
    text, html = (_render(content["kind"], layout, values) for layout in ("base.txt", "base.html"))
    return Letter(_subject(content["title"]), _plain(text), html)


def _render(kind: str, layout: str, values: dict[str, Any]) -> str:
    chosen: Any = select_template([f"{FOLDER}/{kind}.html", f"{FOLDER}/default.html"])
    is_page = layout.endswith(".html")
    context = Context({**values, "layout": f"{FOLDER}/{layout}", "is_page": is_page}, autoescape=is_page)
    rendered: str = chosen.template.render(context)
    return rendered


def _plain(text: str) -> str:
    """Without the gaps that empty blocks leave; the line before the last ones is a signature's mark as it is."""
    return "\n\n".join(part.strip("\n") for part in re.split(r"\n\s*\n", text.strip())) + "\n"


def _subject(title: str) -> str:
    """One line: a header ends where its line ends, and what follows would be headers of somebody else's making."""
    line = " ".join("".join(one if one.isprintable() else " " for one in title).split())
    return line if len(line) <= MAX_SUBJECT else line[: MAX_SUBJECT - 3] + "..."


def _absolute(address: str) -> str:
    return urljoin(f"{settings.PUBLIC_URL}/", address) if address else ""
