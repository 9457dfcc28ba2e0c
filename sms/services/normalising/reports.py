"""The file of a run: each number before and after, for people and for undoing."""

import contextlib
import csv
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from accounts.numbering import METADATA_VERSION
from sms.models import NumberReview
from sms.services.normalising.rows import Finding

COLUMNS = ("model", "id", "tenant_id", "outcome", "reason", "before", "after", "raw", "metadata_version", "restore")


class BadReport(Exception):
    """The file is no report of a run. The message says where."""


class Report:
    """Rows are on the disk before their transaction is committed, so that whatever was done can be undone."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._writer = csv.writer(file)
        self._writer.writerow(COLUMNS)

    def write(self, findings: Sequence[Finding], *, subject: NumberReview.Subject) -> None:
        self._writer.writerows(
            (
                subject,
                one.row.id,
                one.row.tenant_id or "",
                one.outcome,
                one.reason,
                one.row.number,
                one.after,
                one.row.raw,
                METADATA_VERSION,
                json.dumps(one.restore, default=str) if one.restore else "",
            )
            for one in findings
        )
        self._file.flush()
        os.fsync(self._file.fileno())


@contextlib.contextmanager
def new_report(path: Path) -> Iterator[Report]:
    """Only its owner may read it: it holds people's numbers. Raises FileExistsError rather than lose an older one."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", newline="", encoding="utf-8") as file:
        yield Report(file)


def read_report(path: Path) -> list[dict[str, Any]]:
    """The rows that changed something, last first; `restore` and the ids are read. Raises BadReport and OSError."""
    with path.open(newline="", encoding="utf-8") as file:
        lines = csv.DictReader(file)
        if tuple(lines.fieldnames or ()) != COLUMNS:
            raise BadReport(f"{path} is no report of normalize_phone_numbers: its columns differ.")
        try:
            rows = [_read(line) for line in lines if line["before"] != line["after"] or line["outcome"] == "merged"]
        except (ValueError, TypeError, UnicodeDecodeError, csv.Error) as error:
            raise BadReport(f"{path}, line {lines.line_num}: {error}") from error
    return rows[::-1]


def _read(line: dict[str, Any]) -> dict[str, Any]:
    subject, outcome = NumberReview.Subject(line["model"]), NumberReview.Outcome(line["outcome"])
    tenant_id = str(UUID(line["tenant_id"])) if line["tenant_id"] else None
    restore = json.loads(line["restore"]) if line["restore"] else {}
    return line | {
        "model": subject,
        "outcome": outcome,
        "id": str(UUID(line["id"])),
        "tenant_id": tenant_id,
        "restore": restore,
    }
