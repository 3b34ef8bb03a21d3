"""The addresses of the documentation, below `/docs/`."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from api.site.docs import views


class NameConverter(StringConverter):
    """The name of a document. It has no dot, so an address of a file never looks like a page without its slash."""

    regex = "[a-z0-9/_-]+"


register_converter(NameConverter, "document")

app_name = "docs"
urlpatterns = [
    path("", views.DocumentPage.as_view(), name="front"),
    path("search/", views.SearchPage.as_view(), name="search"),
    path("<document:name>.png", views.PicturePage.as_view(), name="picture"),
    path("<document:name>.py", views.ScriptPage.as_view(), name="script"),
    path("<document:name>/", views.DocumentPage.as_view(), name="document"),
]
