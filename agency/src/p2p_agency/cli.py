"""The commands of `p2p-agency`. Each is one function; docs/reference/p2p-agency.md describes them."""

import json
import os
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from p2p_agency import messages, reference, settings
from p2p_agency.client import Client, ProblemError
from p2p_agency.errors import AgencyError, AwayError, RefusedError, SetUpError
from p2p_agency.failures import Commands
from p2p_agency.outbox import Entry, Outbox
from p2p_agency.reference import Reference
from p2p_agency.settings import Settings
from p2p_agency.words import amount
from p2p_core import periods
from p2p_core.payloads.answers import ANSWERS
from p2p_core.scopes import READ_OWN, SUBMIT

_NEEDED: Final = frozenset({SUBMIT, READ_OWN})
#: The states of findings, as the federation names them.
_STATES: Final = ("open", "answered", "resolved")
#: From so many submissions on, progress is shown.
_MANY: Final = 3
_STAYS: Final = "Your reports stay in the outbox. Send them later with: p2p-agency send"


@click.group(cls=Commands)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar="P2P_AGENCY_CONFIG",
    default=lambda: Path(click.get_app_dir("p2p-agency")) / "settings.toml",
    help="The file with the settings. By default: $P2P_AGENCY_CONFIG, or settings.toml in your folder for settings.",
)
@click.version_option(package_name="p2p-agency")
@click.pass_context
def main(context: click.Context, config: Path) -> None:
    """Check and send the counts of an agency to a Police2Peer federation."""
    context.obj = config


def _parse_address(_context: click.Context, _option: click.Parameter, value: str) -> str:
    try:
        return settings.parse_address(value)
    except ValueError as error:
        message = str(error)
        raise SetUpError(f"{message[0].upper()}{message[1:]}.") from None


@main.command()
@click.option(
    "--address",
    prompt="Address of the federation",
    callback=_parse_address,
    help="Such as https://federation.example.org.",
)
@click.option("--id", "client_id", prompt="Id of the credential", help="The id that your coordinator gave you.")
@click.pass_obj
def init(path: Path, address: str, client_id: str) -> None:
    """Test and store the address and the credential.

    Only you can read the stored file.

    The command asks for the secret. In a script, put the secret into the environment variable P2P_AGENCY_SECRET. No
    option takes it, because all users of a machine can read the options of a command.
    """
    secret = os.environ.get("P2P_AGENCY_SECRET") or click.prompt("Secret of the credential", hide_input=True)
    given = Settings(path, address, client_id.strip(), secret.strip())
    client = Client(given)
    missing = _NEEDED - client.scopes()
    if missing:
        raise SetUpError(f"The credential lacks {', '.join(sorted(missing))}. Ask your coordinator for another one.")
    settings.store(path, {"address": address, "client_id": given.client_id, "client_secret": given.client_secret})
    known = reference.refresh(settings.load(path), client)
    _warn_about_clock(client)
    click.echo(f"{address} accepts this credential. The settings are in {path}.\n{known}")


@main.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def template(path: Path, file: Path) -> None:
    """Write an empty workbook with lists to choose from."""
    from p2p_agency import files
    from p2p_core.workbooks import writing

    known = reference.load(settings.load(path))
    files.write_new(file, writing.template(known.indicators, clock=known.clock, year=datetime.now(UTC).year))
    name = files.shown(file)
    click.echo(f"{known}\nFill in the sheet Reports of {name}. Then run: p2p-agency check {name}")


@main.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, for programs.")
@click.option(
    "--marked",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the values of the file into a new workbook, in which the faulty cells are coloured.",
)
@click.pass_context
def check(context: click.Context, file: Path, as_json: bool, marked: Path | None) -> None:  # noqa: FBT001
    """Check a file as the federation would, without a network."""
    from p2p_agency import check as checking
    from p2p_agency import files
    from p2p_core.workbooks.files import kind_of

    given = settings.load(context.obj)
    (content, _), known = files.load(file), reference.load(given)
    verdict, refusal = checking.check(content, files.context_of(known, given.agency), datetime.now(UTC), given.address)
    told = messages.of_file(file, list(checking.lines(verdict))) if refusal else checking.lines(verdict)
    click.echo(json.dumps(verdict, indent=1) if as_json else "\n".join(told))
    if marked:
        click.echo(checking.write_marked(marked, content, refusal), err=as_json)
    if "workbook" in (kind_of(content), verdict.get("kind")) and not as_json:
        click.echo(known)
    if refusal:
        context.exit(RefusedError.exit_code)


