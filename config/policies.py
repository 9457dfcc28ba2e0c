"""Content-Security-Policies: what a page may load and run. docs/security.md says why each exception is there."""

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE

#: Our own pages: nothing inline, nothing from elsewhere. The stream's address is added to `connect-src`.
PAGES = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF],
    "img-src": [SELF],
    "font-src": [SELF],
    "connect-src": [SELF],
    "form-action": [SELF],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
}
#: Unfold's pages run Alpine, which evaluates the expressions in its attributes, and set styles in attributes.
ADMIN = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE], "img-src": [SELF, "data:"]}
#: Swagger UI writes style elements and shows images that its style sheet holds.
REFERENCE = {"style-src": [SELF, UNSAFE_INLINE], "img-src": [SELF, "data:"], "form-action": [NONE]}
