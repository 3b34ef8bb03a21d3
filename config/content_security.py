"""Pages run and load only files that we serve. For addresses without pages, api.headers forbids even those."""

from csp.constants import NONE, SELF

POLICY = {
    "EXCLUDE_URL_PREFIXES": [
        "/api/v1/",
        "/api/schema/",
        "/catalog",
        "/files/",
        "/oauth/",
        "/healthz",
        "/readyz",
        "/metrics",
    ],
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "font-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}
