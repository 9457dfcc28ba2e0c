"""The stream process's application, for any ASGI server; `manage.py stream` is ours. Nothing else runs under ASGI."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

from config.exceptions import problem  # noqa: E402 (needs the apps)
from notifications.stream.app import StreamApp  # noqa: E402

application = StreamApp(problem=problem)
