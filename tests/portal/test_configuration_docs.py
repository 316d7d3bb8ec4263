"""docs/configuration.md names every setting that the code reads, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from portal.config import PortalSettings
from portal.launcher.options import Options
from workers.config import LabsSettings

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"


def documented() -> set[str]:
    return set(re.findall(r"^\| `([A-Z_0-9]+)` \|", DOCUMENT.read_text(), re.MULTILINE))


@pytest.mark.parametrize(("settings", "prefix"), [(PortalSettings, "PORTAL_"), (LabsSettings, "LABS_"), (Options, "")])
def test_every_setting_is_documented(settings: type[BaseSettings], prefix: str) -> None:
    read = {f"{prefix}{name}".upper() for name in settings.model_fields}
    others = {"PORTAL_", "LABS_"} - {prefix}
    mine = {
        name for name in documented() if (name.startswith(prefix) if prefix else not name.startswith(tuple(others)))
    }
    assert mine == read