@main.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Only show what would become of the reports. Nothing is stored.")
@click.option("--again", is_flag=True, help="Send again a file that was sent before, as your newest report.")
@click.option(
    "--wait", default=90, show_default=True, help="How many seconds to try if the federation cannot be reached."
)
@click.pass_obj
def send(path: Path, files: Sequence[Path], dry_run: bool, again: bool, wait: int) -> None:  # noqa: FBT001
    """Check files and send them. Without a file, send the submissions that wait in the outbox."""
    from p2p_agency import bodies, previews

    given = settings.load(path)
    client = Client(given)
    if files:
        reference.refresh_if_possible(given, client)
    # All files are read before the first submission is sent.
    try:
        made = bodies.of_files(files, given, client.now, again=again)
    except RefusedError:
        _warn_about_clock(client)
        raise
    for warning in made.warnings:
        click.echo(warning, err=True)
    if dry_run:
        click.echo("\n".join(previews.lines(client, list(made.bodies))))
        _warn_about_clock(client)
        _show_zone(made.local)
        return
    outbox = _open_outbox(given)
    outbox.belong_to(client)
    keys = list(dict.fromkeys(outbox.add(body) for body in made.bodies))
    before = outbox.get(keys)
    if keys and all(one.state == "accepted" for one in before):
        click.echo(messages.SENT_BEFORE)
    settled = _send_waiting(outbox, client, wait)
    try:
        _show_results(outbox.get(keys) if keys else settled, newest=bool(again and keys))
    finally:
        _show_zone(made.local)


def _open_outbox(given: Settings) -> Outbox:
    """The outbox, which is closed when the command ends."""
    return click.get_current_context().with_resource(closing(Outbox(given.outbox)))


def _send_waiting(outbox: Outbox, client: Client, wait: float) -> list[Entry]:
    """Send all waiting submissions, and return the settled ones. Stop if none was settled for ``wait`` seconds."""
    last, settled = time.monotonic(), []
    waiting = outbox.count().get("waiting", 0)

    def settle(one: Entry) -> None:
        nonlocal last
        last = time.monotonic()
        settled.append(one)
        progress.update(1)

    with click.progressbar(length=waiting, label="Sending", hidden=waiting < _MANY) as progress:
        while True:
            try:
                outbox.send(client, at_once=True, on_settled=settle)
                break
            except AwayError as away:
                pause = outbox.wait_left()
                if time.monotonic() + pause - last > wait:
                    _warn_about_clock(client)
                    raise AwayError(f"{away}\n{_STAYS}") from None
                click.echo(f"{away} Trying again in {pause:.1f} seconds.", err=True)
                time.sleep(pause)
            except AgencyError:
                click.echo(_STAYS, err=True)
                raise
    _warn_about_clock(client)
    return settled


def _show_zone(local: Reference | None) -> None:
    if local:
        click.echo(local)


def _show_results(stored: Sequence[Entry], *, newest: bool) -> None:
    """Print them, and raise an error unless all were accepted. If they must be the ``newest``, all must be in use."""
    click.echo("\n".join(messages.of_entries(stored)) or "No submission waits in the outbox.")
    if any(one.state == "refused" for one in stored):
        raise RefusedError("Correct the faults that are listed above. Then send the file again.")
    if any(one.state == "waiting" for one in stored):
        raise AwayError(_STAYS)
    if newest and any(one.answer["outcomes"].get("superseded") for one in stored):
        raise RefusedError(messages.NOT_NEWEST)


def _warn_about_clock(client: Client) -> None:
    if client.clock_fault:
        click.echo(f"Warning: {client.clock_fault}", err=True)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--quiet",
    type=click.IntRange(0),
    default=5,
    show_default=True,
    help="A file is complete if it has not changed for so many seconds.",
)
@click.pass_obj
def watch(path: Path, folder: Path, quiet: int) -> None:
    """Send each new file of a folder, and write its result beside it."""
    from p2p_agency import watch as watching

    given = settings.load(path)
    watching.run(folder, given, _open_outbox(given), quiet=quiet, say=click.echo)


@main.command()
@click.pass_obj
def collect(path: Path) -> None:
    """Count finished transfers, and send a report each minute."""
    from p2p_agency.collect import command

    command.run(settings.load(path))


@main.command()
@click.argument("indicator")
@click.argument("frequency", type=click.Choice([one.value for one in periods.REPORTABLE]))
@click.argument("first")
@click.argument("last", required=False)
@click.option("--yes", is_flag=True, help="Withdraw the reports without a question.")
@click.pass_obj
def withdraw(path: Path, indicator: str, frequency: str, first: str, last: str | None, yes: bool) -> None:  # noqa: FBT001
    """Withdraw your reports for the periods from FIRST to LAST.

    FREQUENCY is N (minutes), H (hours), D (days) or M (months). Write periods as in reports: 2026-11-24T09:00,
    2026-11-24, 2026-11.
    """
    from p2p_agency import bodies

    given = settings.load(path)
    client = Client(given)
    figures = client.pages(
        "figures/", "figures", indicator=indicator, frequency=frequency, start=first, end=last or first
    )
    reported = {
        one["period"]: sum(cell["value"] for cell in one["observations"])
        for one in figures
        if one["source"] == "reported"
    }
    if not reported:
        raise RefusedError(messages.NOT_IN_USE)
    for period, total in reported.items():
        click.echo(f"{indicator} {period}: {total:,}")
    if not yes:
        click.confirm(f"Withdraw {amount(len(reported), 'report')}?", abort=True)
    outbox = _open_outbox(given)
    outbox.belong_to(client)
    keys = [outbox.add(body) for body in bodies.of_withdrawals(indicator, frequency, list(reported), client.now())]
    _send_waiting(outbox, client, wait=90)
    _show_results(outbox.get(keys), newest=True)


