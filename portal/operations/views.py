"""Health for programs, an overview for the admin."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal.core.api import api
from portal.courses.models import Environment
from portal.labsessions.hosts import queue_build
from portal.labsessions.models import Host
from portal.operations import services


@api
@login_not_required
@require_safe
def health(_request: HttpRequest) -> HttpResponse:
    """GET → ``{db, redis, worker, environments: {name: state}}``; 503 when the database is away."""
    state = services.health()
    return JsonResponse(state, status=200 if state["db"] else 503)


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """``operations/overview.html``: environments, hosts, queue, redis (see services.overview). Staff only."""
    _staff_only(request)
    return render(request, "operations/overview.html", services.overview())


@require_POST
def build(request: HttpRequest, name: str) -> HttpResponse:
    """Queue an environment's build again on every host. Staff only."""
    _staff_only(request)
    environment = get_object_or_404(Environment, name=name, active=True)
    for host in Host.objects.all():
        if host.serves(environment):
            queue_build(environment, host)
    messages.success(request, _("%(name)s is queued to be built.") % {"name": environment.title})
    return redirect("operations:overview")


def _staff_only(request: HttpRequest) -> None:
    if not (request.user.is_authenticated and request.user.is_staff):
        raise PermissionDenied
