"""Celery: the messages are only hints. Every job is a row with state and lease, and a sweeper finds it."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("bellwether")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """A connected receiver is what stops Celery from configuring logging its own way."""


@worker_process_init.connect
def keep_its_processes(**_: Any) -> None:
    """Of a few: were all of them to wait for a frozen Postgres, none would be left to tell the operators."""
    from config.silence import free_whoever_waits  # noqa: PLC0415 (needs the apps)

    free_whoever_waits()
