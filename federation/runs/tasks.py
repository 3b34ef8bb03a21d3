"""The Celery tasks, a few lines each. They take no arguments: the work is in the list."""

import logging
from collections.abc import Callable
from typing import Final

from celery import shared_task
from celery.signals import task_postrun, worker_process_shutdown

from federation import worklist
from federation.audit import chain
from federation.database import clock
from federation.errors import ClocksDisagreeError
from federation.findings import lateness
from federation.notifications import record, send
from federation.runs import daily_files, measures, reconciliation, schedules
from federation.worklist import dispatch

log = logging.getLogger(__name__)


def _if_clocks_agree(run: Callable[[], object]) -> None:
    """Do something that depends on the time. While the clocks disagree, it is left to the next call."""
    try:
        run()
    except ClocksDisagreeError as error:
        log.error("%s", error)  # noqa: TRY400  it says all


@shared_task
def reconcile() -> None:
    """Work through the work list. The message is a hint that something was appended."""
    _if_clocks_agree(reconciliation.work_through)


@shared_task
def tick() -> None:
    """Append the work that is due."""
    _if_clocks_agree(lambda: schedules.tick(now=clock.agreed()))


@shared_task
def sweep() -> None:
    """Find work whose hint was lost."""
    if worklist.is_pending():
        dispatch.wake()


@shared_task
def seal() -> None:
    """Chain the audit events that are not chained yet."""
    _if_clocks_agree(lambda: chain.seal(now=clock.agreed()))


@shared_task
def watch() -> None:
    """Look for late and silent agencies."""
    _if_clocks_agree(lambda: lateness.watch(now=clock.agreed()))


@shared_task
def prune() -> None:
    """Delete rows that are kept for a limited time, and look for credentials that end soon."""

    def prune_all() -> None:
        now = clock.agreed()
        schedules.prune(now=now)
        record.endings(now=now)
        measures.gather(now=now)

    _if_clocks_agree(prune_all)


@shared_task
def notify() -> None:
    """Make and send the messages that are due."""
    _if_clocks_agree(send.send_due)


#: Seconds. Longer than any set of files takes, and shorter than the visibility time-out of the broker.
_FILES_LIMIT: Final = 540


@shared_task(soft_time_limit=_FILES_LIMIT, time_limit=_FILES_LIMIT + 30)
def write_files() -> None:
    """Write the files of all data, once a day."""
    _if_clocks_agree(lambda: daily_files.write_if_due(now=clock.agreed()))


@task_postrun.connect(dispatch_uid="federation.runs.measures")
def _report(**_: object) -> None:
    """Record that this process is at work. Beat's tasks reach each process every few seconds."""
    measures.report()


@worker_process_shutdown.connect(dispatch_uid="federation.runs.measures")
def _report_at_last(**_: object) -> None:
    measures.report(at_once=True)
