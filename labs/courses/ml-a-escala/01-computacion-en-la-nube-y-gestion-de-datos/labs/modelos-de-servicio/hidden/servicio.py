"""The rented service, asked from the grader's side."""

import json
from typing import Any

from labkit import Failed, Lab

PORT, URL = 8090, "http://127.0.0.1:8090"


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def ask(lab: Lab, method: str, path: str, key: str, body: dict[str, str] | None = None) -> dict[str, Any]:
    """What the rented service answers. It runs beside the student's code, so its answer is looked at, too."""
    answer = lab.fetch(PORT, path, method=method, body=json.dumps(body or {}).encode(), headers=bearer(key))
    try:
        told = json.loads(answer.body)
    except ValueError:
        told = None
    if answer.status >= 400 or not isinstance(told, dict):
        raise Failed(
            es="El servicio contratado no respondió como debía. ¿Le quitaste el acceso a quien lo dio de alta?",
            en="The rented service did not answer as it should. Did you take the access from who signed up?",
            got=f"{method} {path} → {answer.status} {answer.text[:200]}",
        )
    return told
