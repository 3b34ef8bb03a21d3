"""The answer 403 to a form of the desk that does not belong to the present session."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse


def page(request: HttpRequest) -> HttpResponse:
    # The button for signing out is on every page, and has no page of its own.
    form = "" if request.path == reverse("admin:logout") else request.get_full_path()
    context = {**admin.site.each_context(request), "title": "The form has expired", "form": form}
    answer = render(request, "admin/expired_form.html", context, status=403)
    answer["Cache-Control"] = "no-store"
    return answer
