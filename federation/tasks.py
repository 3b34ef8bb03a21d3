"""The Celery tasks, a few lines each. They take no arguments: the work is in the list."""

from celery import shared_task
from celery.signals import task_postrun, worker_process_shutdown

from federation import chain, clock, dispatch, lateness, measures, reconciliation, schedules, worklist


@shared_task
def reconcile() -> None:
    """Work through the list; sent as a hint whenever something was appended."""
    reconciliation.work_through()


@shared_task
def tick() -> None:
    """Append the work that time has made."""
    schedules.tick(now=clock.now())


@shared_task
def sweep() -> None:
    """Find work whose hint was lost."""
    if worklist.is_pending():
        dispatch.wake()


@shared_task
def seal() -> None:
    """Chain the audit events that nobody has chained yet."""
    chain.seal(now=clock.now())


@shared_task
def watch() -> None:
    """Look for late and silent agencies."""
    lateness.watch(now=clock.now())


@shared_task
def prune() -> None:
    """Delete what is kept for a time only."""
    now = clock.now()
    schedules.prune(now=now)
    measures.gather(now=now)


@task_postrun.connect(dispatch_uid="federation.measures")
def _report(**_: object) -> None:
    """Say that this process is at work; beat's tasks reach each of them every few seconds."""
    measures.report()


@worker_process_shutdown.connect(dispatch_uid="federation.measures")
def _report_at_last(**_: object) -> None:
    measures.report(at_once=True)
