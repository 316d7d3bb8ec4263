"""The database mirrors the files: twice is once, and files with problems change nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from labs.catalog import load
from portal.core import blobs
from portal.courses.models import Course, Lab, Module, Page
from portal.courses.sync import CatalogProblems, sync
from portal.labsessions.models import Workspace

LAB = "courses/ml/02-paralelo/labs/suma"


def test_it_takes_over_what_the_files_say(course: None) -> None:
    lab = Lab.objects.get(slug="suma")
    assert [page.number for page in Page.objects.all()] == ["2.1.1", "2.2.1"]
    assert Page.objects.get(slug="spark").marked
    assert lab.max_points == 100
    assert blobs.get(lab.starter["main.py"]["sha256"]).decode() == lab.starter["main.py"]["text"]


def test_a_second_sync_does_nothing(course: None, content: Path, django_assert_max_num_queries) -> None:
    report = sync(load(content))
    assert not report.changed


def test_an_edit_updates_its_row_alone(course: None, content: Path) -> None:
    path = content / LAB / "instructions.es.md"
    path.write_text(path.read_text() + "2. Entrega.\n")
    report = sync(load(content))
    assert (report.created, report.updated, report.retired) == ([], ["Course ml", "Lab suma"], [])


@pytest.mark.parametrize(
    ("path", "old", "new", "named"),
    [
        (f"{LAB}/lab.yaml", "environment: base", "environment: nowhere", "nowhere"),
        (f"{LAB}/lab.yaml", "minutes: 20", "minutos: 20", "minutos"),
        (f"{LAB}/lab.yaml", "title: {es: Sumar, en: Adding}", "title: {es: Sumar}", "translation"),
        (f"{LAB}/lab.yaml", "files: [", "files: [[", "lab.yaml"),
    ],
)
def test_problems_change_nothing(course: None, content: Path, path: str, old: str, new: str, named: str) -> None:
    file = content / path
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    (content / "courses/ml/course.yaml").write_text(
        (content / "courses/ml/course.yaml").read_text().replace("ML a escala", "Otro título")
    )
    with pytest.raises(CatalogProblems, match=named):
        sync(load(content))
    with pytest.raises(CommandError, match=named):
        call_command("labs", "sync")
    assert Course.objects.get().titles["es"] == "ML a escala"


@pytest.mark.usefixtures("course")
def test_two_labs_with_one_id_are_refused(content: Path) -> None:
    second = content / "courses/ml/03-otro"
    shutil.copytree(content / "courses/ml/02-paralelo", second)
    course = content / "courses/ml/course.yaml"
    course.write_text(course.read_text().replace("[02-paralelo]", "[02-paralelo, 03-otro]"))
    with pytest.raises(CatalogProblems, match="two labs have the id"):
        sync(load(content))
    assert Module.objects.count() == 1


def test_a_lab_that_is_gone_is_hidden_with_its_work_kept(course: None, content: Path, workspace: Workspace) -> None:
    shutil.rmtree(content / LAB)
    module = content / "courses/ml/02-paralelo/module.yaml"
    module.write_text(module.read_text().replace("labs: [suma]", "labs: []"))
    report = sync(load(content))
    assert report.retired == ["Lab suma"]
    assert Workspace.objects.filter(pk=workspace.pk).exists()


def test_the_table_of_proofs_is_of_sandboxes_without_a_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings.LABS, "gpus", "0")
    with pytest.raises(CommandError, match="leave LABS_GPUS out"):
        call_command("labs", "verify", "suma", "--table", str(tmp_path / "labs.md"))
    assert not (tmp_path / "labs.md").exists()
