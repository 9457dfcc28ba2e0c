"""What people are told: the inbox, storms and digests, and how it is handed over."""

from datetime import timedelta

from config.settings.base import env

POLL_INTERVAL_SECONDS = env.int("POLL_INTERVAL_SECONDS", default=30)
#: Polls that everybody together may make before X-Poll-Interval grows, and that one person may make at all.
POLLS_PER_SECOND = env.int("POLLS_PER_SECOND", default=300)
POLLS_PER_MINUTE = env.int("POLLS_PER_MINUTE", default=240)
UNREAD_COUNT_CAP = 1000  # the contract's; a longer count tells a person nothing more
RETENTION_DAYS = env.int("RETENTION_DAYS", default=30)
#: Categories that nobody can switch off in the inbox and by e-mail; security is one whatever is named here.
MANDATORY_CATEGORIES = env.list("MANDATORY_CATEGORIES", default=["security"])
#: Of more than so many deliveries to one person on one channel within the window, the rest is told in a summary;
#: 0: never.
STORM_LIMIT = env.int("STORM_LIMIT", default=10)
STORM_WINDOW = timedelta(minutes=env.int("STORM_WINDOW_MINUTES", default=10))
#: A storm that goes on longer is summed up all the same.
STORM_LONGEST = timedelta(minutes=env.int("STORM_LONGEST_MINUTES", default=60))
#: How many of its notifications a digest names; the rest is counted.
DIGEST_LINES = env.int("DIGEST_LINES", default=20)
#: Nobody is left snoozing for longer by mistake.
SNOOZE_LONGEST = timedelta(days=env.int("SNOOZE_LONGEST_DAYS", default=30))
#: Where the front end sells credits: an absolute address or a path on its site. Without one, warnings have no button.
TOP_UP_URL = env.str("TOP_UP_URL", default="")

#: How long one worker may hold what it hands over; half of it is for handing over.
DELIVERY_LEASE = timedelta(seconds=env.int("DELIVERY_LEASE_SECONDS", default=120))
#: A channel that has taken nothing for so long, while messages wait to be tried again, is a problem.
DELIVERY_BLOCKED_AFTER = timedelta(minutes=env.int("DELIVERY_BLOCKED_AFTER_MINUTES", default=15))
DELIVERY_SWEEP_SECONDS = env.int("DELIVERY_SWEEP_SECONDS", default=15)
#: The tenant (its slug) whose credits pay for SMS notifications; without one there are none.
NOTIFICATION_SMS_TENANT = env.str("NOTIFICATION_SMS_TENANT", default="")
NOTIFICATION_SMS_SENDER = env.str("NOTIFICATION_SMS_SENDER", default="Bellwether")
#: Credits that all SMS notifications of one day (UTC) may cost together.
NOTIFICATION_SMS_DAILY_CREDITS = env.int("NOTIFICATION_SMS_DAILY_CREDITS", default=200)
