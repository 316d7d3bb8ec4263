"""The lab page, submitting, and asking whether a step is done."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from portal.accounts.access import signed_in, signed_in_async
from portal.core import blobs
from portal.core.api import ApiError, api, body
from portal.core.live import live
from portal.courses.models import reader
from portal.courses.rendering import render as render_markdown
from portal.courses.services import lab_for
from portal.grading import services, steps
from portal.grading.access import visible_step_check, visible_submission
from portal.grading.models import GradingJob, Submission
from portal.grading.presenting import Presenter
from portal.labsessions import files, lifecycle, web
from portal.labsessions.access import workspace_of
from portal.labsessions.models import Workspace
from portal.labsessions.presenting import session_json
from portal.labsessions.services import active_session, workspace_for
from portal.labsessions.strings import strings


@require_safe
@ensure_csrf_cookie
def lab_page(request: HttpRequest, lab: str) -> HttpResponse:
    """``labs/lab.html``: lab, course, module, page (Page or None), instructions (safe HTML), config."""
    return render(request, "labs/lab.html", lab_context(workspace_of(signed_in(request), lab)))


def lab_context(workspace: Workspace, *, staff: bool = False) -> dict[str, Any]:
    """What ``labs/lab.html`` shows of a student's workspace, to them or to ``staff``."""
    lab = workspace.lab
    return {
        "lab": lab,
        "course": lab.module.course,
        "module": lab.module,
        "page": lab.page,
        "instructions": render_markdown(
            lab.instructions[reader()], steps=[each.id for each in lab.file.steps], course=lab.module.course.slug
        ).html,
        "config": _config(workspace, staff=staff),
    }


def _config(workspace: Workspace, *, staff: bool = False) -> dict[str, Any]:
    lab = workspace.lab
    session = active_session(workspace)
    presenter = Presenter(workspace, staff=staff)
    history = _history(workspace)
    return {
        "lab": {
            "id": lab.slug,
            "title": lab.title,
            "entry": lab.file.entry,
            "minutes": lab.file.minutes,
            "sessionMinutes": lab.file.session_minutes,
            "readySeconds": lab.environment.file.ready_seconds,
            "gradingSeconds": lab.file.grading_seconds,
            "maxAttempts": lab.file.max_attempts,
            "attemptsUsed": sum(submission.job.counts for submission in history),
            "dueAt": presenter.due.isoformat() if presenter.due else None,
            "maxPoints": lab.max_points,
        },
        "files": files.listing(workspace),
        "urls": _urls(lab.slug),
        "gateway": settings.GATEWAY_URL,
        "session": session_json(session) if session else None,
        "life": None if session else lifecycle.before(workspace),
        "web": {"uis": web.pages(lab)},
        "services": web.services(lab),
        "submissions": presenter.many(history),
        "steps": steps.progress(workspace, presenter),
        "language": get_language(),
        "strings": strings(),
    }


def _urls(lab: str) -> dict[str, str]:
    key, number, step = "__key__", 999_999_999, "step-name"
    urls = {
        "file": reverse("labsessions:file", args=[lab, "__path__"]),
        "files": reverse("labsessions:files", args=[lab]),
        "versions": reverse("labsessions:versions", args=[lab]),
        "fileVersions": reverse("labsessions:file_versions", args=[lab, "__path__"]),
        "download": reverse("labsessions:download", args=[lab]),
        "takeHome": reverse("labsessions:take_home", args=[lab]),
        "session": reverse("labsessions:start", args=[lab]),
        "sessionDetail": reverse("labsessions:session", args=[key]),
        "stop": reverse("labsessions:stop", args=[key]),
        "extend": reverse("labsessions:extend", args=[key]),
        "ticket": reverse("labsessions:ticket", args=[key]),
        "sessionEvents": reverse("labsessions:events", args=[key]),
        "submissions": reverse("labs:submissions", args=[lab]),
        "submission": reverse("labs:submission", args=[number]),
        "submissionFiles": reverse("labs:submission_files", args=[number]),
        "submissionEvents": reverse("labs:submission_events", args=[number]),
        "explanations": reverse("courses:explanations"),
        "opened": reverse("courses:lab_opened", args=[lab]),
        "steps": reverse("labs:steps", args=[lab]),
        "step": reverse("labs:step", args=[lab, step]),
        "stepChecks": reverse("labs:step_checks", args=[lab, step]),
        "stepCheckEvents": reverse("labs:step_check_events", args=[number]),
    }
    return {name: url.replace(str(number), "__id__").replace(step, "__step__") for name, url in urls.items()}


def _history(workspace: Workspace) -> list[Submission]:
    return list(workspace.submissions.select_related("job", "grade")) if workspace.pk else []


