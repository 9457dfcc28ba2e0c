"""The snippets of a document, run in its order: its bash in one shell, its js in one module and its Python in another,
as its reader would.

A block marked `text` behind a snippet is exactly what the snippet prints; one marked `json` has the shape of it: the
same keys and types, null standing for any, and an object with the key "..." for one that holds more. A snippet whose
reply is shown to be refused (`"success": false`) may fail, and no other.
"""

import dataclasses
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: Printed after each snippet.
END = "\x1e"
#: What a page in front of somebody has, and node (18: both of them) has not.
PAGE = """
globalThis.document = Object.assign(new EventTarget(), { hidden: false, visibilityState: "visible" });
globalThis.crypto ??= (await import("node:crypto")).webcrypto;
"""
EVENT_SOURCE = Path(__file__).with_name("event_source.mjs")


@dataclasses.dataclass
class Snippet:
    where: str
    language: str
    text: str
    shown: str = ""
    shown_as: str = ""

    @property
    def is_refused(self) -> bool:
        return '"success": false' in self.shown


def snippets(page: Path) -> list[Snippet]:
    """Those that run, each with what the page shows of its output."""
    text = page.read_text()
    found: list[Snippet] = []
    for match in FENCE.finditer(text):
        language, content = match.groups()
        where = f"{page.name}:{text.count(chr(10), 0, match.start()) + 1}"
        if language in ("text", "json"):
            assert found, f"{where}: shows the output of nothing"
            assert not found[-1].shown_as, f"{where}: the second output of one snippet"
            found[-1].shown, found[-1].shown_as = content, language
        else:
            found.append(Snippet(where, language, content))
    return found


def run_bash(page: list[Snippet], *, address: str, home: Path, environment: Mapping[str, str] | None = None) -> None:
    """In the folder of the clone, with curl as it is, except that a refusal is a failure."""
    (home / ".curlrc").write_text("fail-with-body\nshow-error\n")
    parts = [f"set {'+e' if one.is_refused else '-e'}\n{one.text}\nprintf '{END}'\n" for one in page]
    script = "set -uo pipefail\n" + "".join(parts)
    _run(["bash"], script, page, address=address, environment={**(environment or os.environ), "CURL_HOME": str(home)})


def run_js(page: list[Snippet], *, node: str, address: str) -> None:
    parts = [f'{one.text}\nprocess.stdout.write("{END}");\n' for one in page]
    page_has = PAGE + EVENT_SOURCE.read_text()
    _run([node, "--input-type=module"], page_has + "".join(parts), page, address=address, environment=os.environ)


def run_python(page: list[Snippet], *, address: str) -> None:
    parts = [f"{one.text}\nprint({END!r}, end='')\n" for one in page]
    _run([sys.executable, "-"], "".join(parts), page, address=address, environment=os.environ)


def _run(command: list[str], script: str, page: list[Snippet], *, address: str, environment: Any) -> None:
    for example in ("http://127.0.0.1:8000", "localhost:8000"):
        script = script.replace(example, address)
    script = script.replace(".venv/bin/python", sys.executable)
    ran = subprocess.run(
        command, input=script, env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    *printed, rest = ran.stdout.split(END)
    failed = page[len(printed)].where if len(printed) < len(page) else ""
    assert not failed, f"{failed} failed:\n{rest}\n{ran.stderr}"
    assert ran.returncode == 0, ran.stderr
    for one, output in zip(page, printed, strict=True):
        _compare(one, output)


def _compare(snippet: Snippet, output: str) -> None:
    if snippet.shown_as == "text":
        assert output.strip() == snippet.shown.strip(), snippet.where
    elif snippet.shown_as == "json":
        assert list(differences(json.loads(output), json.loads(snippet.shown))) == [], snippet.where


def differences(real: Any, shown: Any, at: str = "reply") -> list[str]:
    """Where a real value has another shape than the one that is shown."""
    if real is None or shown is None:
        return []
    if isinstance(shown, dict) and isinstance(real, dict):
        missing = [f"{at}.{name} is missing" for name in shown if name != "..." and name not in real]
        extra = [] if "..." in shown else [f"{at}.{name} is not shown" for name in real if name not in shown]
        both = [name for name in shown if name in real]
        return (
            missing
            + extra
            + [fault for name in both for fault in differences(real[name], shown[name], f"{at}.{name}")]
        )
    if isinstance(shown, list) and isinstance(real, list):
        return [fault for item in real for fault in differences(item, shown[0], f"{at}[]")] if shown else []
    return [] if _kind(real) == _kind(shown) else [f"{at} is {real!r}"]


def _kind(value: Any) -> str:
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
