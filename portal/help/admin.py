from django.contrib import admin

from portal.courses.admin import FromFiles
from portal.help import models


@admin.register(models.Entry)
class EntryAdmin(FromFiles):
    """The record of help: read only, as it is append only."""

    list_display = ("at", "actor", "act", "workspace", "session", "detail")
    list_filter = ("act", "workspace__enrollment__cohort")
    search_fields = ("actor__username", "workspace__enrollment__user__username", "session")
    date_hierarchy = "at"


@admin.register(models.Visit)
class VisitAdmin(FromFiles):
    list_display = ("instructor", "workspace", "began_at", "ended_at", "ended_because")
