"""Mirrors the quiz files into the database, as a part of the catalogue's sync."""

from __future__ import annotations

from typing import Any

from labs import catalog as files
from portal.courses.models import Course, Module
from portal.courses.sync import SyncReport, write
from portal.quizzes.models import Quiz


def mirror(report: SyncReport, course: Course, catalog: files.Course) -> None:
    """Bring a course's quizzes to the state of its files. One that is gone is hidden: attempts hang on it."""
    kept: list[int] = []
    modules = {module.folder: module for module in course.modules.all()}
    for module in catalog.modules:
        row = modules[module.id]
        topics = {topic.slug: topic.pk for topic in row.topics.all()}
        for quiz in module.quizzes:
            topic = topics[quiz.topic] if quiz.topic else None
            key = {"module": row, "slug": quiz.id}
            kept.append(write(report, Quiz, key, {"topic_id": topic, **_values(quiz)}).pk)
    gone = Quiz.objects.filter(module__course=course, active=True).exclude(pk__in=kept)
    report.retired += [f"Quiz {row}" for row in gone]
    gone.update(active=False)
    _forget(course, [module.id for module in catalog.modules])


def _values(quiz: files.Quiz) -> dict[str, Any]:
    return {
        "titles": quiz.spec.title.model_dump(),
        "questions": len(quiz.spec.questions),
        "max_points": quiz.spec.max_points,
        "digest": quiz.digest,
        "spec": quiz.spec.model_dump(mode="json", by_alias=True),
        "active": True,
    }


def _forget(course: Course, kept: list[str]) -> None:
    """A module that is gone may go altogether when nobody has attempted its quizzes."""
    gone: list[Module] = list(course.modules.exclude(folder__in=kept))
    Quiz.objects.filter(module__in=gone, attempts=None).delete()
