"""Reading the course files: what is right becomes objects, each mistake is named with file and line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from labs.catalog import load, load_labs
from labs.services import services_of, uis_of

LABS = Path(__file__).parents[2] / "labs"
MODULE = "courses/curso/01-modulo"
LAB = f"{MODULE}/labs/uno"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A course with one module, one page and one lab: the template's."""
    shutil.copytree(LABS / "template", tmp_path / LAB)
    files = {
        "environments/base/environment.yaml": "title: {es: Base, en: Base}\n",
        "environments/base/requirements.txt": "numpy==2.4.6\n",
        "courses/curso/course.yaml": "title: {es: C, en: C}\nsummary: {es: c, en: c}\nmodules: [01-modulo]\n",
        f"{MODULE}/module.yaml": (
            "number: 1\ntitle: {es: M, en: M}\nsummary: {es: m, en: m}\nhours: 4\n"
            'topics:\n  - id: 01-tema\n    number: "1.1"\n    hours: 4\n    title: {es: T, en: T}\n'
            "    pages:\n      - id: tema\n        title: {es: T, en: T}\n        labs: [uno]\n"
        ),
        f"{MODULE}/pages/01-tema/tema.es.md": "Uno\n\n## Dos\n\nTexto.\n",
        f"{MODULE}/pages/01-tema/tema.en.md": "One\n\n## Two\n\nText.\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def problems(root: Path) -> list[str]:
    return [str(problem).removeprefix(f"{root}/") for problem in load(root).problems]


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def line_of(path: Path, text: str) -> int:
    return next(n for n, line in enumerate(path.read_text().splitlines(), 1) if text in line)


def test_right_files_become_a_course(root: Path) -> None:
    catalog = load(root)
    assert catalog.problems == []
    course = catalog.courses["curso"]
    assert course.modules[0].pages[0].markdown("en").startswith("One")
    lab = course.modules[0].labs[0]
    assert catalog.labs["uno"] is lab
    assert lab.spec.title["en"] == "A new lab"
    assert lab.mutant("vacio-es-cero")["main.py"] != lab.tree("solution")["main.py"]


def test_who_runs_labs_reads_the_same_ones_in_the_same_order() -> None:
    whole, alone = load(LABS), load_labs(LABS)
    assert list(alone.labs.items()) == list(whole.labs.items())
    assert alone.environments == whole.environments


def test_a_lab_of_a_module_that_the_course_does_not_list_is_none(root: Path) -> None:
    shutil.copytree(root / LAB, root / "courses/curso/02-otro/labs/dos")
    assert list(load(root).labs) == list(load_labs(root).labs) == ["uno"]


def test_a_digest_changes_with_the_content_only(root: Path) -> None:
    first = load(root).labs["uno"].digest
    (root / LAB / "__pycache__").mkdir()
    (root / LAB / "__pycache__/checks.pyc").write_bytes(b"x")
    assert load(root).labs["uno"].digest == first
    replace(root / LAB / "checks.py", "import math", "import math as math")
    assert load(root).labs["uno"].digest != first


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("minutes: 30", "minutos: 30", "minutos: 30", "unknown field `minutos`"),
        ("minutes: 30", "minutes: soon", "minutes: soon", "valid integer"),
        (
            "environment: base",
            "environment: cobol",
            "environment: cobol",
            "unknown environment `cobol` (there is: base)",
        ),
        ("environment: base", "environment: base\nminutes: 5", "minutes: 30", "the key `minutes` is written twice"),
        ("    points: 70", "    points: 60", "checks:", "sum to 90, not 100"),
        ("  - id: media", "  - id: mediana", "- id: mediana", "checks.py has no function `mediana`"),
        ("loses: [vacio]", "loses: [lleno]", "loses: [lleno]", "loses unknown check `lleno`"),
        ("  - id: vacio-es-cero", "  - id: otro", "- id: otro", "mutants/otro holds no file"),
        (
            "files: [main.py]",
            "files: [main.py, datos.sql]",
            "files: [main.py, datos.sql]",
            "missing file: starter/datos.sql",
        ),
        ("entry: main.py", "entry: otra.py", "entry: otra.py", "the entry `otra.py` is not one of `files`"),
        ("  en: A new lab", "", "title:", "missing translation `title.en`"),
        ("minutes: 30", "minutes: [30", "", "wrong YAML"),
        (
            "minutes: 30",
            "minutes: 30\nsession_minutes: 300",
            "session_minutes: 300",
            "a session of 300 minutes is longer than `max_session_minutes` allows (240)",
        ),
        ("minutes: 30", "minutes: 30\nextend_minutes: -5", "extend_minutes: -5", "greater than or equal to 0"),
        ("minutes: 30", "minutes: &m 30\nsession_minutes: *m", "session_minutes: *m", "aliases"),
    ],
)
def test_a_mistake_in_lab_yaml_is_named_with_its_line(root: Path, old: str, new: str, line: str, reason: str) -> None:
    path = root / LAB / "lab.yaml"
    replace(path, old, new)
    found = [text for text in problems(root) if reason in text]
    assert found, problems(root)
    if line:
        assert found[0].startswith(f"{LAB}/lab.yaml:{line_of(path, line)}: ")