@main.command()
@click.pass_obj
def status(path: Path) -> None:
    """Show the outbox, the credential and the open findings."""
    given = settings.load(path)
    outbox = _open_outbox(given)
    click.echo("\n".join(messages.of_outbox(outbox)))
    client = Client(given)
    known = reference.refresh(given, client)
    findings = list(client.pages("findings/", "findings", state="open"))
    _warn_about_clock(client)
    click.echo(f"{given.address} accepts the credential {given.client_id}.\n{known}")
    click.echo(f"Submissions are signed as {given.keyid}." if given.keyid else "Submissions are not signed.")
    click.echo(f"Open findings: {len(findings)}. Read them with: p2p-agency findings")


def _check_states(_context: click.Context, _option: click.Parameter, value: str) -> str:
    if unknown := [one for one in value.split(",") if one not in _STATES]:
        raise click.BadParameter(f"Unknown state `{unknown[0]}`. Expected: {', '.join(_STATES)}.")
    return value


@main.command()
@click.option(
    "--state",
    default="open",
    show_default=True,
    callback=_check_states,
    help=f"{', '.join(_STATES)}. Several states are separated by commas.",
)
@click.pass_obj
def findings(path: Path, state: str) -> None:
    """List what the rules found about your numbers."""
    found = list(Client(settings.load(path)).pages("findings/", "findings", state=state))
    for finding in found:
        held = f" Held: {amount(finding['held'], 'report')}." if finding["held"] else ""
        click.echo(f"{messages.of_finding(finding).strip()}{held}")
    if not found:
        click.echo(f"No finding has the state {state}.")


@main.command()
@click.argument("finding", type=int)
@click.argument("answer", type=click.Choice(sorted(ANSWERS)))
@click.option("--remark", help="Up to 1,000 characters. No names, addresses or hashes.")
@click.pass_obj
def answer(path: Path, finding: int, answer: str, remark: str | None) -> None:
    """Answer a finding."""
    try:
        answered = Client(settings.load(path)).answer(finding, answer, remark)
    except ProblemError as problem:
        if problem.code != "finding_not_found":
            raise
        raise RefusedError(
            f"No finding about your numbers has the number {finding}. See their numbers with: p2p-agency findings"
        ) from None
    click.echo(f"Finding {answered['id']} is {answered['state']}.")


@main.group()
def keys() -> None:
    """Make and use the key that signs your submissions."""


@keys.command("new")
@click.pass_obj
def new_key(path: Path) -> None:
    """Make a key pair. The program signs with it after you run `keys use`."""
    from p2p_agency.signing import make_key

    made = make_key(settings.load(path))
    click.echo(made.public)
    click.echo(f"Fingerprint: {made.fingerprint}\nThe private key is in {made.file}. Never give it away.")
    click.echo(
        "Send the public key above to your coordinator. Compare the fingerprint by telephone. "
        "The coordinator tells you the name of the key. Then run: p2p-agency keys use NAME"
    )


@keys.command("use")
@click.argument("keyid")
@click.pass_obj
def use_key(path: Path, keyid: str) -> None:
    """Sign from now on, with the key that your coordinator registered under this name."""
    from dataclasses import replace

    given = replace(settings.load(path), keyid=keyid)
    Client(given).test_signature()
    settings.store(path, {"keyid": keyid})
    click.echo(f"The federation accepts this key. From now on, submissions are signed as {keyid}.")


@main.command()
@click.option(
    "--compare", is_flag=True, help="Ask the federation which submissions it has, and send the missing ones again."
)
@click.pass_obj
def outbox(path: Path, compare: bool) -> None:  # noqa: FBT001
    """List what waits or was refused.

    Those that were accepted in the last 14 days are counted.
    """
    given = settings.load(path)
    stored = _open_outbox(given)
    if compare:
        client = Client(given)
        lost = stored.compare(client)
        click.echo(f"The federation lacks {amount(len(lost), 'submission')} of the last 14 days.")
        _send_waiting(stored, client, wait=90)
    click.echo("\n".join(messages.of_outbox(stored)))
