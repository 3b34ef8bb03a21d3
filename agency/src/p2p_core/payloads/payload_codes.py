"""The codes with which a payload can be refused. Each has a status, a title and an advice.

``api.codes`` has all codes. A code never changes its meaning.
"""

from typing import Final, NamedTuple

#: The page of the site that explains each code, at an anchor with the name of the code.
EXPLAINED: Final = "/docs/reference/errors/"


class Code(NamedTuple):
    """What clients read of an error with this code."""

    status: int
    title: str
    advice: str


PAYLOAD_CODES: Final = {
    # The payload cannot be read.
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
    # There is too much of it, or it is of another kind.
    "body_too_large": Code(
        413, "The body is too large", "Send at most 128 MiB, before and after decompression; divide the submission."
    ),
    "too_many_observations": Code(
        413, "There are too many observations", "Send at most 2,000,000 observations; divide the submission."
    ),
    "too_many_reports": Code(413, "There are too many reports", "Send at most 200,000 reports; divide the submission."),
    "too_many_names": Code(
        413,
        "The SDMX-CSV has too many different names and keys, which are not read",
        "Send SDMX-CSV without names of codes (labels=id) and without the columns of keys (keys=none).",
    ),
    "unsupported_media_type": Code(
        415, "The media type is not supported", "Send one of the media types in the answer's header Accept, in UTF-8."
    ),
    # A value breaks a rule.
    "invalid_payload": Code(422, "The payload has faults", "Correct what `errors` lists and send the payload again."),
    "personal_trace": Code(
        422,
        "A text looks like an address, a hash or an e-mail",
        "Send counts only. IP or MAC addresses, hashes and e-mail addresses are not allowed anywhere.",
    ),
    "unknown_field": Code(422, "An unknown member or column", "Send only members and columns that are documented."),
    "missing_field": Code(422, "A member, a column or a cell is missing", "Send what the pointer names."),
    "wrong_type": Code(422, "A member has the wrong type", "Send the type that is documented for the member."),
    "no_reports": Code(422, "There is no report", "Send at least one report."),
    "unknown_indicator": Code(422, "An unknown indicator", "Use a code from /api/v1/indicators/."),
    "unknown_agency": Code(422, "An unknown agency", "Use a code from /api/v1/agencies/."),
    "unknown_country": Code(
        422,
        "An unknown country",
        "Use an ISO 3166-1 alpha-2 code in capitals, XK, or _U for not located. In a query for numbers, also EUROPE, "
        "EU27_2020 or _T.",
    ),
    "group_not_reportable": Code(
        422,
        "A group or total instead of a single country or network",
        "Report single countries and networks; the service computes groups and totals.",
    ),
    "unknown_network": Code(422, "An unknown network", "Use a code from /api/v1/networks/, or _U for not known."),
    "unknown_frequency": Code(
        422,
        "An unknown frequency",
        "Use N (minute), H (hour), D (day) or M (month). In a query, also W (week) or A (year).",
    ),
    "frequency_not_reportable": Code(
        422,
        "Periods of this frequency are computed, not reported",
        "Report minutes (N), hours (H), days (D) or months (M); the service computes weeks and years.",
    ),
    "period_too_early": Code(
        422, "The period is before the year 2017", "Check the year. The Police2Peer campaign began in 2017."
    ),
    "bad_period": Code(
        422,
        "The period is not written in the form of its frequency",
        "Write 2026-11-24T10:15 (N, H), 2026-11-24 (D), 2026-W48 (W), 2026-11 (M) or 2026 (A).",
    ),
    "misaligned_period": Code(
        422,
        "The period does not start on a full minute or hour",
        "Leave out seconds. For an hour, write its first minute, as in 2026-11-24T10:00.",
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
        "Name P2PEU:P2P(1.0.0), P2PEU:DSD_P2P(1.0.0) or your provision agreement. In STRUCTURE, write which of these "
        "you name: dataflow, datastructure or dataprovision.",
    ),
    "foreign_agreement": Code(
        422,
        "The provision agreement is not yours",
        "Name your own: P2PEU:PA_, then your agency's code, then (1.0.0). Or name the dataflow P2PEU:P2P(1.0.0).",
    ),
    "confidential_value": Code(
        422,
        "CONF_STATUS is not F",
        "Leave CONF_STATUS empty or F. Send no confidential values: the rounded sums of all agencies are published.",
    ),
    "computed_attribute": Code(
        422,
        "The service computes this attribute",
        "The pointer names the column. Leave its cells empty, or leave the column out.",
    ),
    "bad_prepared": Code(
        422, "The time of preparation cannot be read", "Write an instant with Z, such as 2026-11-24T10:16:02Z."
    ),
    "prepared_in_future": Code(
        422,
        "The time of preparation is in the future",
        "Set your clock: the time in `prepared` may be at most five minutes after the time of receipt.",
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
    "duplicate_cell": Code(
        422, "A cell is named twice", "Name each pair of country and network only once in a report."
    ),
    "duplicate_report": Code(
        422, "A report is named twice", "Send only one report for each indicator, frequency and period in a submission."
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
        422,
        "The row does not name one single report to withdraw",
        "Name one INDICATOR, FREQ and TIME_PERIOD in each row with ACTION D.",
    ),
    "nothing_not_alone": Code(
        422,
        "A row _T,_T,0 is not alone in its report",
        "Use a row _T,_T,0 only for a report in which nothing happened. It must be the only row of the report.",
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
