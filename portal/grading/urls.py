from django.urls import path

from portal.grading import views

app_name = "labs"
urlpatterns = [
    path("lab/<slug:lab>/", views.lab_page, name="lab"),
    path("lab/<slug:lab>/entregas/", views.submissions, name="submissions"),
    path("lab/<slug:lab>/pasos/", views.lab_steps, name="steps"),
    path("lab/<slug:lab>/pasos/<slug:step>/", views.lab_step, name="step"),
    path("lab/<slug:lab>/pasos/<slug:step>/comprobaciones/", views.step_checks, name="step_checks"),
    path("comprobaciones/<int:pk>/", views.step_check, name="step_check"),
    path("comprobaciones/<int:pk>/eventos/", views.step_check_events, name="step_check_events"),
    path("entregas/<int:pk>/", views.submission, name="submission"),
    path("entregas/<int:pk>/archivos/", views.submission_files, name="submission_files"),
    path("entregas/<int:pk>/eventos/", views.submission_events, name="submission_events"),
]
