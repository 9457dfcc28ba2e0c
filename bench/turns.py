"""Side by side: whatever else the machine does falls on every way alike."""

from collections.abc import Callable, Mapping, Sequence

TURNS = 20


def in_turns(ways: Mapping[str, Callable[[], float]], *, turns: int = TURNS) -> dict[str, list[float]]:
    """Calls every way once a turn, in the order given, and keeps what it returned. The first turn only warms up."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(turns + 1):
        for name, way in ways.items():
            value = way()
            if turn:
                found[name].append(value)
    return found


def ratios(these: Sequence[float], those: Sequence[float]) -> list[float]:
    """Divided turn by turn."""
    return [one / other for one, other in zip(these, those, strict=True)]
