# The day before the month's name, and 24 hours: nobody can take it for another time. Always in UTC (TIME_ZONE).
DATETIME_FORMAT = "j\u00a0M\u00a0Y, H:i"
DATE_FORMAT = "j M Y"
TIME_FORMAT = "H:i"
