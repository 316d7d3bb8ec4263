"""Quizzes to QTI packages and back; packages made to do harm are refused."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest
import yaml
from django.core.management import CommandError, call_command

from labs import qti
from labs.catalog import load
from labs.quizgrading import grade_question, right_answers
from labs.quizmodels import Numeric, Quiz, QuizFile, ShortText
from labs.quizvariants import draw
from tests.labs.quiz_of_every_kind import QUIZ
from tests.portal.factories import write_course

VERSIONS = ["1.2", "2.1"]
NAME = "02-spark"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_course(tmp_path / "labs")


@pytest.fixture
def quiz() -> Quiz:
    return Quiz("01-paralelismo", Path("x.yaml"), "01-paralelismo", QuizFile.model_validate(yaml.safe_load(QUIZ)))


def imported(root: Path, package: Path) -> tuple[QuizFile, list[str]]:
    path, notes = qti.import_quiz(root, package, "ml", "2", NAME)
    assert [str(problem) for problem in load(root).problems] == []
    return QuizFile.model_validate(yaml.safe_load(path.read_text())), notes


@pytest.mark.parametrize("version", VERSIONS)
class TestThereAndBack:
    def test_every_kind_keeps_its_texts_and_answers(self, root: Path, tmp_path: Path, quiz: Quiz, version: str) -> None:
        notes = qti.export_quiz(quiz, tmp_path / "q.zip", version)
        assert any(note.startswith("amdahl: QTI has no such parameters; exported with n = ") for note in notes)
        assert any(note.startswith("que-imprime: exported as a short text") for note in notes)
        spec, _notes = imported(root, tmp_path / "q.zip")
        came = {question.id: question for question in spec.questions}
        for question in quiz.spec.questions[:2] + quiz.spec.questions[3:6]:
            back = came[question.id]
            assert (back.kind, back.points, back.text.es) == (question.kind, question.points, question.text.es)
            for name in ("options", "items", "pairs"):
                before, after = getattr(question, name, ()), getattr(back, name, ())
                assert [re.findall(r"es='([^']*)'|correct=(\w+)", repr(each)) for each in before] == [
                    re.findall(r"es='([^']*)'|correct=(\w+)", repr(each)) for each in after
                ]
            if question.feedback:
                assert back.feedback is not None
                assert back.feedback.es == question.feedback.es

    def test_a_drawn_number_keeps_its_answer_and_tolerance(
        self, root: Path, tmp_path: Path, quiz: Quiz, version: str
    ) -> None:
        qti.export_quiz(quiz, tmp_path / "q.zip", version, seed=5)
        spec, _notes = imported(root, tmp_path / "q.zip")
        question, variant = quiz.spec.questions[2], draw(quiz.spec, 5)[2]
        back = spec.questions[2]
        assert isinstance(back, Numeric)
        (right,) = right_answers(question, variant)
        close, far = f"{float(right) * 1.019}", f"{float(right) * 1.022}"
        for typed in (right, close, far):
            states = {grade_question(*pair, typed).state for pair in ((question, variant), (back, draw(spec, 0)[2]))}
            assert len(states) == 1, typed

    def test_a_program_comes_back_as_a_short_text_with_its_code(
        self, root: Path, tmp_path: Path, quiz: Quiz, version: str
    ) -> None:
        qti.export_quiz(quiz, tmp_path / "q.zip", version, seed=5)
        spec, _notes = imported(root, tmp_path / "q.zip")
        back = spec.questions[6]
        assert isinstance(back, ShortText)
        assert "```python\nprint(sum(range(" in back.text.es
        assert back.accept.es in {("6",), ("10",)}

    def test_it_is_exported_in_the_language_asked_for(self, tmp_path: Path, quiz: Quiz, version: str) -> None:
        qti.export_quiz(quiz, tmp_path / "q.zip", version, "en")
        items, _notes = qti.read_package(tmp_path / "q.zip")
        assert items[0].text == "Who waits for `join()`?"


def zipped(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(name, content)
    return path


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><questestinterop>&b;</questestinterop>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><questestinterop>&a;</questestinterop>'


class TestHarmIsRefused:
    @pytest.mark.parametrize("xml", [BOMB, OUTSIDE], ids=["an entity bomb", "an outside file"])
    def test_entities(self, root: Path, tmp_path: Path, xml: str) -> None:
        for package in (zipped(tmp_path / "q.zip", **{"q.xml": xml}), tmp_path / "q.xml"):
            if package.suffix == ".xml":
                package.write_text(xml)
            with pytest.raises(qti.QtiError, match="defines entities or names outside files"):
                qti.import_quiz(root, package, "ml", "2", NAME)

    def test_entities_hidden_in_a_text(self, root: Path, tmp_path: Path) -> None:
        """HTML within QTI 1.2 is parsed too; there, what can't be parsed safely stays text."""
        hidden = BOMB.replace("&", "&amp;").replace("<", "&lt;")
        item = f'<questestinterop><item ident="a"><presentation><material><mattext>{hidden}</mattext></material>'
        end = '<response_str ident="R"/></presentation></item></questestinterop>'
        with pytest.raises(qti.QtiError, match="no question of this package was understood"):
            qti.import_quiz(root, zipped(tmp_path / "q.zip", **{"q.xml": item + end}), "ml", "2", NAME)

    @pytest.mark.parametrize("name", ["../fuera.xml", "/etc/x.xml", "a/../../b.xml", "..\\x.xml"])
    def test_files_outside_of_the_package(self, root: Path, tmp_path: Path, name: str) -> None:
        with pytest.raises(qti.QtiError, match="a file outside of itself"):
            qti.import_quiz(root, zipped(tmp_path / "q.zip", **{name: "<x/>"}), "ml", "2", NAME)

    def test_a_package_that_unpacks_to_too_much(
        self, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(qti, "MOST_BYTES", 10_000)
        package = zipped(tmp_path / "q.zip", **{"q.xml": f"<x>{' ' * 20_000}</x>"})
        assert package.stat().st_size < 1000
        with pytest.raises(qti.QtiError, match="holds too much"):
            qti.import_quiz(root, package, "ml", "2", NAME)

    def test_a_file_larger_than_may_be_read(self, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(qti, "MOST_XML", 1000)
        with pytest.raises(qti.QtiError, match=r"q\.xml is larger than 1000 bytes"):
            qti.import_quiz(root, zipped(tmp_path / "q.zip", **{"q.xml": f"<x>{' ' * 2000}</x>"}), "ml", "2", NAME)

    def test_what_is_no_xml(self, root: Path, tmp_path: Path) -> None:
        with pytest.raises(qti.QtiError, match=r"q\.xml is no XML"):
            qti.import_quiz(root, zipped(tmp_path / "q.zip", **{"q.xml": "<x"}), "ml", "2", NAME)


def test_what_is_not_understood_is_named_and_the_rest_taken(root: Path, tmp_path: Path, quiz: Quiz) -> None:
    qti.export_quiz(quiz, tmp_path / "q.zip", "2.1")
    essay = (
        '<assessmentItem identifier="ensayo"><responseDeclaration identifier="RESPONSE"/><itemBody>'
        '<extendedTextInteraction responseIdentifier="RESPONSE"/></itemBody></assessmentItem>'
    )
    with zipfile.ZipFile(tmp_path / "q.zip", "a") as package:
        package.writestr("ensayo.xml", essay)
    spec, notes = imported(root, tmp_path / "q.zip")
    assert len(spec.questions) == 7
    assert "ensayo: left out (extendedTextInteraction has nothing like it here)" in notes


def test_a_question_without_a_right_option_is_left_out(root: Path, tmp_path: Path) -> None:
    choices = "".join(f'<simpleChoice identifier="{name}">{name}</simpleChoice>' for name in "AB")
    item = (
        '<assessmentItem identifier="vacia"><responseDeclaration identifier="RESPONSE" cardinality="single"/><itemBody>'
        f'<p>¿Cuál?</p><choiceInteraction responseIdentifier="RESPONSE">{choices}</choiceInteraction>'
        "</itemBody></assessmentItem>"
    )
    with pytest.raises(qti.QtiError, match=r"vacia: left out .*no option is `correct: true`"):
        qti.import_quiz(root, zipped(tmp_path / "q.zip", **{"q.xml": item}), "ml", "2", NAME)


@pytest.mark.parametrize(("name", "reason"), [("01-paralelismo", "exists already"), ("otro", "named like a topic")])
def test_an_import_replaces_no_quiz_and_makes_no_stray_one(
    root: Path, tmp_path: Path, quiz: Quiz, name: str, reason: str
) -> None:
    qti.export_quiz(quiz, tmp_path / "q.zip", "2.1")
    before = sorted(root.rglob("*.yaml"))
    with pytest.raises(qti.QtiError, match=reason):
        qti.import_quiz(root, tmp_path / "q.zip", "ml", "2", name)
    assert sorted(root.rglob("*.yaml")) == before


@pytest.mark.parametrize("version", VERSIONS)
def test_the_command_goes_there_and_back(
    root: Path, tmp_path: Path, settings, version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.LABS = settings.LABS.model_copy(update={"content_dir": root})
    package = str(tmp_path / "q.zip")
    call_command("quizzes", "export-qti", "2/01-paralelismo", package, "--version", version, "--course", "ml")
    call_command("quizzes", "import-qti", package, "--module", "2", "--quiz", NAME, "--course", "ml")
    assert (root / "courses/ml/02-paralelo/quizzes/02-spark.yaml").is_file()
    assert "translate it" in capsys.readouterr().err
    with pytest.raises(CommandError, match="unknown quiz `2/nada`"):
        call_command("quizzes", "export-qti", "2/nada", package, "--course", "ml")
