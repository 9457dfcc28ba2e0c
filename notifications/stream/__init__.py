"""`GET stream/`: Server-Sent Events for whoever watches, from a process of its own (`manage.py stream`).

An event says that an inbox changed, and never what is in it: the client then polls `recent/`, which is the one source
of truth and knows who may see what. So an event cannot be older than a poll, and ten changes in a row need not be ten
polls.

    app      the ASGI application: lets somebody in, says what was missed, and waits for the end
    hub      the open streams of this process, and what is written to them
    feed     listens to what notifications.poll_store publishes
    store    what else is asked of Redis, without blocking
    notes    what lets somebody in: tickets, and sessions that Postgres vouched for
    events   the bytes of each event
    server   the socket and the server around it

Nobody is let out of sight: a stream stands among its person's before it is asked whether they may be let in, so a
change of that is either seen in the answer or heard of afterwards. Whenever one is heard of, the stream says nothing
until Postgres has judged its session again.
"""
