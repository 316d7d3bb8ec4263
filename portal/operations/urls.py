from django.urls import path

from portal.operations import views

app_name = "operations"
urlpatterns = [
    path("salud/", views.health, name="health"),
    path("operacion/", views.overview, name="overview"),
    path("operacion/entornos/<slug:name>/construir/", views.build, name="build"),
]
