from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from portal.courses import certificates, models


class OnlyLookedAt(admin.ModelAdmin):
    """Nothing of it is made, changed or deleted here."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 -- Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


class FromFiles(OnlyLookedAt):
    """What labs/ says is changed there, then synced."""


_FROM_FILES = [models.Environment, models.Course, models.Module, models.Topic, models.Page, models.Lab]
admin.site.register(_FROM_FILES, FromFiles)


class ScheduleInline(admin.TabularInline):
    model = models.LabSchedule
    extra = 0


@admin.register(models.Cohort)
class CohortAdmin(admin.ModelAdmin):
    list_display = ("name", "course", "starts_on", "ends_on", "enforce_order", "certificate_share")
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


@admin.register(models.Certificate)
class CertificateAdmin(OnlyLookedAt):
    """Certificates say what they said when they were issued; all that can be done to one is to revoke it."""

    list_display = ("code", "name", "cohort", "issued_at", "revoked_at")
    list_filter = ("cohort",)
    search_fields = ("code", "name")
    actions = ("revoke",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[models.Certificate]:
        """Instructors with access to the administration see their own cohorts'."""
        rows: QuerySet[models.Certificate] = super().get_queryset(request)
        if request.user.is_superuser:
            return rows
        taught = models.Enrollment.objects.teaches(request.user).values("cohort")
        return rows.filter(enrollment__cohort__in=taught)

    @admin.action(description=_("Revoke the chosen certificates"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[models.Certificate]) -> None:
        revoked = certificates.revoke(chosen)
        said = ngettext("%(n)d certificate revoked.", "%(n)d certificates revoked.", revoked) % {"n": revoked}
        self.message_user(request, said)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("courses.change_certificate")
