from django.contrib import admin

from portal.courses.admin import FromFiles
from portal.labsessions import models

admin.site.register(models.Host, FromFiles)


@admin.register(models.EnvironmentBuild)
class EnvironmentBuildAdmin(FromFiles):
    list_display = ("environment", "host", "driver", "state", "progress", "step", "changed_at")


@admin.register(models.LabSession)
class LabSessionAdmin(FromFiles):
    list_display = ("key", "workspace", "state", "reason", "host", "created_at", "deadline")
    list_filter = ("state", "host")


@admin.register(models.Workspace)
class WorkspaceAdmin(FromFiles):
    list_display = ("enrollment", "lab")
    search_fields = ("enrollment__user__username",)
