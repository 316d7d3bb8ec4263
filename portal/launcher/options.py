"""What ``make run`` can be told, and the secrets it makes for itself once."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from workers.config import LabsSettings

SECRETS = ("PORTAL_SECRET_KEY", "LABS_GATEWAY_KEY", "REDIS_PASSWORD")
ADDRESS = "127.0.0.1"


class LaunchError(Exception):
    """The portal can't start; the message says why and what to do."""


class Options(BaseSettings):
    """Ports of one running portal. Two follow from the first, so that two checkouts need one number each."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True, populate_by_name=True)

    port: int = Field(default=8000, ge=1, le=65535, validation_alias="PORT")
    gateway_port: int = Field(default=0, ge=0, le=65535, validation_alias="GATEWAY_PORT")
    redis_port: int = Field(default=0, ge=0, le=65535, validation_alias="REDIS_PORT")

    @model_validator(mode="after")
    def _others_follow_the_first(self) -> Options:
        self.gateway_port = self.gateway_port or self.port + 1
        self.redis_port = self.redis_port or self.port + 2
        if len({self.port, self.gateway_port, self.redis_port}) < 3:
            raise ValueError("PORT, GATEWAY_PORT and REDIS_PORT must differ")
        return self

    @property
    def url(self) -> str:
        return f"http://{ADDRESS}:{self.port}"

    def refuse_taken_ports(self) -> None:
        """Raises LaunchError naming the first port that another program holds."""
        for name, port in (("PORT", self.port), ("GATEWAY_PORT", self.gateway_port), ("REDIS_PORT", self.redis_port)):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((ADDRESS, port))
                except OSError as error:
                    way_out = f"Choose another port: make run {name}={port + 100}"
                    raise LaunchError(f"{ADDRESS}:{port} can't be used ({error.strerror}). {way_out}") from error


def load_secrets(path: Path) -> dict[str, str]:
    """The secrets of this checkout, made at random the first time and readable by their owner alone."""
    found: dict[str, str] = {}
    if path.exists():
        lines = [line for line in path.read_text().splitlines() if "=" in line and not line.startswith("#")]
        found = dict(line.split("=", 1) for line in lines)
    lacking = [name for name in SECRETS if not found.get(name)]
    if lacking:
        found |= {name: secrets.token_urlsafe(48) for name in lacking}
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "".join(f"{name}={value}\n" for name, value in found.items())
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123
            file.write(text)
    return found


def labs_environment(options: Options, labs: LabsSettings, secret: dict[str, str]) -> dict[str, str]:
    """What every process may know: addresses and folders, and the way into Redis."""
    chosen = "storage_url" in labs.model_fields_set
    return {
        "LABS_REDIS_URL": f"redis://:{secret['REDIS_PASSWORD']}@{ADDRESS}:{options.redis_port}/0",
        "LABS_VAR_DIR": str(labs.var_dir.resolve()),
        "LABS_RUN_DIR": str(labs.run_dir.resolve()),
        "LABS_STORAGE_URL": labs.storage_url if chosen else f"file://{labs.var_dir.resolve()}/storage",
        "LABS_GATEWAY_HOST": ADDRESS,
        "LABS_GATEWAY_PORT": str(options.gateway_port),
        "LABS_PORTAL_ORIGINS": f"http://{ADDRESS}:{options.port},http://localhost:{options.port}",
    }


def gateway_environment(secret: dict[str, str]) -> dict[str, str]:
    """The key that signs tickets: for those who issue or verify them, not for the workers."""
    return {"LABS_GATEWAY_KEY": secret["LABS_GATEWAY_KEY"]}


def portal_environment(labs: LabsSettings, secret: dict[str, str]) -> dict[str, str]:
    """What only Django's processes may know. A PORTAL_* variable set by hand goes first."""
    database = f"sqlite:///{labs.var_dir.resolve()}/db.sqlite3"
    given = {name: value for name, value in os.environ.items() if name.startswith("PORTAL_") and value}
    return {
        "PORTAL_SECRET_KEY": secret["PORTAL_SECRET_KEY"],
        "PORTAL_DATABASE_URL": database,
        **given,
        **gateway_environment(secret),
    }
