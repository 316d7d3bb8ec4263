"""Quizzes (mirrored from labs/ by portal.quizzes.mirror), each cohort's rule for them, and students' attempts."""

from __future__ import annotations

import math
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from labs.catalog import QuizFile
from labs.quizvariants import Variant, draw
from portal.courses.models import Cohort, Enrollment, Module, Topic, in_language


class Quiz(models.Model):
    """The quiz of a topic, or a module's self-test (``topic`` None). ``slug``: its file's name, the topic's id.

    ``spec`` is the file as JSON; ``questions`` and ``max_points`` are counted from it, for lists that don't read it.
    """

    module = models.ForeignKey(Module, models.PROTECT, related_name="quizzes")
    topic = models.ForeignKey(Topic, models.SET_NULL, null=True, related_name="quizzes")
    slug = models.CharField(max_length=60)
    titles = models.JSONField()
    questions = models.PositiveSmallIntegerField()
    max_points = models.FloatField()
    digest = models.CharField(max_length=64)
    spec = models.JSONField()
    active = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("quiz")
        verbose_name_plural = _("quizzes")
        ordering = ("module__number", "slug")
        constraints = (models.UniqueConstraint(fields=["module", "slug"], name="quiz_once_a_module"),)

    def __str__(self) -> str:
        return self.slug

    @property
    def title(self) -> str:
        return in_language(self.titles)

    @property
    def key(self) -> str:
        """What it is called within its course: ``2/02-spark``."""
        return f"{self.module.number}/{self.slug}"

    @cached_property
    def url(self) -> str:
        return reverse("quizzes:quiz", args=[self.module.course.slug, self.module.number, self.slug])

    @property
    def whole_points(self) -> int:
        """Rounded up, for choosing singular or plural."""
        return math.ceil(self.max_points)

    @cached_property
    def file(self) -> QuizFile:
        return QuizFile.model_validate(self.spec)


class CohortQuiz(models.Model):
    """A cohort's rule for a quiz. No row: as many attempts as they like, the best counts, answers shown at once."""

    class Counts(models.TextChoices):
        BEST = "best", _("the best attempt")
        LAST = "last", _("the last attempt")

    class Shows(models.TextChoices):
        SUBMITTED = "submitted", _("once an attempt is handed in")
        DUE = "due", _("once the quiz was due")
        NEVER = "never", _("never")

    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="quiz_rules")
    quiz = models.ForeignKey(Quiz, models.CASCADE, related_name="rules")
    max_attempts = models.PositiveSmallIntegerField(
        _("attempts"), null=True, blank=True, help_text=_("empty: as many as they like")
    )
    counts = models.CharField(_("counts"), max_length=4, choices=Counts, default=Counts.BEST)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    shows = models.CharField(_("right answers are shown"), max_length=9, choices=Shows, default=Shows.SUBMITTED)

    class Meta:
        verbose_name = _("quiz rule")
        verbose_name_plural = _("quiz rules")
        constraints = (
            models.UniqueConstraint(fields=["cohort", "quiz"], name="quiz_ruled_once"),
            models.CheckConstraint(condition=Q(max_attempts=None) | Q(max_attempts__gte=1), name="quiz_rule_attempts"),
        )

    def __str__(self) -> str:
        return f"{self.quiz} · {self.cohort}"

    def is_over(self, now: datetime) -> bool:
        return self.due_at is not None and now > self.due_at

    def takes(self, submitted_at: datetime) -> bool:
        """Whether an attempt handed in then counts; later ones are for practice."""
        return not self.is_over(submitted_at)

    def shows_answers(self, now: datetime) -> bool:
        """Whether who has handed in an attempt sees what would have been right. Without a due date it is never past."""
        return self.shows == self.Shows.SUBMITTED or (self.shows == self.Shows.DUE and self.is_over(now))


class QuizAttempt(models.Model):
    """One go at a quiz. It keeps the quiz as it was when it began, so an edited file changes nothing under way.

    ``seed`` draws its variant and never leaves the server. ``answers``: by question id, in the terms of
    labs.quizgrading, as the student goes. ``detail``: one ``{"id", "points", "max_points", "state"}`` a question.
    """

    enrollment = models.ForeignKey(Enrollment, models.CASCADE, related_name="quiz_attempts")
    quiz = models.ForeignKey(Quiz, models.PROTECT, related_name="attempts")
    number = models.PositiveIntegerField()
    seed = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    spec = models.JSONField()
    answers = models.JSONField(default=dict)
    started_at = models.DateTimeField()
    saved_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    points = models.FloatField(null=True)
    max_points = models.FloatField()
    detail = models.JSONField(default=list)

    class Meta:
        verbose_name = _("quiz attempt")
        verbose_name_plural = _("quiz attempts")
        ordering = ("enrollment", "quiz", "number")
        constraints = (
            models.UniqueConstraint(fields=["enrollment", "quiz", "number"], name="quiz_attempt_numbered_once"),
            models.UniqueConstraint(
                fields=["enrollment", "quiz"], condition=Q(submitted_at=None), name="one_open_quiz_attempt"
            ),
            models.CheckConstraint(
                condition=Q(submitted_at=None, points=None)
                | Q(submitted_at__isnull=False, points__gte=0, points__lte=models.F("max_points")),
                name="quiz_attempt_points",
            ),
        )

    def __str__(self) -> str:
        return f"{self.quiz} {self.number} · {self.enrollment}"

    @property
    def url(self) -> str:
        module = self.quiz.module
        return reverse("quizzes:attempt", args=[module.course.slug, module.number, self.quiz.slug, self.number])

    @property
    def whole_points(self) -> int:
        """Rounded up, for choosing singular or plural."""
        return math.ceil(self.max_points)

    @cached_property
    def file(self) -> QuizFile:
        return QuizFile.model_validate(self.spec)

    @cached_property
    def variants(self) -> list[Variant]:
        return draw(self.file, self.seed)

    @property
    def share(self) -> float:
        """Of the points, between 0 and 1."""
        return (self.points or 0) / self.max_points

    def answer(self, question: str) -> Any:
        return self.answers.get(question)
