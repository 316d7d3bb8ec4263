from django.urls import path

from portal.quizzes import views

app_name = "quizzes"
_QUIZ = "cuestionario/<slug:course>/<int:module>/<slug:slug>/"
urlpatterns = [
    path(_QUIZ, views.quiz, name="quiz"),
    path(f"{_QUIZ}empezar/", views.start, name="start"),
    path(f"{_QUIZ}cohorte/<int:cohort>/", views.results, name="results"),
    path("intentos/<int:pk>/", views.handed_in, name="handed_in"),
    path(f"{_QUIZ}<int:number>/", views.attempt, name="attempt"),
    path(f"{_QUIZ}<int:number>/respuestas/", views.save, name="save"),
]
