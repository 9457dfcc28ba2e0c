import os
import signal
import sys
from collections.abc import Sequence
from functools import partial
from types import FrameType

from bench import house, measures, results
from bench.measure import Measure
from bench.run import run
from bench.stage import Stage, stopping


def main(words: Sequence[str]) -> int:
    """Measures and reports.

    Returns the exit code: 0 when every bound holds, 1 when one does not or was not measured, 2 for an unknown name,
    130 when it was stopped.
    """
    try:
        chosen = measures.choose(words)
    except measures.Unknown as unknown:
        print(unknown, file=sys.stderr)
        return 2
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop_once)
    print(results.machine())
    try:
        return _measure(chosen)
    except KeyboardInterrupt:
        print("\nStopped; what was measured until then is in", results.FILE)
        return 130


def _measure(chosen: list[tuple[type[Measure], list[str]]]) -> int:
    keep = partial(results.merge, known=measures.keys())
    with house.servers(), Stage(full=bool(os.environ.get("FULL"))) as stage:
        found = run(chosen, stage, empty=house.empty, done=keep)
        elapsed = stage.elapsed
    print(f"\n{results.table(found)}\n\n{elapsed:.0f} s; also in {results.FILE}")
    return exit_code(found)


def exit_code(found: Sequence[results.Result]) -> int:
    return 0 if all(one.ok for one in found) else 1


def _stop_once(number: int, frame: FrameType | None) -> None:
    """The first signal ends the run; another one must not disturb what then stops the servers."""
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)
    stopping.set()
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