SERVICE = "  - {{id: {0}, title: {{es: S, en: S}}, command: [sleep, '9'], ready: {{port: {1}}}}}\n"
UI = "  - {{id: {0}, title: {{es: U, en: U}}, port: {1}, service: {2}}}\n"


def test_a_lab_adds_services_and_pages_to_its_environments(root: Path) -> None:
    environment = root / "environments/base/environment.yaml"
    before = load(root).environments["base"].digest
    environment.write_text(
        environment.read_text() + "services:\n" + SERVICE.format("uno", 7001) + "uis:\n" + UI.format("a", 7001, "uno")
    )
    lab = root / LAB / "lab.yaml"
    lab.write_text(
        lab.read_text() + "services:\n" + SERVICE.format("dos", 7002) + "uis:\n" + UI.format("b", 7003, "uno")
    )
    catalog = load(root)
    assert catalog.problems == []
    base = catalog.environments["base"]
    assert [s.id for s in services_of(base.spec, catalog.labs["uno"].spec)] == ["uno", "dos"]
    assert [ui.id for ui in uis_of(base.spec, catalog.labs["uno"].spec)] == ["a", "b"]
    assert base.digest == before, "what runs in an environment changes nothing of what is installed"


@pytest.mark.parametrize(
    ("kind", "items", "reason"),
    [
        ("uis", [UI.format("b", 7003, "tres")], "unknown service `tres` (there is: uno)"),
        ("uis", [UI.format("a", 7003, "uno")], "two uis have the id `a` (the other is the environment's)"),
        ("uis", [UI.format("b", 7001, "uno")], "two uis have the port `7001` (the other is the environment's)"),
        ("uis", [UI.format("b", 7003, "uno"), UI.format("b", 7004, "uno")], "two uis have the id `b`"),
        ("uis", [UI.format("b", 80, "uno")], "greater than or equal to 1024"),
        ("services", [SERVICE.format("uno", 7003)], "two services have the id `uno` (the other is the environment's)"),
        ("services", [SERVICE.format("dos", 7001)], "two services have the port `7001`"),
        ("services", [SERVICE.format("dos", 7003).replace("{port: 7003}", "{}")], "needs a port, a command or both"),
        ("services", [SERVICE.format("dos", 7003).replace("[sleep, '9']", "[]")], "`services.0.command`"),
        ("services", [SERVICE.format("dos", 7003).replace("sleep", "''")], "`services.0.command.0`"),
    ],
)
def test_a_mistake_in_what_is_served_is_named_with_its_line(
    root: Path, kind: str, items: list[str], reason: str
) -> None:
    environment = root / "environments/base/environment.yaml"
    services = "services:\n" + SERVICE.format("uno", 7001)
    environment.write_text(environment.read_text() + services + "uis:\n" + UI.format("a", 7001, "uno"))
    lab = root / LAB / "lab.yaml"
    lab.write_text(f"{lab.read_text()}{kind}:\n{''.join(items)}")
    line = line_of(lab, f"{kind}:") + len(items)  # the mistake is in the last one
    found = [problem for problem in problems(root) if reason in problem]
    assert found, problems(root)
    assert found[0].startswith(f"{LAB}/lab.yaml:{line}: ")


