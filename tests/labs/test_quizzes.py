"""Reading quiz files: what is right becomes objects, each mistake is named with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from labs.catalog import load
from labs.quizmodels import Numeric, QuizFile
from tests.labs.quiz_of_every_kind import QUIZ
from tests.portal.factories import write_course

FOLDER = "courses/ml/02-paralelo/quizzes"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_course(tmp_path)


@pytest.fixture
def quiz(root: Path) -> Path:
    return root / FOLDER / "01-paralelismo.yaml"


def problems(root: Path) -> list[str]:
    return [str(problem).removeprefix(f"{root}/") for problem in load(root).problems]


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_quizzes_stand_in_the_order_of_their_topics_with_the_self_test_last(root: Path) -> None:
    (root / FOLDER / "02-spark.yaml").write_text(QUIZ)
    quizzes = load(root).courses["ml"].modules[0].quizzes
    assert [(quiz.id, quiz.topic) for quiz in quizzes] == [
        ("01-paralelismo", "01-paralelismo"),
        ("02-spark", "02-spark"),
        ("autoevaluacion", None),
    ]
    assert quizzes[0].spec.max_points == 8
    assert quizzes[0].digest == quizzes[1].digest


def test_a_quiz_survives_being_stored_as_json(root: Path) -> None:
    spec = load(root).courses["ml"].modules[0].quizzes[0].spec
    assert QuizFile.model_validate(spec.model_dump(mode="json", by_alias=True)) == spec


def test_a_topic_without_a_quiz_is_no_problem(root: Path, quiz: Path) -> None:
    quiz.unlink()
    assert problems(root) == []


@pytest.mark.parametrize(
    ("old", "new", "at", "reason"),
    [
        ("page: paralelismo", "page: nada", "page: nada", "unknown page `nada`"),
        ("correct: true, feedback: {es: \"Sí", "feedback: {es: \"Sí", "options:", "no option is `correct: true`"),
        ("The child}, feed", "The child}, correct: true, feed", "options:", "2 options are right"),
        ("{es: El hijo,", "{es: El padre,", "en: The child}", "`El padre` stands there twice"),
        ("id: que-escala", "id: quien-espera", "id: quien-espera\n    kind: multiple", "two questions have the id"),
        (", en: Put in order.}", "}", "text: {es: Ordena.}", "missing translation `questions.3.text.en`"),
        ("kind: ordering", "kind: sorting", "id: ciclo", "sorting"),
        ("    kind: ordering\n", "", "id: ciclo", "missing field `questions.3.kind`"),
        ("    tolerance: 0.02", "    tolerancia: 0.02", "tolerancia", "unknown field `questions.2.tolerancia`"),
        ("(1 - f) / n)", "(1 - f) / m)", "answer:", "with n = 4, f = 0.05: 'm' is not defined"),
        ("\"1 / (f + (1 - f) / n)\"", "\"1 / (f - 0.3)\"", "answer:", "with n = 4, f = 0.3: ZeroDivisionError"),
        ("\"1 / (f + (1 - f) / n)\"", "\"(f - 1) ** 0.5\"", "answer:", "no real number"),
        ("\"1 / (f + (1 - f) / n)\"", "\"().__class__\"", "answer:", "`().__class__` with"),
        ("to: 0.3, step: 0.05", "to: 0.01, step: 0.05", "parameters:", "`f` has 0 values"),
        ("Con {{n}} núcleos", "Con {{m}} núcleos", "Con {{m}}", "unknown {{m}} (there is: f, n)"),
        ("range({{n}})", "range({{k}})", "code:", "unknown {{k}} (there is: n)"),
        ("print(sum(range({{n}})))", "print(sum(range({{n}}))", "code:", "wrong Python in case 1"),
        ("prints: [\"6\", \"10\"]", "prints: [\"6\"]", "prints:", "1 `prints` for 2 `cases`"),
        ("{es: Une., en: Match.}", "{es: \"[x](pagina:nada)\", en: Match.}", "pagina:nada", "unknown page `nada`"),
        ("{es: Une., en: Match.}", "{es: \"[x](lab:nada)\", en: Match.}", "lab:nada", "unknown lab `nada`"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line(root: Path, quiz: Path, old: str, new: str, at: str, reason: str) -> None:
    replace(quiz, old, new)
    found = [text for text in problems(root) if reason in text]
    assert found, problems(root)
    line = quiz.read_text()[: quiz.read_text().index(at)].count("\n") + 1
    assert found[0].startswith(f"{FOLDER}/01-paralelismo.yaml:{line}: ")


def test_a_quiz_is_named_like_a_topic(root: Path, quiz: Path) -> None:
    quiz.rename(quiz.with_name("03-otro.yaml"))
    assert any("03-otro.yaml:1: no topic of module.yaml has the id `03-otro`" in text for text in problems(root))


def test_numbers_where_text_is_meant_are_taken_as_text(root: Path, quiz: Path) -> None:
    replace(quiz, 'prints: ["6", "10"]', "prints: [6, 10]")
    replace(quiz, 'answer: "1 / (f + (1 - f) / n)"', "answer: 42")
    assert problems(root) == []


def test_a_range_is_exact_in_decimals(root: Path) -> None:
    question = load(root).courses["ml"].modules[0].quizzes[0].spec.questions[2]
    assert isinstance(question, Numeric)
    assert question.parameters["f"].values == (0.05, 0.1, 0.15, 0.2, 0.25, 0.3)
