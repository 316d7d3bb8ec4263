from django.apps import AppConfig


class QuizzesConfig(AppConfig):
    name = "portal.quizzes"
    label = "quizzes"

    def ready(self) -> None:
        from portal.courses import progress, sync
        from portal.quizzes.mirror import mirror
        from portal.quizzes.results import cards

        progress.register_quizzes(cards)
        sync.register(mirror)
