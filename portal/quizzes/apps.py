from django.apps import AppConfig


class QuizzesConfig(AppConfig):
    name = "portal.quizzes"
    label = "quizzes"

    def ready(self) -> None:
        from portal.courses import progress, sync
        from portal.quizzes.mirror import mirror
        from portal.quizzes.results import best_results, cards

        progress.register_quizzes(best_results, cards)
        sync.register(mirror)
