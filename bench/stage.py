"""What a run of measures shares: a clock, its size, and the processes that run beside a measure."""

import contextlib
import threading
import time
from collections.abc import Callable, Collection
from types import TracebackType
from typing import Any, Self

#: A context manager that starts something, yields how to reach it, and stops it.
Fixture = Callable[[], contextlib.AbstractContextManager[Any]]

#: Somebody wants the run to end. A signal's exception is lost where Python raises it in a finalizer.
stopping = threading.Event()


class Stage:
    """`full` asks for larger sizes."""

    def __init__(self, *, full: bool = False) -> None:
        self.full = full
        self.started = time.monotonic()
        self._open: dict[Fixture, contextlib.ExitStack] = {}
        self._given: dict[Fixture, Any] = {}

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.started

    def say(self, text: str) -> None:
        if stopping.is_set():
            raise KeyboardInterrupt
        print(f"{self.elapsed:6.0f} s  {text} ...", flush=True)

    def prepare(self, needs: Collection[Fixture]) -> None:
        """Ends what is not needed any more and starts what is missing; the same fixture goes on running."""
        for fixture in [one for one in self._open if one not in needs]:
            del self._given[fixture]
            self._open.pop(fixture).close()
        for fixture in needs:
            self.use(fixture)

    def use(self, fixture: Fixture) -> Any:
        """What the fixture yielded."""
        if fixture not in self._open:
            with contextlib.ExitStack() as starting:
                self._given[fixture] = starting.enter_context(fixture())
                self._open[fixture] = starting.pop_all()
        return self._given[fixture]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.prepare(())
