"""The zips a student takes away hold their own files and what runs them; never what grades them."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient

from labs.catalog import load
from portal.accounts.models import User
from portal.core.api import ApiError
from portal.courses.models import Enrollment, Lab
from portal.courses.sync import sync
from portal.labsessions import archives, files
from portal.labsessions.models import Workspace
from tests.portal.factories import EnrollmentFactory, WorkspaceFactory

pytestmark = pytest.mark.django_db(transaction=True)
WORKSPACE, HOME = "/lab/suma/descargar/", "/lab/suma/llevar/"


async def _get(user: User | None, path: str) -> tuple[int, str, bytes]:
    client = AsyncClient()
    if user:
        await client.aforce_login(user, backend="portal.accounts.sessions.PortalBackend")
    answer = await client.get(path)
    if not answer.streaming:
        return answer.status_code, "", answer.content
    content = b"".join([chunk async for chunk in answer.streaming_content])
    return answer.status_code, answer["Content-Disposition"], content


def status(user: User | None, path: str) -> int:
    return async_to_sync(_get)(user, path)[0]


def zipped(user: User, path: str) -> zipfile.ZipFile:
    code, disposition, content = async_to_sync(_get)(user, path)
    assert code == 200, content
    assert disposition.startswith("attachment")
    opened = zipfile.ZipFile(io.BytesIO(content))
    assert opened.testzip() is None
    return opened


@pytest.fixture
def home(content: Path) -> Path:
    """The small course with data, hidden files and an environment that says what to do at home."""
    folder = content / "courses/ml/02-paralelo/labs/suma"
    for name in ("data/datos.csv", "hidden/secreto.txt"):
        (folder / name).parent.mkdir()
        (folder / name).write_text("a\n1\n")
    environment = content / "environments/base"
    (environment / "environment.yaml").write_text(
        (environment / "environment.yaml").read_text() + "debian_packages: [openjdk-17-jre-headless]\n"
    )
    (environment / "home").mkdir()
    (environment / "home/preparar.py").write_text("print('listo')\n")
    (environment / "home.es.md").write_text("Antes, `python preparar.py`.\n")
    catalog = load(content)
    assert not catalog.problems, catalog.problems
    sync(catalog)
    return content


@pytest.fixture
def own(db: None, home: Path) -> Workspace:
    made = WorkspaceFactory(enrollment=EnrollmentFactory(), lab=Lab.objects.get(slug="suma"))
    files.save(made, "main.py", "mio = 1\n", 0)
    files.save(made, "util/a.py", "x = 1\n", 0)
    files.save(made, "borrado.py", "x = 1\n", 0)
    made.files.filter(path="borrado.py").update(deleted_at=made.files.first().saved_at)
    return made


def test_the_workspace_is_what_the_portal_keeps_without_deleted_files(own: Workspace) -> None:
    archive = zipped(own.enrollment.user, WORKSPACE)
    assert sorted(archive.namelist()) == ["suma/extra.py", "suma/main.py", "suma/util/a.py"]
    assert archive.read("suma/main.py") == b"mio = 1\n"
    assert archive.getinfo("suma/main.py").external_attr >> 16 == 0o644, "unzip would make it unreadable"


def test_taken_home_are_instructions_data_requirements_and_how_to_run_it(own: Workspace) -> None:
    archive = zipped(own.enrollment.user, HOME)
    top = "suma-en-casa/"
    names = {name.removeprefix(top) for name in archive.namelist()}
    assert names == {
        *("main.py", "extra.py", "util/a.py", "datos.csv", "preparar.py"),
        *("requirements.txt", "LEEME.md", "INSTRUCCIONES.md"),
    }
    readme = archive.read(f"{top}LEEME.md").decode()
    for told in ("python3 -m venv", "pip install -r requirements.txt", "Java 17", "preparar.py", "python main.py"):
        assert told in readme
    assert archive.read(f"{top}requirements.txt").startswith(b"numpy==")
    assert "Sumar" in archive.read(f"{top}INSTRUCCIONES.md").decode()


def test_it_speaks_the_readers_language(own: Workspace) -> None:
    user = own.enrollment.user
    user.language = "en"
    user.save()
    archive = zipped(user, HOME)
    assert "Adding" in archive.read("suma-at-home/INSTRUCTIONS.md").decode()
    assert "Java 17" in archive.read("suma-at-home/README.md").decode()


def test_nothing_that_grades_leaves(own: Workspace) -> None:
    archive = zipped(own.enrollment.user, HOME)
    everything = b"".join(archive.read(name) for name in archive.namelist())
    assert not any(word in name for name in archive.namelist() for word in ("checks", "hidden", "solution", "mutants"))
    assert b"return sum(xs)" not in everything
    assert b"Failed" not in everything


def test_a_students_file_wins_over_ours_of_the_same_name(own: Workspace) -> None:
    files.save(own, "requirements.txt", "polars\n", 0)
    archive = zipped(own.enrollment.user, HOME)
    assert archive.read("suma-en-casa/requirements.txt") == b"polars\n"


def test_everyone_gets_their_own_files_and_no_one_elses(own: Workspace) -> None:
    cohort = own.enrollment.cohort
    instructor = EnrollmentFactory(cohort=cohort, role=Enrollment.Role.INSTRUCTOR)
    for other in (instructor, EnrollmentFactory(cohort=cohort)):
        for path in (WORKSPACE, HOME):
            archive = zipped(other.user, path)
            assert not any("util/a.py" in name for name in archive.namelist())
            main = next(name for name in archive.namelist() if name.endswith("/main.py"))
            assert b"mio" not in archive.read(main)
    admin = User.objects.create_superuser("jefa")
    for path in (WORKSPACE, HOME):
        assert status(admin, path) == 404, "not enrolled"
        assert status(None, path) == 401
    assert Workspace.objects.count() == 1, "downloading stores nothing"


def test_an_archive_past_its_cap_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_BYTES", 10)
    with pytest.raises(ApiError):
        list(archives.chunks([("a", lambda: b"x" * 6), ("b", lambda: b"x" * 6)], "lab"))
