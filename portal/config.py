"""What the environment may set for the portal: ``PORTAL_*`` variables, each refused by name when wrong."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit
from zoneinfo import available_timezones

from django.core.exceptions import ImproperlyConfigured
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class PortalSettings(BaseSettings):
    """See docs/configuration.md for each setting in words."""

    model_config = SettingsConfigDict(
        env_prefix="PORTAL_", env_file=ROOT / "var" / "secrets.env", extra="ignore", env_ignore_empty=True
    )

    secret_key: SecretStr = Field(
        # Without one the portal still runs safely, but everybody is signed out at each restart.
        default_factory=lambda: SecretStr(secrets.token_urlsafe(50)),
        min_length=32,
        description="signs sessions",
    )
    debug: bool = False
    database_url: str = Field(default=f"sqlite:///{ROOT}/var/db.sqlite3", pattern=r"^(sqlite:///|postgres(ql)?://).+")
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ("127.0.0.1", "localhost")
    language_code: Literal["es", "en"] = "es"
    time_zone: str = "America/Mexico_City"
    https: bool = Field(default=False, description="cookies only over https, HSTS on")
    gateway_url: str = Field(default="", description="browser address of the gateway, with {ui} and {session} in it")
    streams_per_user: int = Field(default=8, ge=1, description="live event streams one person may hold open")

    sessions_per_student: int = Field(default=3, ge=1, description="sandboxes one student may hold at once")
    queue_keep_minutes: int = Field(default=15, ge=2, description="a wait that no page asks for is given up after this")

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _by_commas(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("not a time zone, as in America/Mexico_City")
        return value

    @field_validator("gateway_url")
    @classmethod
    def _names_both(cls, value: str) -> str:
        if value and not (value.startswith(("http://", "https://")) and "{ui}" in value and "{session}" in value):
            raise ValueError("needs http(s)://, {ui} and {session}, as in https://{ui}--{session}.labs.example.org")
        return value

    def database(self) -> dict[str, Any]:
        """Django's DATABASES entry."""
        parts = urlsplit(self.database_url)
        if parts.scheme == "sqlite":
            return {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": unquote(parts.path[1:]) if parts.path.startswith("//") else unquote(parts.path),
                "OPTIONS": {
                    # Take the write lock at BEGIN: a transaction that reads first and writes later would fail at
                    # once under a concurrent writer instead of waiting for it.
                    "transaction_mode": "IMMEDIATE",
                    "timeout": 20,
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA busy_timeout=20000;",
                },
            }
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            "OPTIONS": {"connect_timeout": 5, **dict(parse_qsl(parts.query))},
        }


def load() -> PortalSettings:
    """The settings of this process. Raises ImproperlyConfigured that names each wrong variable."""
    try:
        return PortalSettings()
    except ValidationError as error:
        lines = [f"  PORTAL_{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors()]
        raise ImproperlyConfigured("Wrong settings in the environment:\n" + "\n".join(lines)) from None
