"""Every code that an error can carry, with its status, its title and advice.

``docs/reference/errors.md`` lists the same codes; a test keeps the two equal. A code never changes its meaning.
"""

from typing import Final

from p2p_core.payloads.payload_codes import PAYLOAD_CODES, Code

#: Requests that cannot be read.
_UNREADABLE: Final = {
    "bad_request": Code(400, "The request cannot be read", "Send a well-formed HTTP request."),
    "bad_gzip": Code(400, "The body is not gzip", "Send complete gzip data, or leave Content-Encoding out."),
    "unknown_parameter": Code(
        400, "Unknown query parameter", "Use only the query parameters that are documented for this address."
    ),
    "repeated_parameter": Code(400, "A query parameter comes twice", "Give each query parameter once."),
    "missing_parameter": Code(
        400, "A query parameter is missing", "Give the query parameter. Its name is in `parameter`."
    ),
    "bad_parameter": Code(400, "The value of a query parameter cannot be used", "Give one of the documented values."),
    "bad_cursor": Code(400, "The cursor cannot be read", "Follow the link in `next` unchanged."),
    "bad_idempotency_key": Code(
        400, "The Idempotency-Key cannot be used", "Send 1 to 255 printable ASCII characters, such as a UUID."
    ),
}

#: Access, methods, media types and load.
_REFUSED: Final = {
    "not_authenticated": Code(
        401, "Authentication is needed", "Send the header Authorization: Bearer with a token from /oauth/token/."
    ),
    "invalid_token": Code(
        401,
        "The token is not valid",
        "Get a new token. If that fails, the credential has ended or was revoked: ask a coordinator.",
    ),
    "permission_denied": Code(403, "This is not allowed", "Ask a coordinator whether you should have access."),
    "insufficient_scope": Code(
        403, "The token lacks a scope", "Get a token with the scope that WWW-Authenticate names."
    ),
    "network_not_allowed": Code(
        403,
        "The credential may not be used from here",
        "Send from the networks that the credential is restricted to, or ask a coordinator to add yours.",
    ),
    "csrf_failed": Code(403, "The form has expired", "Load the page again and send the form from there."),
    "not_found": Code(404, "There is nothing here", "Check the address; /api/docs/ lists all of them."),
    "finding_not_found": Code(
        404,
        "Your agency has no finding with this id",
        "Use an id from /api/v1/findings/ or from the answer to a submission.",
    ),
    "effect_not_found": Code(
        404,
        "There is no intervention with this id",
        "Use an id from /api/v1/effects/. With as_of, give an instant after the intervention was registered.",
    ),
    "method_not_allowed": Code(405, "The method is not allowed here", "Use a method that the header Allow names."),
    "not_acceptable": Code(
        406, "No form of the answer fits Accept", "Name one of the documented media types in Accept."
    ),
    "finding_resolved": Code(
        409, "The finding is resolved", "No answer is needed any more; read its resolution and reason."
    ),
    "unsupported_encoding": Code(
        415, "The content encoding is not supported", "Send the body as it is or with Content-Encoding: gzip."
    ),
    "throttled": Code(429, "Too many requests", "Wait as many seconds as Retry-After says, then try again."),
    "internal_error": Code(500, "Something went wrong here", "Try again. If it happens again, send us the request_id."),
    "busy": Code(503, "The service is busy", "Try again after as many seconds as Retry-After says."),
    "not_stored": Code(
        503,
        "The submission could not be stored",
        "Nothing of the submission was stored. Send it again after as many seconds as Retry-After says, with the same "
        "Idempotency-Key.",
    ),
    "not_ready": Code(503, "A part of the service is not ready", "Try again in a minute."),
    "clocks_disagree": Code(
        503,
        "The clocks of the service disagree",
        "Nothing was stored. Send it again after as many seconds as Retry-After says.",
    ),
}

#: SDMX queries.
_SDMX: Final = {
    "bad_sdmx_query": Code(400, "The SDMX query cannot be read", "Write the path as in the SDMX REST API."),
    "unknown_structure": Code(
        404,
        "There is no such structure",
        "Ask /sdmx/2.1/structure or /sdmx/3.0/structure, with detail=allcompletestubs, for a list of all.",
    ),
    "agency_not_published": Code(
        403,
        "The numbers of one agency are not published",
        "Ask for the combined view: the dataflow P2P, or its provision agreement PA_P2P.",
    ),
    "too_much_data": Code(
        413, "There are too many observations for one answer", "Ask for fewer series, or for a shorter time."
    ),
    "not_implemented": Code(
        501, "This is not offered here", "Leave out this part of the request, or use one of the documented values."
    ),
}

