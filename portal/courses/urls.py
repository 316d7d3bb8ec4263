from django.urls import path

from portal.courses import views

app_name = "courses"
urlpatterns = [
    path("", views.start, name="start"),
    path("invitacion/<str:token>/", views.invite, name="invite"),
    path("glosario/<slug:course>/", views.glossary, name="glossary"),
    path("explicaciones/", views.explanations, name="explanations"),
    path("curso/<slug:course>/", views.home, name="home"),
    path("curso/<slug:course>/<slug:slug>/", views.page, name="page"),
    path("curso/<slug:course>/figuras/<slug:topic>/<str:name>", views.figure, name="figure"),
]
