"""Turns what pip, uv, npm and apt print when they fail into one sentence that names the package and the reason."""

from __future__ import annotations

import re

from workers.environments.base import BuildError, Reason
from workers.environments.commands import last_line

_NAME = r"(?P<package>[A-Za-z0-9][A-Za-z0-9._-]*)"
_PIN = _NAME + r"(?P<version>(?:[=<>!~]=?=?[^\s(;]+)?)"

_NETWORK = re.compile(
    r"NewConnectionError|ConnectTimeout|ReadTimeout|Max retries exceeded|Temporary failure in name resolution"
    r"|Connection (?:refused|reset)|Network is unreachable|Could not connect|Failed to fetch|SSLError"
    r"|Temporary failure resolving"
    r"|\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT)\b",
    re.IGNORECASE,
)
_NPM = r"(?P<package>(?:@[a-z0-9._~-]+/)?[A-Za-z0-9._~-]+)(?P<version>@[^\s']+?)?"
_PATTERNS: tuple[tuple[Reason, re.Pattern[str], str], ...] = (
    ("disk_full", re.compile(r"No space left on device|Disk quota exceeded|code ENOSPC"), "the disk is full"),
    (
        "hash_mismatch",
        re.compile(r"DO NOT MATCH THE HASHES.*?\n\s+" + _PIN + r"[^\n]*\n\s+Expected", re.DOTALL),
        "what was downloaded is not what requirements.txt pins (hash mismatch)",
    ),
    (
        "hash_mismatch",
        re.compile(r"Hashes are required in --require-hashes mode.*?\n\s+" + _PIN + r"\s", re.DOTALL),
        "requirements.txt gives no hash for it",
    ),
    (
        "unknown_package",
        re.compile(r"No matching distribution found for " + _PIN),
        "no package index knows it",
    ),
    (
        "build_failed",
        re.compile(r"Failed building wheel for " + _NAME + r"|Failed to build '(?P<quoted>[^'@ ]+)"),
        "building it from source failed",
    ),
    (
        "hash_mismatch",
        re.compile(r"code EINTEGRITY(?:.*?of " + _NPM + r": wanted)?", re.DOTALL),
        "what was downloaded is not what package-lock.json pins (hash mismatch)",
    ),
    ("bad_requirement", re.compile(r"code EUSAGE"), "package-lock.json is not that of package.json"),
    ("unknown_version", re.compile(r"No matching version found for " + _NPM + r"\.?\n"), "npm has no such version"),
    ("unknown_package", re.compile(r"code E404.*?'" + _NPM + r"'", re.DOTALL), "no npm registry knows it"),
    ("bad_requirement", re.compile(r"Invalid requirement: '(?P<package>[^']+)'"), "not a valid requirement"),
    ("missing_host_package", re.compile(r"Unable to locate package " + _NAME), "Debian has no such package"),
    (
        "build_failed",
        re.compile(r"Failed to (?:install|read metadata|extract)[^\n]*?" + _NAME + r"-\d"),
        "its wheel can't be installed",
    ),
)


def explain(log: str) -> BuildError:
    """The BuildError for a failed pip, uv, npm or apt run that printed ``log``."""
    for reason, pattern, words in _PATTERNS:
        if found := pattern.search(log):
            return _error(reason, found, words, log)
    if _NETWORK.search(log):
        return BuildError(f"the network failed: {_network_detail(log)}", reason="network", log=log)
    return BuildError(f"the build failed: {last_line(log)}", log=log)


def _error(reason: Reason, found: re.Match[str], words: str, log: str) -> BuildError:
    groups = found.groupdict()
    package = groups.get("package") or groups.get("quoted")
    pin = f"{package}{groups.get('version') or ''}"
    if reason == "unknown_package":
        reason, words = _why_not_found(words, log)
    if reason == "build_failed" and (cause := _build_cause(log)):
        words = f"{words}: {cause}"
    message = f"{pin}: {words}" if package else words
    return BuildError(message, reason=reason, package=package, log=log)


def _why_not_found(words: str, log: str) -> tuple[Reason, str]:
    """pip says "no matching distribution" alike for a network that is down, a name nobody knows and a wrong version."""
    if _NETWORK.search(log):
        return "network", f"the package index can't be reached ({_network_detail(log)})"
    versions = re.search(r"\(from versions: ([^)]*)\)", log)
    if versions and versions[1] != "none":
        newest = versions[1].split(", ")[-1]
        return "unknown_version", f"no such version for this Python (the newest is {newest})"
    return "unknown_package", words


def _network_detail(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if _NETWORK.search(line)]
    found = _NETWORK.search(lines[-1]) if lines else None
    return found[0] if found else "no answer"


def _build_cause(log: str) -> str:
    """The last line of what the package's own build printed, which pip frames with "n lines of output"."""
    framed = re.findall(r"\[\d+ lines of output\](.*?)\[end of output\]", log, re.DOTALL)
    return last_line(framed[-1]) if framed else ""
