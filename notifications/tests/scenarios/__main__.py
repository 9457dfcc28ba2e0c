"""`make scenarios`: starts servers of its own, plays every scenario, and prints the card.

    python -m notifications.tests.scenarios [NAME ...]

With BREAK=rule in the environment that rule is wrong meanwhile. Exit code 0 when every cell is as expected and a rule
that is broken on purpose is noticed; 1 when not; 2 for a name that nobody knows; 130 when it was stopped.
"""

import os
import signal
import sys
import time
from collections.abc import Sequence
from types import FrameType

import django

from config import embedded
from notifications.tests.scenarios import card, script
from notifications.tests.scenarios.script import BadScenario, Scenario

RED, PLAIN = "\x1b[31m", "\x1b[0m"
#: What every card ends with: the proof that it can turn red.
ON_PURPOSE = "recovery"


def main(names: Sequence[str], broken: str) -> int:
    try:
        chosen = [script.load(name) for name in names or script.names()]
    except BadScenario as error:
        return _refuse(str(error))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop_once)
    os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "LOG_LEVEL": "CRITICAL"}
    try:
        with embedded.throw_away_servers("scenarios", fast=True):
            django.setup()
            return _play_all(chosen, broken)
    except KeyboardInterrupt:
        say("\nStopped.")
        return 130


def _play_all(chosen: Sequence[Scenario], broken: str) -> int:
    from django.core.management import call_command  # noqa: PLC0415 (Django has to know its servers first)

    from notifications.tests.scenarios.breaks import BREAKS  # noqa: PLC0415

    if broken and broken not in BREAKS:
        return _refuse(f"BREAK={broken}: no such rule; there are {', '.join(BREAKS)}.")
    call_command("migrate", verbosity=0)
    if broken:
        say(f"With a rule broken on purpose: {BREAKS[broken].says}.\n")
    say(card.heading())
    lines = [_play(scenario, broken) for scenario in chosen]
    say(card.total(lines, paint))
    if broken:
        return 1 if any(not line.ok for line in lines) else 0
    return 0 if _is_noticed(ON_PURPOSE) and all(line.ok for line in lines) else 1


def _play(scenario: Scenario, broken: str = "") -> card.Line:
    from notifications.tests.scenarios.play import clean, play  # noqa: PLC0415 (Django has to be set up)

    started = time.perf_counter()
    found, error = None, ""
    try:
        found = play(scenario, broken=broken, progress=lambda done, of: _progress(scenario.name, done, of))
    except Exception as problem:  # noqa: BLE001 (whatever it was, the line says it, and the others are played)
        error = f"{type(problem).__name__}: {problem}".splitlines()[0]
    line = card.Line(scenario, found, time.perf_counter() - started, error)
    clean()
    say(("\r\x1b[K" if sys.stdout.isatty() else "") + card.row(line, paint))
    return line


def _is_noticed(rule: str) -> bool:
    from notifications.tests.scenarios.breaks import BREAKS  # noqa: PLC0415 (Django has to be set up)

    one = BREAKS[rule]
    say(f"\nAnd with a rule broken on purpose ({one.says}) it is expected to fail:")
    line = _play(script.load(one.seen_by), rule)
    say("and it does." if line.red else paint("and it does NOT: this card would not notice."))
    return bool(line.red)


def _progress(name: str, done: int, of: int) -> None:
    """On a terminal only; elsewhere each line says enough."""
    if sys.stdout.isatty():
        bar = "=" * (30 * done // of)
        sys.stdout.write(f"\r{name.ljust(card.NAME_WIDTH)}[{bar:<30}] {done} of {of} runs")
        sys.stdout.flush()


def paint(text: str) -> str:
    return f"{RED}{text}{PLAIN}" if sys.stdout.isatty() else text


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _refuse(text: str) -> int:
    sys.stderr.write(f"{text}\n")
    return 2


def _stop_once(number: int, frame: FrameType | None) -> None:
    """The first signal ends the run; another one must not disturb what then stops the servers."""
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ.get("BREAK", "")))
