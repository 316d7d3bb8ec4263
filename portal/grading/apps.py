from django.apps import AppConfig


class GradingConfig(AppConfig):
    name = "portal.grading"
    label = "grading"

    def ready(self) -> None:
        from portal.courses.progress import register
        from portal.grading.services import best_results

        register(best_results)