@api
@require_http_methods(["GET", "POST"])
def submissions(request: HttpRequest, lab: str) -> HttpResponse:
    """GET → the reader's submissions, newest first. POST with Idempotency-Key → 201 submission (200 when repeated)."""
    if request.method == "GET":
        workspace = workspace_of(signed_in(request), lab)
        return JsonResponse(Presenter(workspace).many(_history(workspace)), safe=False)
    found, enrollment = lab_for(signed_in(request), lab)
    workspace = workspace_for(enrollment, found)
    submission, created = services.submit(workspace, request.headers.get("Idempotency-Key", ""))
    submission = Submission.objects.select_related("job", "grade").get(pk=submission.pk)
    return JsonResponse(Presenter(workspace).one(submission), status=201 if created else 200)


@api
@require_GET
def submission(request: HttpRequest, pk: int) -> HttpResponse:
    """GET → submission JSON, for its student and the cohort's instructors."""
    seen = visible_submission(signed_in(request), pk)
    return JsonResponse(Presenter(seen.submission.workspace, staff=seen.staff).one(seen.submission))


@api
@require_GET
def submission_files(request: HttpRequest, pk: int) -> HttpResponse:
    """GET → ``{path: text}`` as handed in. Files that aren't text are left out."""
    seen = visible_submission(signed_in(request), pk)
    texts = {}
    for path, sha256 in sorted(seen.submission.files.items()):
        try:
            texts[path] = blobs.get(sha256).decode()
        except UnicodeDecodeError:
            continue
    return JsonResponse(texts)


@api
async def submission_events(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """``event: submission`` with the submission JSON at each change, until it is graded or needs staff."""
    user = await signed_in_async(request)
    seen = await sync_to_async(visible_submission)(user, pk)

    def snapshot(events: list[dict[str, Any]]) -> tuple[dict[str, Any], bool]:
        now = visible_submission(user, pk)
        state = Presenter(now.submission.workspace, staff=now.staff).one(now.submission, events)
        return state, now.submission.job.state not in GradingJob.OPEN

    return live(
        user=user.pk,
        stream=f"job:{seen.submission.job.key}",
        event="submission",
        snapshot=snapshot,
        after=request.headers.get("Last-Event-ID", ""),
    )


@api
@require_GET
def lab_steps(request: HttpRequest, lab: str) -> HttpResponse:
    """GET → how far the reader is in the lab's steps."""
    workspace = workspace_of(signed_in(request), lab)
    return JsonResponse(steps.progress(workspace, Presenter(workspace)), safe=False)


@api
@require_http_methods(["PUT"])
def lab_step(request: HttpRequest, lab: str, step: str) -> HttpResponse:
    """PUT ``{"done": true}`` for a step without checks → how far the reader is now."""
    found, enrollment = lab_for(signed_in(request), lab)
    done = body(request).get("done")
    if not isinstance(done, bool):
        raise ApiError(400, "bad_json", _("Say whether the step is done: true or false."))
    workspace = workspace_for(enrollment, found)
    steps.mark(workspace, step, done)
    return JsonResponse(steps.progress(workspace, Presenter(workspace)), safe=False)


@api
@require_POST
def step_checks(request: HttpRequest, lab: str, step: str) -> HttpResponse:
    """POST → 201 step check of the saved files; 429 with ``wait`` when asked too often."""
    found, enrollment = lab_for(signed_in(request), lab)
    workspace = workspace_for(enrollment, found)
    check, _staff = visible_step_check(signed_in(request), steps.ask(workspace, step).pk)
    return JsonResponse(Presenter(workspace).step_check(check), status=201)


@api
@require_GET
def step_check(request: HttpRequest, pk: int) -> HttpResponse:
    """GET → step check JSON, for its student and the cohort's instructors."""
    check, staff = visible_step_check(signed_in(request), pk)
    return JsonResponse(Presenter(check.workspace, staff=staff).step_check(check))


@api
async def step_check_events(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """``event: step_check`` with the step check JSON at each change, until it is answered."""
    user = await signed_in_async(request)
    asked, _staff = await sync_to_async(visible_step_check)(user, pk)

    def snapshot(events: list[dict[str, Any]]) -> tuple[dict[str, Any], bool]:
        check, staff = visible_step_check(user, pk)
        state = Presenter(check.workspace, staff=staff).step_check(check, events)
        return state, check.job.state not in GradingJob.OPEN

    return live(
        user=user.pk,
        stream=f"job:{asked.job.key}",
        event="step_check",
        snapshot=snapshot,
        after=request.headers.get("Last-Event-ID", ""),
    )
