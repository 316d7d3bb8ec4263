"""What is taught (mirrored from labs/ by portal.courses.sync) and who takes it when."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from labs.catalog import EnvironmentFile, LabFile
from portal.core.ids import new_key

if TYPE_CHECKING:
    from portal.accounts.models import User


def reader() -> str:
    """The catalogue language of whoever reads this page."""
    return "en" if (get_language() or "es").startswith("en") else "es"


def in_language(texts: dict[str, str]) -> str:
    """One of a stored ``{"es", "en"}`` pair."""
    return texts.get(reader()) or texts.get("es", "")


class Environment(models.Model):
    """What labs run in. ``spec`` is environment.yaml as JSON; ``digest`` changes when it must be built again."""

    name = models.CharField(max_length=60, unique=True)
    digest = models.CharField(max_length=64)
    spec = models.JSONField()
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name

    @cached_property
    def file(self) -> EnvironmentFile:
        return EnvironmentFile.model_validate(self.spec)

    @property
    def title(self) -> str:
        return self.file.title[reader()]


class Course(models.Model):
    """``glossary``: its terms as JSON (labs.models.Term), in no order."""

    slug = models.CharField(max_length=60, unique=True)
    titles = models.JSONField()
    summaries = models.JSONField()
    glossary = models.JSONField(default=list)
    digest = models.CharField(max_length=64)
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.slug

    @property
    def title(self) -> str:
        return in_language(self.titles)

    @property
    def summary(self) -> str:
        return in_language(self.summaries)

    @property
    def url(self) -> str:
        return reverse("courses:home", args=[self.slug])


class Module(models.Model):
    """``folder`` is the module's folder name below its course."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="modules")
    folder = models.CharField(max_length=80)
    number = models.PositiveSmallIntegerField()
    titles = models.JSONField()
    summaries = models.JSONField()
    hours = models.FloatField()

    class Meta:
        ordering = ("number",)
        constraints = (models.UniqueConstraint(fields=["course", "folder"], name="module_once_a_course"),)

    def __str__(self) -> str:
        return self.folder

    @property
    def title(self) -> str:
        return in_language(self.titles)

    @property
    def summary(self) -> str:
        return in_language(self.summaries)


class Topic(models.Model):
    """One topic of the syllabus. ``marked``: it has the syllabus' X."""

    module = models.ForeignKey(Module, models.CASCADE, related_name="topics")
    slug = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField()
    number = models.CharField(max_length=10)
    titles = models.JSONField()
    hours = models.FloatField()
    marked = models.BooleanField(default=False)

    class Meta:
        ordering = ("module__number", "position")
        constraints = (models.UniqueConstraint(fields=["module", "slug"], name="topic_once_a_module"),)

    def __str__(self) -> str:
        return self.slug

    @property
    def title(self) -> str:
        return in_language(self.titles)


class Page(models.Model):
    """One line of the syllabus. ``labs`` lists lab ids in reading order, ``after`` the slugs of pages to read before;
    ``bodies`` holds the Markdown of each language, ``minutes`` how long each takes to read."""

    topic = models.ForeignKey(Topic, models.CASCADE, related_name="pages")
    slug = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField()
    number = models.CharField(max_length=10)
    titles = models.JSONField()
    marked = models.BooleanField(default=False)
    labs = models.JSONField(default=list)
    after = models.JSONField(default=list)
    bodies = models.JSONField()
    minutes = models.JSONField(default=dict)

    class Meta:
        ordering = ("topic__module__number", "topic__position", "position")
        constraints = (models.UniqueConstraint(fields=["topic", "slug"], name="page_once_a_topic"),)

    def __str__(self) -> str:
        return self.slug

    @property
    def title(self) -> str:
        return in_language(self.titles)

    @cached_property
    def url(self) -> str:
        return reverse("courses:page", args=[self.topic.module.course.slug, self.slug])

    @property
    def reading_minutes(self) -> int:
        return int(self.minutes.get(reader(), 1))


