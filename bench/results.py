import json
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

FILE = Path(__file__).resolve().parent / "results.json"


@dataclass(frozen=True)
class Result:
    """One ratio and the bound it is held against; `relation` is ">=" or "<="."""

    key: str
    value: float
    relation: str
    bound: float
    detail: str

    @property
    def ok(self) -> bool:
        return self.value >= self.bound if self.relation == ">=" else self.value <= self.bound


def machine() -> str:
    import os

    packages = ", ".join(
        f"{name} {version(name)}" for name in ("django", "djangorestframework", "granian", "psycopg2-binary")
    )
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {packages}"


def table(results: list[Result]) -> str:
    lines = [f"{'key':<18}{'value':>8}  {'bound':>8}        detail"]
    for result in results:
        verdict = "ok" if result.ok else "FAILS"
        bound = f"{result.relation} {result.bound:g}"
        lines.append(f"{result.key:<18}{result.value:>8.2f}  {bound:>8}  {verdict:<5} {result.detail}")
    return "\n".join(lines)


def write(results: list[Result]) -> None:
    body = {
        one.key: {"value": round(one.value, 3), "bound": one.bound, "ok": one.ok, "detail": one.detail}
        for one in results
    }
    FILE.write_text(json.dumps(body, indent=2) + "\n")
