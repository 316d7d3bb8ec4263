from django.apps import AppConfig


class LabSessionsConfig(AppConfig):
    name = "portal.labsessions"
    label = "labsessions"