def test_an_environments_own_mistakes_are_named_too(root: Path) -> None:
    environment = root / "environments/base/environment.yaml"
    services = "services:\n" + SERVICE.format("uno", 7001) + SERVICE.format("uno", 7002)
    environment.write_text(environment.read_text() + services + "uis:\n" + UI.format("a", 7001, "otro"))
    assert problems(root) == [
        "environments/base/environment.yaml:4: two services have the id `uno`",
        "environments/base/environment.yaml:6: unknown service `otro` (there is: uno, uno)",
    ]


def test_both_languages_must_be_there(root: Path) -> None:
    (root / MODULE / "pages/01-tema/tema.en.md").unlink()
    (root / LAB / "instructions.es.md").unlink()
    assert problems(root) == [
        f"{LAB}/instructions.es.md:1: missing translation: instructions has no text in `es`",
        f"{MODULE}/pages/01-tema/tema.en.md:1: missing translation: tema has no text in `en`",
    ]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (
            "One\n\nText.\n\n### Two\n",
            5,
            "headings differ: heading 1 is level 2 (line 3) in tema.es.md and level 3 here",
        ),
        ("One\n\nText.\n", 1, "headings differ: heading 1 is level 2 (line 3) in tema.es.md and nothing here"),
        ("One\n\n## Two\n\n![](figures/a.svg)\n", 5, "missing alt text for the image figures/a.svg"),
        ('One\n\n## Two\n\n![x](figures/b.svg "b")\n', 5, "no such image"),
        ("One\n\n## Two\n\n![x](figures/a.svg)\n", 5, "missing caption for the image figures/a.svg"),
        ('One\n\n## Two\n\n![x](figures/c.chart "c")\n', 5, "no such image"),
        ("# One\n\n## Two\n", 1, "the title of a page stands in module.yaml"),
        ("One\n\n## Two\n\n[x](pagina:nada)\n", 5, "a link to the unknown page `nada`"),
        ("One\n\n## Two\n\n[x](pagina:tema#nada)\n", 5, "no heading of the page `tema` has the anchor `#nada`"),
        ("One\n\n## Two\n\n[x](lab:nada)\n", 5, "a link to the unknown lab `nada`"),
        ("One\n\n## Two\n\n[x](glosario:nada)\n", 5, "a link to the unknown term `nada`"),
        ("One\n\n## Two\n\n[x](#nada)\n", 5, "no heading has the anchor `#nada`"),
        ("One\n\n## Two\n\n[x](otra.html)\n", 5, "`otra.html` leads nowhere"),
        ("One\n\n## Two\n\n```python lab=nada\nx\n```\n", 5, "a block leads to the unknown lab `nada`"),
        ("One\n\n## Two\n\n```bash run\nx\n```\n", 5, "only the instructions of a lab can have `bash run`"),
        ("One\n\n## Two\n\n::: note\nx\n:::\n", 5, "unknown container `::: note`"),
        ("One\n\n## Two\n\n::: nota\nx\n", 5, "the container `nota` is never closed"),
        ("One\n\n## Two\n\n```python\nx\n", 5, "this code block is never closed"),
    ],
)
def test_a_mistake_in_a_page_is_named_with_its_line(root: Path, text: str, line: int, reason: str) -> None:
    figures = root / MODULE / "pages/01-tema/figures"
    figures.mkdir(parents=True)
    (figures / "a.svg").write_text("<svg/>")
    (root / MODULE / "pages/01-tema/tema.en.md").write_text(text)
    assert any(found.startswith(f"{MODULE}/pages/01-tema/tema.en.md:{line}: {reason}") for found in problems(root))


