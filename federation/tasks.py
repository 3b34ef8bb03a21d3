"""The Celery tasks, a few lines each. They take no arguments: the work is in the list."""

from celery import shared_task

from federation import chain, clock, dispatch, lateness, reconciliation, schedules, worklist


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
    schedules.prune(now=clock.now())