#: Signatures.
_SIGNATURES: Final = {
    "signature_required": Code(
        403,
        "Submissions of this agency must be signed",
        "Sign the request with a key that is registered for the agency.",
    ),
    "signature_malformed": Code(
        400,
        "The signature cannot be read",
        "Send one signature as in RFC 9421, with the same label in Signature and in Signature-Input. Signature-Input "
        "needs keyid. If it has alg, this must be ed25519. If Date is covered, it must be a date as in HTTP.",
    ),
    "signature_component_refused": Code(
        400,
        "The signature covers a part that cannot be verified",
        "Cover only documented parts that the request has. Cover each once and without parameters.",
    ),
    "signature_incomplete": Code(
        403,
        "The signature does not cover enough",
        "Cover the method, the path, the query if there is one, and the content headers. Give a time too: created, or "
        "a covered Date.",
    ),
    "content_digest_unsupported": Code(
        400, "The Content-Digest cannot be used", "Give sha-256 or sha-512 as in RFC 9530, and neither of them twice."
    ),
    "content_digest_mismatch": Code(
        403,
        "The body differs from the one that was signed",
        "Hash the body as you send it: if you compress the body, hash the compressed body.",
    ),
    "signature_key_unknown": Code(
        403,
        "No such key is registered",
        "Use the keyid that was shown when the key was registered, or ask a coordinator to register the key.",
    ),
    "signature_key_foreign": Code(
        403, "The key is another agency's", "Sign with a key of the agency to which the token belongs."
    ),
    "signature_key_revoked": Code(
        403,
        "The key was revoked",
        "Make a new key pair, ask a coordinator to register the public key, and sign with the new key.",
    ),
    "signature_key_expired": Code(
        403,
        "The key has expired",
        "Make a new key pair, ask a coordinator to register the public key, and sign with the new key.",
    ),
    "signature_invalid": Code(
        403,
        "The signature does not fit the request",
        "Check that the signed text equals the request, byte for byte, and that the private key belongs to the keyid.",
    ),
    "signature_too_old": Code(
        403, "The signature is too old", "Sign at most five minutes before you send. Check your clock."
    ),
    "signature_too_new": Code(
        403,
        "The signature is from the future",
        "Set your clock. It may differ from the server's clock by at most five minutes.",
    ),
    "signature_replayed": Code(
        409,
        "This signature was used before",
        "Make a new signature for each submission. To repeat a submission that may have arrived, use an "
        "Idempotency-Key.",
    ),
}

#: Public queries that have no answer.
_NOT_PUBLIC: Final = {
    "end_before_start": Code(422, "The range ends before it starts", "Give an end that is not before start."),
    "detail_not_published": Code(
        422,
        "The country or group is not published this finely",
        "The answer says in `withheld`, under `published`, which frequencies are published. Ask for one of these, "
        "for other countries or groups, or for country=* or network=*.",
    ),
    "networks_not_published": Code(
        422,
        "Networks are not published at this frequency",
        "Minutes and hours are published over all networks only: leave network out, or use _T. Days, weeks, months "
        "and years are published for each network too.",
    ),
    "unknown_panel": Code(422, "A panel of this length does not exist", "Use 12, 24 or 36: the number of months."),
    "panel_frequency_not_published": Code(
        422, "Panels are not published at this frequency", "Ask for weeks (W) or months (M), or leave panel out."
    ),
    "panel_networks_not_published": Code(
        422, "Panels are not published for single networks", "Leave network out or use _T, or leave panel out."
    ),
    "minutes_not_published": Code(
        422,
        "These minutes are not public",
        "Minutes are public for two hours. For earlier times, ask for hours (H) or coarser periods.",
    ),
    "vintages_not_kept": Code(
        422,
        "Past views of minutes are not kept",
        "Use as_of only with hours (H) or coarser periods. For minutes, leave it out.",
    ),
    "bad_as_of": Code(422, "The time of as_of cannot be read", "Write an instant with Z: 2026-12-01T00:01:07.482Z."),
    "as_of_in_future": Code(422, "The time of as_of has not come yet", "Give an instant that has passed."),
    "unknown_window": Code(422, "An unknown window", "Use P1D, P7D, P30D or P365D."),
    "unknown_language": Code(422, "An unknown language", "Use a language tag that CLDR knows, such as nb or pt-BR."),
}

#: Refusals of /oauth/token/. RFC 6749 names them, and allows no quotes in the texts.
TOKEN_CODES: Final = {
    "invalid_request": Code(
        400, "The request for a token cannot be read", "Send a form with grant_type=client_credentials."
    ),
    # The text is equal for each reason, so that it does not say whether a client_id exists.
    "invalid_client": Code(
        401,
        "The credential was not accepted",
        "Check that client_id and client_secret are complete, and that you send them either in the header "
        "Authorization: Basic or in the form. If they are right, the credential has expired or was revoked: ask a "
        "coordinator.",
    ),
    "unauthorized_client": Code(
        400,
        "The credential may not be used from here",
        "Send from the networks that the credential is restricted to, or ask a coordinator to add yours.",
    ),
    "unsupported_grant_type": Code(400, "Unknown grant type", "Expected for grant_type: client_credentials."),
    "invalid_scope": Code(
        400,
        "The credential lacks a scope that was asked for",
        "Name only scopes that the credential has, or leave scope out to get all of these.",
    ),
}

CODES: Final[dict[str, Code]] = _UNREADABLE | _REFUSED | _SDMX | _SIGNATURES | PAYLOAD_CODES | _NOT_PUBLIC
