from typing import Any

from django.core.handlers.wsgi import WSGIHandler


class Utf8Handler(WSGIHandler):
    """Django's handler, for a service whose every text is UTF-8 whatever `Content-Type` says of its charset.

    Django reads the query string by that charset, and Python has codecs that are none of text: `charset=hex` fails
    before there is a request that could be answered.
    """

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        stated = environ.get("CONTENT_TYPE", "")
        if "charset" in stated.lower():
            kept = [part for part in stated.split(";") if not part.strip().lower().startswith("charset")]
            environ = environ | {"CONTENT_TYPE": ";".join(kept)}
        return super().__call__(environ, start_response)
