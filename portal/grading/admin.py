from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.courses.admin import FromFiles
from portal.grading import models, services


@admin.register(models.Submission)
class SubmissionAdmin(FromFiles):
    list_display = ("workspace", "number", "received_at")
    list_filter = ("workspace__lab",)


@admin.register(models.GradingJob)
class GradingJobAdmin(FromFiles):
    list_display = ("work", "state", "outcome", "attempt", "failures", "host", "enqueued_at", "finished_at")
    list_filter = ("state", "outcome")
    actions = ("try_again",)

    @admin.action(description=gettext_lazy("Grade again what needs staff"))
    def try_again(self, request: HttpRequest, jobs: QuerySet[models.GradingJob]) -> None:
        count = services.retry(jobs)
        messages.success(request, _("%(count)d jobs are waiting to be graded again.") % {"count": count})

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and bool(request.user.is_superuser)


@admin.register(models.Grade)
class GradeAdmin(FromFiles):
    list_display = ("submission", "points", "max_points", "passed", "recorded_at")
