"""QTI as other platforms write it: what is taken of each, and that the rest is named with its reason."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from labs import qti
from labs.quizmodels import QuizFile
from tests.labs.qti_dialects import canvas, others


def package(folder: Path, files: dict[str, str]) -> Path:
    path = folder / "q.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return path


def taken(folder: Path, *documents: str) -> tuple[dict[str, Any], list[str]]:
    """The questions by id, valid for a quiz file, and the notes."""
    items, notes = qti.read_package(package(folder, {f"{n}.xml": text for n, text in enumerate(documents)}))
    questions, more = qti._questions(items)
    if questions:
        QuizFile.model_validate({"title": {"es": "x", "en": "x"}, "questions": questions})
    return {each["id"]: each for each in questions}, notes + more


def options(question: dict[str, Any]) -> list[tuple[str, bool, str]]:
    return [(each["text"]["es"], each.get("correct", False), each["feedback"]["es"]) for each in question["options"]]


class TestCanvas:
    def test_points_stand_apart_from_a_score_in_percent(self, tmp_path: Path) -> None:
        questions, notes = taken(tmp_path, canvas.assessment(canvas.CHOICE, canvas.NUMBER))
        assert questions["choice"]["points"] == 2
        assert questions["number"]["points"] == 1
        assert "number: its score of 100 was taken as percent: 1 point" in notes

    def test_html_that_is_no_xml_becomes_text(self, tmp_path: Path) -> None:
        questions, _notes = taken(tmp_path, canvas.assessment(canvas.CHOICE))
        text = questions["choice"]["text"]["es"]
        assert text == "¿Qué es `map`?\n\nPiensa en 10^3 filas & particiones."

    def test_plain_text_stays_as_it_is(self, tmp_path: Path) -> None:
        questions, _notes = taken(tmp_path, canvas.assessment(canvas.CHOICE))
        assert options(questions["choice"])[2][0] == "Ni <b> ni lo otro"

    def test_each_option_has_its_feedback_or_that_of_its_kind(self, tmp_path: Path) -> None:
        """A condition that names several options says nothing of one of them."""
        questions, _notes = taken(tmp_path, canvas.assessment(canvas.SEVERAL))
        assert [each[1:] for each in options(questions["several"])] == [
            (True, "Eso es."),
            (False, "No."),
            (True, "Bien."),
        ]
        assert questions["several"]["feedback"]["es"] == "Repasa las particiones."

    def test_a_matching_tells_which_texts_match_nothing(self, tmp_path: Path) -> None:
        questions, notes = taken(tmp_path, canvas.assessment(canvas.MATCHING))
        pairs = [(each["left"]["es"], each["right"]["es"]) for each in questions["matching"]["pairs"]]
        assert pairs == [("A", "uno"), ("B", "dos"), ("C", "tres")]
        assert "matching: 1 texts that match nothing were left out" in notes

    def test_a_number_has_the_tolerance_of_its_range(self, tmp_path: Path) -> None:
        questions, _notes = taken(tmp_path, canvas.assessment(canvas.NUMBER))
        assert float(questions["number"]["answer"]) == 1000
        assert questions["number"]["tolerance"]["absolute"] == pytest.approx(0.005)

    def test_one_blank_is_typed_and_not_chosen(self, tmp_path: Path) -> None:
        """Canvas writes what it accepts as options, of which the first alone gives points."""
        questions, _notes = taken(tmp_path, canvas.assessment(canvas.ONE_BLANK, canvas.SHORT))
        assert questions["blank"]["accept"]["es"] == ["driver", "conductor"]
        assert questions["short"]["accept"]["es"] == ["Spark", "PySpark"]

    def test_a_formula_drawn_as_a_picture_is_kept_and_a_picture_is_named(self, tmp_path: Path) -> None:
        questions, notes = taken(tmp_path, canvas.assessment(canvas.PICTURE))
        assert "$x^2$" in questions["picture"]["text"]["es"]
        assert "picture: a picture or file was left out" in notes

    @pytest.mark.parametrize(
        ("item", "note"),
        [
            (canvas.MENUS, "menus: left out (it asks for 2 things within one text (response_lid))"),
            (canvas.ESSAY, "essay: left out (it states no right answer)"),
            (canvas.UPLOAD, "upload: left out (it asks for nothing that can be answered here)"),
            (canvas.TWO_NUMBERS, "two-numbers: left out (2 ranges of numbers are right)"),
        ],
    )
    def test_what_has_nothing_like_it_is_named(self, tmp_path: Path, item: str, note: str) -> None:
        questions, notes = taken(tmp_path, canvas.assessment(item, canvas.SHORT))
        assert list(questions) == ["short"]
        assert note in notes

    def test_a_whole_course_gives_each_question_once(self, tmp_path: Path) -> None:
        """It holds every quiz in two forms, its settings, and on a Mac a shadow of each file."""
        quiz = canvas.assessment(*canvas.EVERYTHING)
        files = {
            "i1/assessment_qti.xml": quiz,
            "i1/assessment_meta.xml": canvas.META,
            "non_cc_assessments/i1.xml.qti": quiz,
            "__MACOSX/i1/._assessment_qti.xml": "\0",
        }
        items, notes = qti.read_package(package(tmp_path, files))
        assert len(items) == len({item.id for item in items}) == 7
        assert len(notes) == len(set(notes))
        assert "i1/assessment_meta.xml: <quiz> is no QTI of 1.2, 2.1 or 2.2; left out" in notes


class TestBlackboard:
    def test_a_pool_is_read_from_its_dat_files(self, tmp_path: Path) -> None:
        path = package(tmp_path, {"res1.dat": others.BLACKBOARD, "res2.dat": "a=b", "res3.dat": "<COURSE/>"})
        items, notes = qti.read_package(path)
        assert notes == []
        assert [(item.kind, item.points, item.text) for item in items] == [
            ("single", 3, "¿Cuál?"),
            ("text", 3, "¿Cuál?"),
            ("numeric", 3, "¿Cuál?"),
        ]
        assert [(text, right) for text, right, _said in items[0].options] == [("Dask", False), ("Spark", True)]
        assert items[1].accept == ["RDD"]
        assert (items[2].answer, items[2].tolerance) == (10, 1)


class TestExamplesOfTheSpecification:
    def test_a_doctype_alone_is_no_harm(self, tmp_path: Path) -> None:
        questions, _notes = taken(tmp_path, others.IMS_ORDER)
        assert [each["es"] for each in questions["ims-v01-009b"]["items"]] == ["lunes", "martes", "jueves", "viernes"]

    def test_feedback_and_rubrics_are_no_part_of_the_question(self, tmp_path: Path) -> None:
        questions, _notes = taken(tmp_path, others.MODAL)
        assert questions["modal"]["text"]["es"] == "¿Se evalúa en\ndiferido?"
        assert options(questions["modal"]) == [("true", True, "Eso es."), ("false", False, "Repasa.")]
        assert (questions["modal"]["feedback"]["es"], questions["modal"]["points"]) == ("Es true.", 10)

    def test_what_is_asked_within_a_text_leaves_a_gap(self, tmp_path: Path) -> None:
        questions, notes = taken(tmp_path, others.WITHIN, others.ENTRY)
        assert questions["within"]["text"]["es"] == "Quien reparte es el ____, y nadie más."
        assert options(questions["within"])[0][:2] == ("driver", True)
        assert questions["entry"]["text"]["es"] == "Este sol de ____; y nubes."
        assert questions["entry"]["accept"]["es"] == ["York", "yorks"]
        assert "entry: answers that earned a part there earn all points here" in notes

    def test_two_lefts_may_have_one_right(self, tmp_path: Path) -> None:
        questions, _notes = taken(tmp_path, others.MATCH)
        assert [each["right"]["es"] for each in questions["match"]["pairs"]] == ["R", "M", "M", "T"]

    @pytest.mark.parametrize(
        ("item", "note"),
        [
            (others.PARTLY_ORDERED, "partly: left out (its right order names 2 of 4 texts)"),
            (others.DRAWN, "drawn: left out (it draws its values anew each time)"),
            (others.NO_NUMBER, "no-number: left out (it states 0 right numbers, not one)"),
            (others.TWO_PARTS, "two: left out (it has 2 interactions, not one)"),
            (others.GAPS, "gaps: left out (gapMatchInteraction has nothing like it here)"),
            ('<qti-assessment-item xmlns="x"/>', "0.xml: <qti-assessment-item> is no QTI of 1.2, 2.1 or 2.2; left out"),
        ],
    )
    def test_what_has_nothing_like_it_is_named(self, tmp_path: Path, item: str, note: str) -> None:
        questions, notes = taken(tmp_path, item, others.MATCH)
        assert list(questions) == ["match"]
        assert note in notes


class TestNothingEndsInATraceback:
    def test_a_file_that_is_no_xml_is_named_and_the_rest_taken(self, tmp_path: Path) -> None:
        questions, notes = taken(tmp_path, "<p>una página", others.MATCH)
        assert list(questions) == ["match"]
        assert any(note.startswith("0.xml is no XML") for note in notes)

    def test_an_encoding_that_nobody_knows(self, tmp_path: Path) -> None:
        _questions, notes = taken(tmp_path, '<?xml version="1.0" encoding="klingon"?><a/>', others.MATCH)
        assert any(note.startswith("0.xml is no XML") for note in notes)

    def test_a_text_nested_deeper_than_a_program_can_follow(self, tmp_path: Path) -> None:
        deep = "<div>" * 20_000 + "hola" + "</div>" * 20_000
        questions, _notes = taken(tmp_path, canvas.assessment(canvas.CHOICE.replace("¿Qué", f"¿Qué {deep}")))
        assert list(questions) == ["choice"]
        nested = others.WITHIN.replace("<p>", "<b>" * 2000 + "<p>").replace("</p>", "</p>" + "</b>" * 2000)
        assert "within" in taken(tmp_path, nested)[0]

    @pytest.mark.parametrize("number", ["nan", "inf", "1e999", "", "mil"])
    def test_numbers_that_are_none(self, tmp_path: Path, number: str) -> None:
        number21 = others.NO_NUMBER.replace("<correctResponse>", f"<correctResponse><value>{number}</value>")
        number12 = canvas.assessment(
            canvas.NUMBER.replace("999.995", number).replace('maxvalue="100"', 'maxvalue="-1"')
        )
        questions, notes = taken(tmp_path, number21, number12, others.MATCH)
        assert "no-number" not in questions
        assert any(note.startswith("no-number: left out") for note in notes)

    def test_more_questions_than_a_quiz_may_have(self, tmp_path: Path) -> None:
        many = [canvas.SHORT.replace('ident="short"', f'ident="s{n}"') for n in range(qti.MOST_QUESTIONS + 1)]
        questions, notes = taken(tmp_path, canvas.assessment(*many))
        assert len(questions) == qti.MOST_QUESTIONS
        assert f"s{qti.MOST_QUESTIONS}: left out (a quiz has 60 questions at most)" in notes

    def test_a_zip_that_can_not_be_unpacked(self, tmp_path: Path) -> None:
        path = package(tmp_path, {"q.xml": others.MATCH})
        content = bytearray(path.read_bytes())
        start = content.index(b"q.xml") + len(b"q.xml")
        content[start : start + 40] = bytes(40)
        path.write_bytes(content)
        with pytest.raises(qti.QtiError, match=r"q\.zip can't be read"):
            qti.read_package(path)
        with pytest.raises(qti.QtiError, match="can't be read"):
            qti.read_package(tmp_path / "no.zip")

    def test_entities_behind_a_doctype_are_refused_still(self, tmp_path: Path) -> None:
        bomb = others.IMS_ORDER.replace('dtd">', 'dtd" [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>')
        with pytest.raises(qti.QtiError, match="defines entities"):
            taken(tmp_path, bomb)