GLOSSARY = "terms:\n  - id: uno\n    term: {es: uno, en: one}\n    definition: {es: U., en: O.}\n"


def test_links_within_the_course_lead_to_what_is_there(root: Path) -> None:
    (root / "courses/curso/glossary").mkdir()
    (root / "courses/curso/glossary/todo.yaml").write_text(GLOSSARY)
    links = "[a](pagina:tema#dos), [b](lab:uno), [c](glosario:uno), [d](#dos), [e](https://example.org/)"
    (root / MODULE / "pages/01-tema/tema.es.md").write_text(f"{links}\n\n## Dos\n")
    assert problems(root) == []
    assert load(root).courses["curso"].glossary[0].term["en"] == "one"


def test_a_term_is_defined_once(root: Path) -> None:
    (root / "courses/curso/glossary").mkdir()
    (root / "courses/curso/glossary/todo.yaml").write_text(GLOSSARY + GLOSSARY.removeprefix("terms:\n"))
    assert problems(root) == ["courses/curso/glossary/todo.yaml:5: two terms have the id `uno`"]


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("labs: [uno]\n        after: [nada]", ":1: `tema` comes after `nada`, which is no earlier page"),
        ("labs: [uno]\n      - {id: tema, title: {es: T, en: T}}", ":14: two pages have the id `tema`"),
        ("labs: [uno]\n      - {id: otra, title: {es: T, en: T}, labs: [uno]}", ":14: two pages list the lab `uno`"),
    ],
)
def test_a_mistake_in_module_yaml_is_named_with_its_line(root: Path, new: str, reason: str) -> None:
    replace(root / MODULE / "module.yaml", "labs: [uno]", new)
    assert any(found.startswith(f"{MODULE}/module.yaml{reason}") for found in problems(root)), problems(root)


def test_code_is_no_heading(root: Path) -> None:
    path = root / MODULE / "pages/01-tema/tema.es.md"
    path.write_text(f"{path.read_text()}\n```python\n# a comment\n![](x)\n```\n")
    assert problems(root) == []


def test_two_labs_may_not_share_an_id(root: Path) -> None:
    second = root / "courses/curso/02-otro"
    shutil.copytree(root / MODULE, second)
    replace(root / "courses/curso/course.yaml", "[01-modulo]", "[01-modulo, 02-otro]")
    assert [text for text in problems(root) if "two labs have the id `uno`" in text] == [
        f"courses/curso/02-otro/labs/uno/lab.yaml:1: two labs have the id `uno`: the other is in {root / LAB}"
    ]


def test_topics_pages_and_labs_must_name_each_other(root: Path) -> None:
    replace(root / MODULE / "module.yaml", "[uno]", "[dos]")
    (root / MODULE / "pages/01-tema/suelta.es.md").write_text("# x\n")
    assert problems(root) == [
        f"{LAB}/lab.yaml:1: no page of module.yaml lists the lab `uno`",
        f"{MODULE}/module.yaml:13: unknown lab `dos`: no folder labs/dos",
        f"{MODULE}/pages/01-tema/suelta.es.md:1: no topic of module.yaml has this page",
    ]


def test_modules_are_listed_and_exist(root: Path) -> None:
    replace(root / "courses/curso/course.yaml", "[01-modulo]", "[03-nada]")
    assert problems(root) == [
        "courses/curso/course.yaml:3: no folder for the module `03-nada`",
        "courses/curso/course.yaml:3: the folder `01-modulo` is not listed as a module",
    ]


