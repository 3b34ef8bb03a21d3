"""Leads a coordinator through the queue of held reports."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from federation.desk import queue
from federation.desk.queue import Place
from federation.desk.screens import words


def go_on(request: HttpRequest, place: Place) -> HttpResponse:
    """Go to the finding of a place if it still holds waiting reports, else to the next one."""
    return go_to(place) if queue.turn(place.finding) else go_after(request, place)


def go_to(place: Place) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:federation_finding_change", args=[place.finding]))


def go_after(request: HttpRequest, place: Place | None) -> HttpResponse:
    """Go to the finding after a place, or to the first one. After the last one, say so on the start page."""
    places = queue.places()
    if found := queue.after(place, places):
        return go_to(found)
    said = "No held report waits for a decision."
    if places:
        said = f"This was the end of the queue. {words.count(len(places), 'finding')} before it still hold reports."
    messages.info(request, said)
    return HttpResponseRedirect(reverse("admin:index"))


def go_to_first_of(request: HttpRequest, agency: str) -> HttpResponse:
    """Go to the first finding about an agency. If another coordinator has decided them all, say so."""
    if found := queue.first_of(agency, queue.places()):
        return go_to(found)
    messages.info(request, "No held report of this agency waits for a decision.")
    return HttpResponseRedirect(reverse("admin:index"))


def links(place: Place, *, finding: Any) -> Mapping[str, str]:
    """The addresses that lead from a finding to the other places of the queue, and to the form of a break."""
    step = reverse("admin:federation_hold_next")
    prefilled = {
        "kind": "change",
        "agency": finding.agency_id,
        "indicator": finding.indicator_id,
        "start": f"{finding.period:%Y-%m-%dT%H:%M:%SZ}",
        "is_break": "on",
    }
    form = reverse("admin:countries_annotation_add")
    return {
        "next": f"{step}?{urlencode(place.query(queue.AFTER))}",
        "previous": f"{step}?{urlencode(place.query(queue.BEFORE))}",
        "mark_break": f"{form}?{urlencode(prefilled | place.query(queue.AT))}",
    }
