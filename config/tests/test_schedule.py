"""Conventions: what beat is told to call exists."""

from django.conf import settings

from config.celery import app


def test_every_scheduled_task_exists() -> None:
    app.loader.import_default_modules()
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert entry["task"] in app.tasks


def test_the_task_that_is_sent_by_name_exists() -> None:
    app.loader.import_default_modules()
    assert "sms.tasks.dispatch" in app.tasks
