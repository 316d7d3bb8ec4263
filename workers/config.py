"""Settings of the labs side, read from ``LABS_*`` environment variables; a wrong value is refused by name."""

from __future__ import annotations

import hashlib
import os
import socket
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


def _default_run_dir() -> Path:
    """A short path on tmpfs: unix socket paths end at 107 bytes, and a sandbox pays for what it writes there."""
    tag = hashlib.sha256(f"{ROOT}{os.getuid()}".encode()).hexdigest()[:8]
    return Path("/dev/shm") / f"labs-{tag}"  # noqa: S108 -- the directory is made 0700 and its owner checked


class LabsSettings(BaseSettings):
    """See docs/configuration.md for each setting in words."""

    model_config = SettingsConfigDict(env_prefix="LABS_", extra="ignore", env_ignore_empty=True)

    driver: Literal["auto", "docker", "bubblewrap"] = "auto"
    host: str = Field(default_factory=lambda: socket.gethostname().split(".")[0], pattern=r"^[A-Za-z0-9_-]{1,63}$")
    content_dir: Path = ROOT / "labs"
    var_dir: Path = ROOT / "var"
    run_dir: Path = Field(default_factory=_default_run_dir)
    environments_dir: Path | None = Field(default=None, description="built environments; var_dir/environments if unset")
    redis_url: str = "redis://127.0.0.1:6390/0"
    storage_url: str = Field(default=f"file://{ROOT}/var/storage", pattern=r"^(file:///|s3://).+")
    gateway_key: SecretStr = Field(default=SecretStr(""), description="signs gateway tickets; at least 32 characters")
    gateway_host: str = "127.0.0.1"
    gateway_port: int = Field(default=8001, ge=1, le=65535)
    gateway_scheme: Literal["http", "https"] = Field(default="http", description="what browsers reach the gateway by")
    domain: str = Field(default="localhost", pattern=r"^[a-z0-9.-]+$")
    portal_origins: str = Field(
        default="http://127.0.0.1:8000,http://localhost:8000", description="browser origins that may call the gateway"
    )
    pool: bool = Field(default=True, description="keep warm sandboxes ready; off saves memory")
    session_slots: int = Field(default=8, ge=1, description="interactive sandboxes this host runs at once")
    hibernate_seconds: int = Field(default=600, ge=0, description="an idle session is paused after this; 0: never")
    snapshot_seconds: int = Field(default=300, ge=10, description="between two snapshots of a session that is used")
    idle_seconds: int = Field(default=1800, ge=0, description="an idle session is ended after this; 0: never")
    idle_warning_seconds: int = Field(default=300, ge=0, description="how long before that its student is told")
    gpus: str = Field(
        default="", pattern=r"^(all|\d{1,2}(,\d{1,2})*)?$", description="NVIDIA cards that sandboxes may use"
    )
    grading_slots: int = Field(default=2, ge=1, description="grading jobs this host runs at once")


@cache
def settings() -> LabsSettings:
    """The settings of this process. Raises pydantic.ValidationError naming each wrong variable."""
    return LabsSettings()
