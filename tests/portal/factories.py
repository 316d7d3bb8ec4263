"""Rows that tests start from. The course is synced from small real files, so that its shape is never made up."""

from __future__ import annotations

import itertools
from datetime import timedelta
from pathlib import Path
from typing import Any

import factory
from django.utils import timezone

from portal.accounts.models import User
from portal.courses.models import Cohort, Course, Enrollment, Environment, Invite, Lab
from portal.labsessions.models import EnvironmentBuild, Host, Workspace
from tests.labs.quiz_of_every_kind import QUIZ

PASSWORD = "una-clave-de-prueba"


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"ana{n}")
    password = factory.django.Password(PASSWORD)


class CohortFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Cohort

    course = factory.LazyFunction(Course.objects.get)
    name = factory.Sequence(lambda n: f"2026-{n}")


class EnrollmentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Enrollment

    user = factory.SubFactory(UserFactory)
    cohort = factory.SubFactory(CohortFactory)


class InviteFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Invite

    cohort = factory.SubFactory(CohortFactory)


class WorkspaceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Workspace

    enrollment = factory.SubFactory(EnrollmentFactory)
    lab = factory.LazyFunction(lambda: Lab.objects.get(slug="suma"))


class HostFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Host

    name = factory.Sequence(lambda n: f"host{n}")
    driver = "bubblewrap"
    slots = 2
    seen_at = factory.LazyFunction(timezone.now)


def build_environment(name: str = "base", state: str = "ready", host: str = "host0") -> EnvironmentBuild:
    """Say that an environment is built (or how far it is) as it is defined now."""
    environment = Environment.objects.get(name=name)
    return EnvironmentBuild.objects.create(
        environment=environment,
        digest=environment.digest,
        host=host,
        driver="bubblewrap",
        state=state,
        changed_at=timezone.now(),
    )


LAB_YAML = """
title: {es: Sumar, en: Adding}
summary: {es: Suma en paralelo., en: Add in parallel.}
environment: base
entry: main.py
files: [main.py, extra.py]
minutes: 20
pass_points: 60
max_attempts: 3
checks:
  - id: total
    title: {es: El total, en: The total}
    points: 60
    hints:
      - {after: 1, text: {es: Mira el bucle., en: Look at the loop.}}
      - {after: 2, text: {es: Empieza en cero., en: Start at zero.}}
  - id: speed
    title: {es: La rapidez, en: The speed}
    points: 20
    visibility: after_due
  - id: secret
    title: {es: La sorpresa, en: The surprise}
    points: 20
    visibility: never
steps:
  - {id: sumar, checks: [total]}
  - {id: leer}
mutants:
  - {id: corto, loses: [total], why: skips the last number}
"""

ENVIRONMENT_YAML = """
title: {es: Python, en: Python}
warmup: "import math"
uis:
  - {id: panel, title: {es: Panel, en: Dashboard}, port: 8787}
"""

PAGE = """Sobre {title}.

Texto con `código` y **énfasis**.

## Primera parte

::: nota
Una nota.
:::

![Un esquema](figures/esquema.svg "El esquema")

| a | b |
|---|--:|
| 1 | 2 |

```python
print("hola")
```
"""


SELF_TEST = """
title: {es: Autoevaluación, en: Self-test}
questions:
  - id: cuanto
    kind: numeric
    page: spark
    text: {es: "¿Cuánto es 2 + 2?", en: "How much is 2 + 2?"}
    answer: 2 + 2
    feedback: {es: Cuatro., en: Four.}
"""

SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>\n'


def write_course(root: Path) -> Path:
    """A small valid labs/ folder with one module, two pages, two labs, a topic's quiz and the module's self-test."""
    files: dict[str, str] = {
        "environments/base/environment.yaml": ENVIRONMENT_YAML,
        "environments/base/requirements.in": "numpy\n",
        "environments/base/requirements.txt": "numpy==2.4.6 --hash=sha256:" + "0" * 64 + "\n",
        "courses/ml/course.yaml": (
            "title: {es: ML a escala, en: ML at scale}\nsummary: {es: Un curso., en: A course.}\n"
            "modules: [02-paralelo]\n"
        ),
        "courses/ml/02-paralelo/module.yaml": (
            "number: 2\ntitle: {es: Paralelo, en: Parallel}\nsummary: {es: Dos., en: Two.}\nhours: 4\ntopics:\n"
            "  - {id: 01-paralelismo, number: '2.1', title: {es: Paralelismo, en: Parallelism}, hours: 1, pages: "
            "[{id: paralelismo, title: {es: Paralelismo, en: Parallelism}, labs: [suma]}]}\n"
            "  - {id: 02-spark, number: '2.2', title: {es: Spark, en: Spark}, hours: 3, marked: true, pages: "
            "[{id: spark, title: {es: Spark, en: Spark}, marked: true, labs: [cuenta]}]}\n"
        ),
        "courses/ml/02-paralelo/pages/01-paralelismo/figures/esquema.svg": SVG,
        "courses/ml/02-paralelo/pages/02-spark/figures/esquema.svg": SVG,
        "courses/ml/02-paralelo/quizzes/01-paralelismo.yaml": QUIZ,
        "courses/ml/02-paralelo/quizzes/autoevaluacion.yaml": SELF_TEST,
    }
    for topic, language in itertools.product(("01-paralelismo", "02-spark"), ("es", "en")):
        files[f"courses/ml/02-paralelo/pages/{topic}/{topic[3:]}.{language}.md"] = PAGE.format(
            title=f"{topic} {language}"
        )
    for lab in ("suma", "cuenta"):
        files |= {f"courses/ml/02-paralelo/labs/{lab}/{name}": text for name, text in _lab_files().items()}
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def _lab_files() -> dict[str, str]:
    checks = "".join(f"def {name}(lab):\n    return None\n\n\n" for name in ("total", "speed", "secret"))
    return {
        "lab.yaml": LAB_YAML,
        "instructions.es.md": "# Sumar\n\n## Paso 1. Sumar\n\n1. Abre `main.py`.\n\n## Paso 2. Leer\n\nLee.\n",
        "instructions.en.md": "# Adding\n\n## Step 1. Add\n\n1. Open `main.py`.\n\n## Step 2. Read\n\nRead.\n",
        "checks.py": f'"""Checks."""\n\n\n{checks}',
        "starter/main.py": "def suma(xs):\n    return 0\n",
        "starter/extra.py": "# tuyo\n",
        "solution/main.py": "def suma(xs):\n    return sum(xs)\n",
        "solution/extra.py": "# tuyo\n",
        "mutants/corto/main.py": "def suma(xs):\n    return sum(xs[:-1])\n",
    }


def result(job: Any, outcome: str = "graded", **scores: float) -> dict[str, Any]:
    """A worker's GradeResult JSON for the job's current attempt; a score for each check that it ran."""
    checks = [
        {
            "id": check,
            "status": "passed" if score == 1 else "partial" if score else "failed",
            "score": score,
            "message": None if score == 1 else {"es": "Falta algo.", "en": "Something is missing."},
            "got": "1",
            "expected": "2",
            "figure": None,
            "seconds": 0.1,
        }
        for check, score in scores.items()
    ]
    return {"job": job.key, "attempt": job.attempt, "outcome": outcome, "message": {}, "checks": checks, "timings": {}}


def soon(**delta: float) -> Any:
    """A time after now (or before, by negative numbers)."""
    return timezone.now() + timedelta(**delta)
