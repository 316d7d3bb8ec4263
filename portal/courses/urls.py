from django.urls import path

from portal.courses import reading_views, views

app_name = "courses"
urlpatterns = [
    path("", views.start, name="start"),
    path("invitacion/<str:token>/", views.invite, name="invite"),
    path("glosario/<slug:course>/", views.glossary, name="glossary"),
    path("buscar/<slug:course>/", reading_views.search, name="search"),
    path("certificado/<str:code>/", reading_views.certificate, name="certificate"),
    path("lector.js", reading_views.worker, name="worker"),
    path("sin-conexion/", reading_views.offline, name="offline"),
    path("explicaciones/", views.explanations, name="explanations"),
    path("curso/<slug:course>/", views.home, name="home"),
    path("curso/<slug:course>/certificado.pdf", reading_views.certificate_pdf, name="certificate_pdf"),
    path("curso/<slug:course>/certificado", reading_views.get_certificate, name="get_certificate"),
    path("curso/<slug:course>/<slug:slug>/", views.page, name="page"),
    path("curso/<slug:course>/<slug:slug>/leida", reading_views.mark, name="mark"),
    path("curso/<slug:course>/<slug:slug>/lugar", reading_views.place, name="place"),
    path("lab/<slug:lab>/abierto", reading_views.lab_opened, name="lab_opened"),
    path("curso/<slug:course>/figuras/<slug:topic>/<str:name>", views.figure, name="figure"),
]