def test_text_that_is_not_utf8_is_named_with_its_line(root: Path) -> None:
    (root / LAB / "starter/main.py").write_bytes("x = 1\n# año\n".encode("latin-1"))
    assert problems(root) == [f"{LAB}/starter/main.py:2: not UTF-8: byte 0xf1"]


def test_files_and_mutants_nobody_declared_are_named(root: Path) -> None:
    (root / LAB / "solution/notas.txt").write_text("x")
    (root / LAB / "mutants/olvidado").mkdir()
    assert problems(root) == [
        f"{LAB}/mutants/olvidado:1: the mutant `olvidado` is not declared in lab.yaml",
        f"{LAB}/solution/notas.txt:1: not one of the `files` of lab.yaml",
    ]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("def media(lab:\n", ":1: wrong Python"),
        ("def media(): ...\ndef vacio(lab): ...\n", ":1: the check `media` must take one argument"),
        ("def media(lab): ...\ndef vacio(lab): ...\ndef otra(lab): ...\n", ":3: `otra` is not a check of lab.yaml"),
    ],
)
def test_checks_must_be_functions_of_checks_py(root: Path, code: str, reason: str) -> None:
    (root / LAB / "checks.py").write_text(code)
    assert any(f"{LAB}/checks.py{reason}" in text for text in problems(root))


def test_all_problems_come_at_once(root: Path) -> None:
    replace(root / LAB / "lab.yaml", "minutes: 30", "minutos: 30")
    (root / MODULE / "pages/01-tema/tema.en.md").unlink()
    (root / "environments/base/requirements.txt").unlink()
    assert len(problems(root)) >= 4  # a broken environment is also unknown to whoever names it


def test_a_lab_may_name_another_environment_for_hosts_with_a_gpu(root: Path) -> None:
    shutil.copytree(root / "environments/base", root / "environments/base-gpu")
    replace(root / "environments/base-gpu/environment.yaml", "title:", "gpu: true\ntitle:")
    replace(root / LAB / "lab.yaml", "environment: base\n", "environment: base\ngpu_environment: base-gpu\n")
    catalog = load(root)
    assert catalog.problems == []
    assert catalog.labs["uno"].spec.gpu_environment == "base-gpu"
    assert catalog.environments["base-gpu"].spec.gpu


def test_both_environments_of_a_lab_serve_the_same(root: Path) -> None:
    shutil.copytree(root / "environments/base", root / "environments/base-gpu")
    replace(root / "environments/base-gpu/environment.yaml", "title:", "gpu: true\ntitle:")
    for_gpu = root / "environments/base-gpu/environment.yaml"
    for_gpu.write_text(for_gpu.read_text() + "services:\n" + SERVICE.format("uno", 7001))
    lab = root / LAB / "lab.yaml"
    replace(lab, "environment: base\n", "environment: base\ngpu_environment: base-gpu\n")
    told = "`base` and `base-gpu` must have the same services and uis"
    assert problems(root) == [f"{LAB}/lab.yaml:{line_of(lab, 'gpu_environment')}: {told}"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("gpu_environment: nada", "unknown environment `nada` (there is: base, base-gpu)"),
        ("gpu_environment: base", "the environment `base` gives no GPU"),
        ("environment: base-gpu", "the environment `base-gpu` needs a GPU: name it as gpu_environment"),
    ],
)
def test_an_environment_in_the_wrong_place_is_named(root: Path, line: str, reason: str) -> None:
    shutil.copytree(root / "environments/base", root / "environments/base-gpu")
    replace(root / "environments/base-gpu/environment.yaml", "title:", "gpu: true\ntitle:")
    lab = root / LAB / "lab.yaml"
    kept = "" if line.startswith("environment") else "environment: base\n"
    replace(lab, "environment: base\n", f"{kept}{line}\n")
    assert problems(root) == [f"{LAB}/lab.yaml:{line_of(lab, line)}: {reason}"]
