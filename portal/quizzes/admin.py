from django.contrib import admin

from portal.courses.admin import CohortAdmin, FromFiles
from portal.quizzes import models


class QuizRuleInline(admin.TabularInline):
    model = models.CohortQuiz
    extra = 0


# A cohort's rules stand with its due dates of labs; courses know nothing of quizzes.
CohortAdmin.inlines = (*CohortAdmin.inlines, QuizRuleInline)

admin.site.register(models.Quiz, FromFiles)


@admin.register(models.QuizAttempt)
class QuizAttemptAdmin(FromFiles):
    """Read only: what a student handed in is never changed."""

    list_display = ("enrollment", "quiz", "number", "points", "max_points", "started_at", "submitted_at")
    list_filter = ("quiz", "enrollment__cohort")
    search_fields = ("enrollment__user__username",)
    date_hierarchy = "started_at"
