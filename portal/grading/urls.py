from django.urls import path

from portal.grading import views

app_name = "labs"
urlpatterns = [
    path("lab/<slug:lab>/", views.lab_page, name="lab"),
    path("lab/<slug:lab>/entregas/", views.submissions, name="submissions"),
    path("entregas/<int:pk>/", views.submission, name="submission"),
    path("entregas/<int:pk>/archivos/", views.submission_files, name="submission_files"),
    path("entregas/<int:pk>/eventos/", views.submission_events, name="submission_events"),
]
