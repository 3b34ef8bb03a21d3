"""Makes workbooks for tests: xlsx with a library, ods by hand, and readers of both for one agency."""

from datetime import UTC, date, datetime
from io import BytesIO
from xml.sax.saxutils import quoteattr
from zipfile import ZIP_DEFLATED, ZipFile
from zoneinfo import ZoneInfo

import xlsxwriter

from p2p_core.payloads.faults import PayloadError
from p2p_core.workbooks import files
from p2p_core.workbooks.values import Clock

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
INDICATORS = {"DOWNLOADS": 1, "HELP_VISITS": 2}
AGENCY = "NO-KRIPOS"
OSLO = Clock(ZoneInfo("Europe/Oslo"))
LOCAL_DAYS = OSLO._replace(local_days=True)
COLUMNS = ("INDICATOR", "FREQ", "TIME_PERIOD", "COUNTRY", "NETWORK", "OBS_VALUE")
UTC_CLOCK = Clock()
LINE = "DOWNLOADS;H;2026-11-24T09:00;NO;ARES;"
HEADER = ";".join(COLUMNS)


def local(*parts):
    """A moment as spreadsheets have it."""
    return datetime(*parts)  # noqa: DTZ001  they know no zones


NINE = local(2026, 11, 24, 9)


def row(period=NINE, value=17, *, frequency="H", country="NO", network="ARES", indicator="DOWNLOADS"):
    return (indicator, frequency, period, country, network, value)


def xlsx(*rows, header=COLUMNS, top=0, left=0, change=None, name="Reports"):
    """A workbook with one sheet; ``change`` may do more with the book, its sheet and a format."""
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "default_date_format": "yyyy-mm-dd hh:mm"}) as book:
        sheet = book.add_worksheet(name)
        for at, cells in enumerate((header, *rows), top):
            sheet.write_row(at, left, cells)
        if change:
            change(book, sheet)
    return content.getvalue()


def csv(*lines, header=HEADER):
    return "\r\n".join((header, *lines, "")).encode()


def rewritten(book, old, new):
    """The workbook with other bytes in all its members."""
    content = BytesIO()
    with ZipFile(BytesIO(book)) as before, ZipFile(content, "w", ZIP_DEFLATED) as after:
        for name in before.namelist():
            after.writestr(name, before.read(name).replace(old, new))
    return content.getvalue()


def ods(*tables, styles="", common=""):
    """A workbook of OpenDocument: each table a name and the XML of its rows.

    Styles are XML too: those of cells, and those of the whole workbook.
    """
    space = "urn:oasis:names:tc:opendocument:xmlns:"
    names = {one: f"{space}{one}:1.0" for one in ("office", "table", "text", "style")}
    names["number"] = f"{space}datastyle:1.0"
    names["calcext"] = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"
    spaces = " ".join(f'xmlns:{one}="{uri}"' for one, uri in names.items())
    inside = "".join(f"<table:table table:name={quoteattr(name)}>{rows}</table:table>" for name, rows in tables)
    document = (
        f'<office:document-content {spaces} office:version="1.3"><office:automatic-styles>{styles}'
        f"</office:automatic-styles><office:body><office:spreadsheet>{inside}"
        "</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        f'<m:manifest xmlns:m="{space}manifest:1.0"><m:file-entry m:full-path="/" '
        'm:media-type="application/vnd.oasis.opendocument.spreadsheet"/></m:manifest>'
    )
    content = BytesIO()
    with ZipFile(content, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", manifest)
        archive.writestr("content.xml", document)
        if common:
            archive.writestr("styles.xml", f"<office:document-styles {spaces}>{common}</office:document-styles>")
    return content.getvalue()


def ods_row(*values, attributes=""):
    """The XML of a row."""
    return f"<table:table-row {attributes}>{''.join(map(ods_cell, values))}</table:table-row>"


def ods_cell(value, attributes=""):
    if value == "":
        return f"<table:table-cell {attributes}/>"
    kind = f'office:value-type="string" {attributes}'
    if isinstance(value, date):
        kind = f'office:value-type="date" office:date-value="{value.isoformat()}" {attributes}'
    elif isinstance(value, int | float):
        kind = f'office:value-type="float" office:value="{value}" {attributes}'
    return f"<table:table-cell {kind}><text:p>{value}</text:p></table:table-cell>"


def read(content, clock=OSLO, now=NOW):
    _, found = files.read(content, received=now, indicators=INDICATORS, agency=AGENCY, clock=clock)
    return found


def reports(content, clock=OSLO, now=NOW):
    """Frequency, start in UTC and total of each report."""
    return [
        (one.frequency, f"{one.period:%Y-%m-%dT%H:%M}", one.total)
        for one in read(content, clock, now).submission.reports
    ]


def refusal(content, clock=OSLO, now=NOW):
    """The error that refuses the content."""
    try:
        found = read(content, clock, now)
    except PayloadError as error:
        return error
    raise AssertionError(f"accepted: {found}")


def faults(content, clock=OSLO, now=NOW):
    return [fault[:2] for fault in refusal(content, clock, now).faults]
