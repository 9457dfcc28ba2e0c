"""The event stream, which is a process of its own: manage.py stream."""

from config.settings.base import env

#: Where the web process sends who asks it for the stream: an address, or "" for its own host at STREAM_PORT.
STREAM_URL = env.str("STREAM_URL", default="")
STREAM_PORT = env.int("STREAM_PORT", default=8001)
#: Open at once: in one process, and of one person in it.
STREAM_CONNECTIONS = env.int("STREAM_CONNECTIONS", default=15_000)
STREAMS_PER_PERSON = env.int("STREAMS_PER_PERSON", default=20)
STREAM_HEARTBEAT_SECONDS = env.int("STREAM_HEARTBEAT_SECONDS", default=15)
STREAM_TICKET_SECONDS = env.int("STREAM_TICKET_SECONDS", default=30)
