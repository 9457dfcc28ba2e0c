"""Every knob, read from the environment and named in docs/configuration.md. Each module is a part of the one list that
Django reads: `from django.conf import settings`.

What is set in the environment wins; then come the lines of `DATA_DIR/settings.env`, which `make up` writes so that a
`manage.py` in another terminal judges by the same rules; then the defaults here.
"""

from config.settings.api import *
from config.settings.base import *
from config.settings.celery import *
from config.settings.monitor import *
from config.settings.notifications import *
from config.settings.openapi import *
from config.settings.servers import *
from config.settings.sign_in import *
from config.settings.sms import *
from config.settings.stream import *
from config.settings.web import *
from config.settings.webhooks import *
