from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.courses import models


class FromFiles(admin.ModelAdmin):
    """What labs/ says is changed there, then synced; here it is only looked at."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 -- Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


_FROM_FILES = [models.Environment, models.Course, models.Module, models.Topic, models.Page, models.Lab]
admin.site.register(_FROM_FILES, FromFiles)


class ScheduleInline(admin.TabularInline):
    model = models.LabSchedule
    extra = 0


@admin.register(models.Cohort)
class CohortAdmin(admin.ModelAdmin):
    list_display = ("name", "course", "starts_on", "ends_on")
    inlines: ClassVar[tuple[type[admin.TabularInline], ...]] = (ScheduleInline,)


@admin.register(models.Enrollment)
class EnrollmentAdmin(admin.ModelAdmin):
    list_display = ("user", "cohort", "role", "joined_at")
    list_filter = ("cohort", "role")
    search_fields = ("user__username", "user__email")
    autocomplete_fields = ("user",)


@admin.register(models.Invite)
class InviteAdmin(admin.ModelAdmin):
    list_display = ("cohort", "role", "expires_at", "uses", "max_uses", "link")
    readonly_fields = ("link", "uses")

    @admin.display(description=_("link"))
    def link(self, invite: models.Invite) -> str:
        return reverse("courses:invite", args=[invite.token]) if invite.pk else ""
