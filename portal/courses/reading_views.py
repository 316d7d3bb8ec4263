"""What a reader does beside reading: marks, search, certificates, reading offline."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.access import signed_in
from portal.core.api import api
from portal.courses import certificate_pdf as sheet
from portal.courses import certificates
from portal.courses import search as searching
from portal.courses.models import Certificate, Enrollment, Page
from portal.courses.outline import Outline
from portal.courses.presenting import reading_config, rendered_page
from portal.courses.reading import Kind, left_at, opened, set_read
from portal.courses.services import course_for, lab_for

# Unknown codes that one address may ask for in ten minutes: plenty for a mistyped one, nothing against 58 bits.
MOST_MISSES = 20
MISSES_SECONDS = 600


def _page_of(request: HttpRequest, course: str, slug: str) -> tuple[Enrollment, Page]:
    """A page and the enrolment whose progress it counts for. Raises Http404, for staff without one too."""
    row, enrollment = course_for(signed_in(request), course)
    if enrollment is None:
        raise Http404
    pages = Page.objects.select_related("topic__module__course").filter(topic__module__course=row)
    return enrollment, get_object_or_404(pages, slug=slug)


@require_POST
def mark(request: HttpRequest, course: str, slug: str) -> HttpResponse:
    """POST ``read=yes|no``: back to the page, or 204 to a script."""
    enrollment, page = _page_of(request, course, slug)
    set_read(enrollment, page.slug, request.POST.get("read") == "yes")
    if request.headers.get("X-Requested-With") == "fetch":
        return HttpResponse(status=204)
    return redirect(f"{page.url}#read-mark")


@require_POST
def place(request: HttpRequest, course: str, slug: str) -> HttpResponse:
    """POST ``anchor``: the heading at which the page is left; 204. One that the page doesn't have is its beginning."""
    enrollment, page = _page_of(request, course, slug)
    anchor = request.POST.get("anchor", "")
    left_at(enrollment, page.slug, next((each for each in rendered_page(page).toc if each.id == anchor), None))
    return HttpResponse(status=204)


@api
@require_POST
def lab_opened(request: HttpRequest, lab: str) -> HttpResponse:
    """POST from the lab's own page: the reader is in this lab now; 204."""
    row, enrollment = lab_for(signed_in(request), lab)
    opened(enrollment, Kind.LAB, row.slug)
    return HttpResponse(status=204)


@require_safe
def search(request: HttpRequest, course: str) -> HttpResponse:
    """``courses/search.html``: course, query, hits (portal.courses.search.Hit), instead, reading."""
    row, _enrollment = course_for(signed_in(request), course)
    query = request.GET.get("q", "").strip()[: searching.MOST_CHARS]
    found = searching.search(row, query)
    context = {"course": row, "query": query, "hits": found.hits, "instead": found.instead, "reading": reading_config()}
    return render(request, "courses/search.html", context)


@require_POST
def get_certificate(request: HttpRequest, course: str) -> HttpResponse:
    """Issue the reader's certificate if it is earned, and lead to it."""
    row, enrollment = course_for(signed_in(request), course)
    if enrollment is None:
        raise Http404
    try:
        certificates.issue(enrollment, Outline(row, enrollment).modules())
    except certificates.NotEarned:
        messages.warning(request, _("The certificate comes when every page and lab it asks for is done."))
        return redirect(row.url)
    return redirect("courses:certificate_pdf", course=row.slug)


@require_safe
def certificate_pdf(request: HttpRequest, course: str) -> HttpResponse:
    """The reader's own certificate. Http404 before it is issued, and once it is revoked."""
    _course, enrollment = course_for(signed_in(request), course)
    found = certificates.own(enrollment) if enrollment else None
    if found is None or found.revoked_at:
        raise Http404
    address = request.build_absolute_uri(reverse("courses:certificate", args=[found.code]))
    response = HttpResponse(sheet.draw(found, address), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="certificado-{found.code}.pdf"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


@login_not_required
@require_safe
def certificate(request: HttpRequest, code: str) -> HttpResponse:
    """``courses/certificate.html``: code, certificate (None: unknown), title, day. For everybody, and in no index."""
    misses = f"certificate-misses:{request.META.get('REMOTE_ADDR', '')}"
    asked: int = cache.get(misses, 0)
    context: dict[str, Any] = {"code": code, "certificate": None, "too_many": asked >= MOST_MISSES}
    status = 429
    if not context["too_many"]:
        found = Certificate.objects.filter(code=code.strip().lower()).first()
        status = 200 if found else 404
        if found:
            context |= {"certificate": found, "title": found.title, "day": timezone.localdate(found.issued_at)}
        else:
            cache.set(misses, asked + 1, MISSES_SECONDS)
    response = render(request, "courses/certificate.html", context, status=status)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@login_not_required
@require_safe
@cache_control(no_cache=True)
def worker(_request: HttpRequest) -> FileResponse:
    """The service worker, at an address above all that it looks after."""
    script = settings.BASE_DIR / "static" / "build" / "reading-worker.js"
    return FileResponse(script.open("rb"), content_type="text/javascript")


@login_not_required
@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """``courses/offline.html``: what the service worker shows for a page that wasn't read before."""
    return render(request, "courses/offline.html")