class Lab(models.Model):
    """``spec`` is lab.yaml as JSON; ``starter`` maps each path to ``{"sha256", "text"}`` (text None when binary).

    ``page`` is the page that lists it. ``gpu_environment``: in place of its environment on hosts that lend a GPU.
    """

    slug = models.CharField(max_length=60, unique=True)
    module = models.ForeignKey(Module, models.CASCADE, related_name="labs")
    page = models.ForeignKey(Page, models.SET_NULL, null=True, related_name="+")
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="labs")
    gpu_environment = models.ForeignKey(Environment, models.PROTECT, null=True, related_name="+")
    digest = models.CharField(max_length=64)
    spec = models.JSONField()
    instructions = models.JSONField()
    starter = models.JSONField()
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.slug

    @cached_property
    def url(self) -> str:
        return reverse("labs:lab", args=[self.slug])

    @cached_property
    def file(self) -> LabFile:
        return LabFile.model_validate(self.spec)

    @property
    def title(self) -> str:
        return self.file.title[reader()]

    @property
    def summary(self) -> str:
        return self.file.summary[reader()]

    @property
    def max_points(self) -> int:
        return sum(check.points for check in self.file.checks)


class Explanation(models.Model):
    """What a common error means. ``spec`` is the entry of labs/explanations/ as JSON."""

    slug = models.CharField(max_length=60, unique=True)
    spec = models.JSONField()

    def __str__(self) -> str:
        return self.slug


class Cohort(models.Model):
    """One dated offering of a course."""

    course = models.ForeignKey(Course, models.PROTECT, related_name="cohorts")
    name = models.CharField(_("name"), max_length=120)
    starts_on = models.DateField(_("starts on"), null=True, blank=True)
    ends_on = models.DateField(_("ends on"), null=True, blank=True)
    enforce_order = models.BooleanField(
        _("pages in order"), default=False, help_text=_("A page opens once those that it builds on have been read.")
    )
    certificate_share = models.PositiveSmallIntegerField(
        _("share for the certificate"),
        default=100,
        validators=(MinValueValidator(1), MaxValueValidator(100)),
        help_text=_("Percent of the pages to read, and of the labs to pass."),
    )

    def __str__(self) -> str:
        return self.name


class EnrollmentQuerySet(models.QuerySet["Enrollment"]):
    def of(self, user: Any) -> EnrollmentQuerySet:
        """Somebody's enrolments, the newest first."""
        return self.filter(user=user).select_related("cohort__course").defer("cohort__course__glossary").order_by("-pk")

    def teaches(self, user: Any) -> EnrollmentQuerySet:
        """Those in which somebody is the instructor."""
        return self.filter(user=user, role=Enrollment.Role.INSTRUCTOR)


class Enrollment(models.Model):
    """Somebody's place in a cohort."""

    class Role(models.TextChoices):
        STUDENT = "student", _("student")
        INSTRUCTOR = "instructor", _("instructor")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="enrollments")
    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="enrollments")
    role = models.CharField(_("role"), max_length=12, choices=Role, default=Role.STUDENT)
    joined_at = models.DateTimeField(auto_now_add=True)

    objects = EnrollmentQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "cohort"], name="enrolled_once"),)

    def __str__(self) -> str:
        return f"{self.user} · {self.cohort}"


class Invite(models.Model):
    """A link that lets its holders join a cohort until it expires or is used up."""

    token = models.CharField(max_length=26, unique=True, default=new_key, editable=False)
    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="invites")
    role = models.CharField(_("role"), max_length=12, choices=Enrollment.Role, default=Enrollment.Role.STUDENT)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    max_uses = models.PositiveIntegerField(_("places"), default=100)
    uses = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(uses__lte=models.F("max_uses")), name="invite_not_overused"),)

    def __str__(self) -> str:
        return f"{self.cohort} ({self.role})"

    def state(self, user: User | None, now: datetime) -> str:
        """``member``, ``expired``, ``used`` or ``open`` for this person."""
        if user and self.cohort.enrollments.filter(user=user).exists():
            return "member"
        if self.expires_at and self.expires_at <= now:
            return "expired"
        return "used" if self.uses >= self.max_uses else "open"


class LabSchedule(models.Model):
    """When a lab is due in a cohort. No row, or no date: never."""

    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="schedules")
    lab = models.ForeignKey(Lab, models.CASCADE, related_name="schedules")
    due_at = models.DateTimeField(_("due"), null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["cohort", "lab"], name="scheduled_once"),)

    def __str__(self) -> str:
        return f"{self.lab} · {self.cohort}"


# What readers leave behind; here because Django looks for an app's models in this module.
from portal.courses.records import Certificate, LastPlace, PageRead  # noqa: E402, F401
