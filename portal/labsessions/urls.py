from django.urls import path

from portal.labsessions import views

app_name = "labsessions"
urlpatterns = [
    path("lab/<slug:lab>/archivos/", views.file_list, name="files"),
    path("lab/<slug:lab>/archivos/<path:path>", views.file, name="file"),
    path("lab/<slug:lab>/versiones/", views.version_list, name="versions"),
    path("lab/<slug:lab>/versiones/<path:path>", views.file_versions, name="file_versions"),
    path("lab/<slug:lab>/descargar/", views.download, name="download"),
    path("lab/<slug:lab>/llevar/", views.take_home, name="take_home"),
    path("lab/<slug:lab>/sesion/", views.start_session, name="start"),
    path("sesion/<slug:key>/", views.session, name="session"),
    path("sesion/<slug:key>/parar/", views.stop_session, name="stop"),
    path("sesion/<slug:key>/ampliar/", views.extend_session, name="extend"),
    path("sesion/<slug:key>/ticket/", views.ticket, name="ticket"),
    path("sesion/<slug:key>/eventos/", views.session_events, name="events"),
]
