"""Every code that an error can carry, with its status, its title and advice: the one table.

``docs/reference/errors.md`` lists the same codes; a test keeps the two equal. A code never changes its meaning.
"""

from typing import Final, NamedTuple


class Code(NamedTuple):
    """What clients read of an error with this code."""

    status: int
    title: str
    advice: str


#: Requests that cannot be read.
_UNREADABLE: Final = {
    "bad_request": Code(400, "The request cannot be read", "Send a well-formed HTTP request."),
    "bad_gzip": Code(400, "The body is not gzip", "Send complete gzip data, or leave Content-Encoding out."),
    "not_utf8": Code(400, "The body is not UTF-8", "Encode the body as UTF-8."),
    "nul_character": Code(400, "The body contains a NUL character", "Leave NUL characters out."),
    "not_json": Code(
        400, "The body is not JSON", "Send one JSON object as in RFC 8259; NaN and Infinity are not JSON numbers."
    ),
    "duplicate_member": Code(400, "An object names a member twice", "Name each member of an object once."),
    "not_csv": Code(
        400,
        "The body is not CSV",
        "Send rows as in RFC 4180, with commas or semicolons between the cells. Each row needs as many cells as the "
        "header row.",
    ),
    "duplicate_column": Code(400, "The header names a column twice", "Name each column once."),
    "unknown_parameter": Code(
        400, "A query parameter is not known", "Use only the query parameters that are documented for this address."
    ),
    "repeated_parameter": Code(400, "A query parameter comes twice", "Give each query parameter once."),
    "missing_parameter": Code(400, "A query parameter is missing", "Give the query parameter that `parameter` names."),
    "bad_parameter": Code(400, "A query parameter has an unknown value", "Give one of the documented values."),
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
    "method_not_allowed": Code(405, "The method is not allowed here", "Use a method that the header Allow names."),
    "not_acceptable": Code(
        406, "No form of the answer fits Accept", "Name one of the documented media types in Accept."
    ),
    "finding_resolved": Code(
        409, "The finding is resolved", "No answer is needed any more; read its resolution and reason."
    ),
    "body_too_large": Code(
        413, "The body is too large", "Send at most 128 MiB, before and after decompression; divide the submission."
    ),
    "too_many_observations": Code(
        413, "There are too many observations", "Send at most 2,000,000 observations; divide the submission."
    ),
    "too_many_reports": Code(413, "There are too many reports", "Send at most 200,000 reports; divide the submission."),
    "too_many_names": Code(
        413,
        "There are too many names and keys beside the codes",
        "Send codes without names (labels=id) and rows without keys (keys=none).",
    ),
    "unsupported_media_type": Code(
        415, "The media type is not supported", "Send one of the media types that Accept names, in UTF-8."
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

#: Payloads and values that break a rule.
_BROKEN_RULES: Final = {
    "invalid_payload": Code(422, "The payload has faults", "Correct what `errors` lists and send the payload again."),
    "personal_trace": Code(
        422,
        "A text looks like an address, a hash or an e-mail",
        "Send counts only. IP or MAC addresses, hashes and e-mail addresses are not allowed anywhere.",
    ),
    "unknown_field": Code(422, "An unknown member", "Send the documented members only."),
    "missing_field": Code(422, "A member is missing", "Send the member that the pointer names."),
    "wrong_type": Code(422, "A member has the wrong type", "Send the type that is documented for the member."),
    "no_reports": Code(422, "There is no report", "Send at least one report."),
    "unknown_indicator": Code(422, "An unknown indicator", "Use a code from /api/v1/indicators/."),
    "unknown_agency": Code(422, "An unknown agency", "Use a code from /api/v1/agencies/."),
    "unknown_country": Code(
        422, "An unknown country", "Use an ISO 3166-1 alpha-2 code in capitals, XK, or _U for not located."
    ),
    "group_not_reportable": Code(
        422,
        "A group or total instead of a single country or network",
        "Report single countries and networks; the service computes groups and totals.",
    ),
    "unknown_network": Code(422, "An unknown network", "Use a code from /api/v1/networks/, or _U for not known."),
    "unknown_frequency": Code(
        422, "An unknown frequency", "In a report, use N, H, D or M. In a query, use N, H, D, W, M or A."
    ),
    "frequency_not_reportable": Code(
        422,
        "Periods of this frequency are computed, not reported",
        "Report minutes (N), hours (H), days (D) or months (M); the service computes weeks and years.",
    ),
    "period_too_early": Code(422, "The period is before the year 2000", "Check the year; the campaign began in 2017."),
    "bad_period": Code(
        422,
        "The period is not written in the form of its frequency",
        "Write 2026-11-24T10:15 (N, H), 2026-11-24 (D) or 2026-11 (M).",
    ),
    "misaligned_period": Code(
        422, "The period does not start on a full minute or hour", "Give the first minute of the hour, and no seconds."
    ),
    "not_utc": Code(422, "The time is not in UTC", "Give the time in UTC, with Z or without an offset."),
    "period_not_ended": Code(422, "The period has not ended", "Report a period after it has ended in UTC."),
    "bad_status": Code(422, "An unknown status", "Use A (final) or P (provisional)."),
    "mixed_status": Code(422, "A report has two statuses", "Give all rows of a report the same OBS_STATUS."),
    "bad_action": Code(
        422,
        "An unknown action",
        "For the rows of a whole report, use R, I or A, or leave ACTION empty. To withdraw a report, use D.",
    ),
    "merge_refused": Code(
        422,
        "Reports cannot be merged",
        "Send the whole report with ACTION R, including the observations that did not change.",
    ),
    "bad_structure": Code(
        422, "An unknown kind of structure", "Use dataflow, datastructure or dataprovision, or leave STRUCTURE out."
    ),
    "foreign_structure": Code(
        422,
        "The rows belong to another structure",
        "Name P2PEU:P2P(1.0.0), P2PEU:DSD_P2P(1.0.0) or your provision agreement, each with its own value of "
        "STRUCTURE.",
    ),
    "foreign_agreement": Code(
        422,
        "The provision agreement is not yours",
        "Name your own: P2PEU:PA_, then your agency's code, then (1.0.0). Or name the dataflow P2PEU:P2P(1.0.0).",
    ),
    "confidential_value": Code(
        422,
        "CONF_STATUS is not F",
        "Leave CONF_STATUS empty or F. Every report is published, rounded, so send no confidential values.",
    ),
    "computed_attribute": Code(
        422, "The service computes this attribute", "Leave the column that the pointer names empty, or leave it out."
    ),
    "bad_prepared": Code(
        422, "The time of preparation cannot be read", "Write an instant with Z, such as 2026-11-24T10:16:02Z."
    ),
    "prepared_in_future": Code(
        422,
        "The time of preparation is in the future",
        "Set your clock: prepared may be at most five minutes after the time of receipt.",
    ),
    "not_a_number": Code(422, "The value is not a number", "Give a whole number from 0 to 1,000,000,000."),
    "missing_value": Code(
        422,
        "There is no value",
        "Give a whole number. A cell that is not in a report is zero, so report a period only after all of it is "
        "counted.",
    ),
    "negative_value": Code(422, "The value is negative", "Give a whole number from 0 to 1,000,000,000."),
    "fractional_value": Code(422, "The value is not whole", "Give a whole number, without decimal point or exponent."),
    "value_too_large": Code(422, "The value is too large", "Give a whole number from 0 to 1,000,000,000."),
    "duplicate_cell": Code(422, "A cell is named twice", "Name each country and network of a report once."),
    "duplicate_report": Code(
        422, "A report is named twice", "Name each indicator, frequency and period of a submission once."
    ),
    "withdrawn_with_observations": Code(
        422,
        "A withdrawn report has observations",
        "Send either withdrawn: true or observations; in CSV, leave OBS_VALUE empty where ACTION is D.",
    ),
    "partial_withdrawal": Code(
        422,
        "Single cells cannot be withdrawn",
        "To withdraw the report, leave COUNTRY and NETWORK empty. To remove one cell, send the whole report again "
        "without it.",
    ),
    "open_withdrawal": Code(
        422, "Reports are withdrawn one by one", "Name one INDICATOR, FREQ and TIME_PERIOD in each row with ACTION D."
    ),
    "nothing_not_alone": Code(
        422,
        "A row _T,_T,0 is not alone in its report",
        "Use a row _T,_T,0 only alone, for a report in which nothing happened.",
    ),
    "unknown_answer": Code(422, "An unknown answer", "Use confirmed, will_resubmit or cannot_fix."),
    "empty_remark": Code(422, "The remark is empty", "Write something, or leave remark out."),
    "remark_too_long": Code(422, "The remark is too long", "Send at most 1,000 characters."),
    "control_character": Code(
        422, "The remark contains a control character", "Leave control characters out, except tabs and ends of lines."
    ),
    "idempotency_key_reused": Code(
        422, "The Idempotency-Key was used for another body", "Use a new key for a new submission."
    ),
}

#: Public queries that have no answer.
_NOT_PUBLIC: Final = {
    "end_before_start": Code(422, "The range ends before it starts", "Give an end that is not before start."),
    "detail_not_published": Code(
        422,
        "The country or group is not published this finely",
        "`withheld` lists the frequencies at which it is published. Ask for one of these, leave the series out, or ask "
        "for country=* or network=*.",
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

CODES: Final[dict[str, Code]] = _UNREADABLE | _REFUSED | _SDMX | _SIGNATURES | _BROKEN_RULES | _NOT_PUBLIC
