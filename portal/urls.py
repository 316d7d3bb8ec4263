"""Every address of the portal. Addresses are Spanish: they are part of what the reader sees."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("portal.accounts.urls")),
    path("", include("portal.courses.urls")),
    path("", include("portal.quizzes.urls")),
    path("", include("portal.labsessions.urls")),
    path("", include("portal.grading.urls")),
    path("", include("portal.help.urls")),
    path("", include("portal.operations.urls")),
]

handler400 = "portal.core.views.bad_request"
handler403 = "portal.core.views.permission_denied"
handler404 = "portal.core.views.not_found"
handler500 = "portal.core.views.server_error"
