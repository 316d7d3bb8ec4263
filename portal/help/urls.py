from django.urls import path

from portal.help import helper_views, student_views

app_name = "help"
urlpatterns = [
    path("lab/<slug:lab>/ayuda/", student_views.own, name="own"),
    path("lab/<slug:lab>/ayuda/eventos/", student_views.own_events, name="own_events"),
    path("lab/<slug:lab>/ayuda/respuesta/", student_views.answer, name="answer"),
    path("lab/<slug:lab>/ayuda/visitas/<int:pk>/", student_views.end_visit, name="end_visit"),
    path("lab/<slug:lab>/ayuda/visitas/<int:pk>/teclado/", student_views.revoke, name="revoke"),
    path("ayuda/registro/", student_views.own_record, name="record"),
    path("ayuda/cohorte/<int:cohort>/", helper_views.raised_hands, name="hands"),
    path("ayuda/cohorte/<int:cohort>/eventos/", helper_views.hands_events, name="hands_events"),
    path("ayuda/manos/<int:pk>/bajar/", helper_views.lower, name="lower"),
    path("ayuda/mirar/<int:workspace>/", helper_views.look, name="look"),
    path("ayuda/visita/<int:pk>/", helper_views.visit_page, name="visit"),
    path("ayuda/visita/<int:pk>/eventos/", helper_views.visit_events, name="visit_events"),
    path("ayuda/visita/<int:pk>/terminar/", helper_views.leave, name="leave"),
    path("ayuda/visita/<int:pk>/teclado/", helper_views.keyboard, name="keyboard"),
    path("ayuda/visita/<int:pk>/archivos/<path:path>", helper_views.file, name="file"),
    path("ayuda/visita/<int:pk>/sesion/", helper_views.current_session, name="current_session"),
    path("ayuda/visita/<int:pk>/sesion/<slug:key>/", helper_views.session, name="session"),
    path("ayuda/visita/<int:pk>/sesion/<slug:key>/eventos/", helper_views.session_events, name="session_events"),
    path("ayuda/visita/<int:pk>/sesion/<slug:key>/ticket/", helper_views.ticket, name="ticket"),
]
