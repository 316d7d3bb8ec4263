"""``make demo``: a student's path over HTTP, with no browser, against the portal that runs or one started for it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from labs.catalog import Lab, load
from portal.launcher.options import ADDRESS, Options
from portal.launcher.report import say
from workers.config import ROOT, settings

START_SECONDS = 180
BUILD_SECONDS = 1800
TAG = re.compile(r"<[^>]+>")


class DemoError(Exception):
    """The path could not be walked; the message says where it ended."""


class Student:
    """One signed-in browser, minus the browser: cookies, CSRF tokens, JSON and event streams."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, follow_redirects=True, timeout=30)

    def sign_in(self, name: str, password: str) -> None:
        form = self.http.get("/entrar/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)
        if token is None:
            raise DemoError("the sign-in page has no CSRF token")
        fields = {"csrfmiddlewaretoken": token[1], "username": name, "password": password}
        answer = self.http.post("/entrar/", data=fields, headers={"Referer": str(form.url)})
        if "sessionid" not in self.http.cookies:
            raise DemoError(f"{name} can't sign in ({answer.status_code})")

    def read(self, path: str) -> str:
        answer = self.http.get(path)
        if answer.is_error:
            raise DemoError(f"GET {path}: {answer.status_code}")
        return answer.text

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One JSON request; a refusal's own words are raised."""
        own = {"X-CSRFToken": self.http.cookies.get("csrftoken") or "", "Accept": "application/json"}
        own["Referer"] = str(self.http.base_url)
        answer = self.http.request(method, path, json=body, headers=own | headers)
        data: Any = answer.json() if answer.content else {}
        if answer.is_error:
            raise DemoError(f"{method} {path}: {answer.status_code} {data.get('error', {}).get('message', '')}")
        return data

    def events(self, path: str) -> Iterator[dict[str, Any]]:
        """The JSON of each server-sent event."""
        with self.http.stream("GET", path, timeout=httpx.Timeout(10, read=120)) as answer:
            yield from read_events(answer)


def read_events(answer: httpx.Response) -> Iterator[dict[str, Any]]:
    for line in answer.iter_lines():
        if line.startswith("data:"):
            yield json.loads(line.removeprefix("data:"))


class Gateway:
    """The session's Jupyter Server as the lab page reaches it: by ticket, at its own host name."""

    def __init__(self, template: str, session: str, ticket: str) -> None:
        address = urlsplit(template.replace("{ui}", "jupyter").replace("{session}", session))
        # *.localhost is loopback in browsers; the C library doesn't know that everywhere.
        local = (address.hostname or "").endswith(".localhost")
        base = f"{address.scheme}://{ADDRESS}:{address.port}" if local else f"{address.scheme}://{address.netloc}"
        headers = {"Host": address.netloc, "Authorization": f"Bearer {ticket}"}
        self.http = httpx.Client(base_url=base, headers=headers, timeout=30)

    def run(self, path: str) -> Iterator[dict[str, Any]]:
        """Start a run and give its events as they come."""
        started = self.http.post("/lab/runs", json={"path": path})
        started.raise_for_status()
        events = f"/lab/runs/{started.json()['id']}/events"
        with self.http.stream("GET", events, params={"after": 0}, timeout=httpx.Timeout(10, read=300)) as answer:
            yield from read_events(answer)


def walk(url: str, lab: Lab, name: str, password: str) -> dict[str, Any]:
    """The whole path; gives the last submission as the portal tells it."""
    student = Student(url)
    student.sign_in(name, password)
    say(f"✓ {name} signed in")
    _read_pages(student, lab)
    config = lab_config(student, lab)
    session = open_session(student, lab)
    ticket = student.call("POST", f"/sesion/{session['key']}/ticket/", {"ui": "jupyter"})["ticket"]
    gateway = Gateway(config["gateway"], session["key"], ticket)

    say("\n── As the lab starts ──")
    reset(student, lab)
    run(gateway, lab)
    first = submit(student, lab)
    if first["passed"]:
        raise DemoError("the starter passes: this lab asks for nothing")
    say("\n── Solved ──")
    for path, content in lab.tree("solution").items():
        save(student, lab, path, content.decode())
        gateway.http.put(f"/lab/files/{path}", content=content).raise_for_status()
        say(f"✓ {path} saved")
    run(gateway, lab)
    last = submit(student, lab)
    student.call("POST", f"/sesion/{session['key']}/parar/")
    say("✓ session stopped")
    return last


def _read_pages(student: Student, lab: Lab) -> None:
    home = student.read("/")
    links = re.findall(rf'href="(/curso/{lab.course}/[^"/]+/)"', home)
    if not links:
        raise DemoError("the course home leads to no page")
    for link in links:
        page = student.read(link)
        if f"/lab/{lab.id}/" in page:
            title = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
            say(f"✓ read {link}: {TAG.sub('', title[1]).strip() if title else ''}")
            return
    raise DemoError(f"no page leads to {lab.id}")


def lab_config(student: Student, lab: Lab) -> dict[str, Any]:
    """What the lab page hands to its scripts."""
    page = student.read(f"/lab/{lab.id}/")
    found = re.search(r'<script id="lab-config" type="application/json">(.*?)</script>', page, re.DOTALL)
    if found is None:
        raise DemoError("the lab page has no configuration")
    config: dict[str, Any] = json.loads(found[1])
    return config


def open_session(student: Student, lab: Lab) -> dict[str, Any]:
    """Ask for a sandbox and follow its start, through the environment's build where there is none yet."""
    began = time.monotonic()
    session = student.call("POST", f"/lab/{lab.id}/sesion/")
    told = ""
    while time.monotonic() - began < BUILD_SECONDS:
        news = _session_news(session)
        if news != told:
            say(f"  {news}")
            told = news
        if session["state"] == "ready":
            warm = "warm" if session["pool_hit"] else "cold"
            say(f"✓ session ready after {time.monotonic() - began:.1f} s ({warm})")
            return session
        if session["state"] in {"failed", "stopped"}:
            raise DemoError(f"the session {session['state']}: {session['reason']}")
        time.sleep(0.2)
        session = student.call("GET", f"/sesion/{session['key']}/")
    raise DemoError(f"no session within {BUILD_SECONDS} s")


def _session_news(session: dict[str, Any]) -> str:
    environment = session.get("environment") or {}
    building = environment.get("state") not in (None, "ready")
    build = f", environment {environment['state']} {environment['progress']:.0%}" if building else ""
    return f"session {session['state']}{build}"


def reset(student: Student, lab: Lab) -> None:
    """The starter's files, whatever an earlier demo left."""
    for path, content in lab.tree("starter").items():
        save(student, lab, path, content.decode())


def save(student: Student, lab: Lab, path: str, text: str) -> None:
    current = {file["path"]: file for file in lab_config(student, lab)["files"]}
    version = current[path]["version"] if path in current else 0
    student.call("PUT", f"/lab/{lab.id}/archivos/{path}", {"text": text, "base_version": version})


def run(gateway: Gateway, lab: Lab) -> None:
    """Run the entry file and print what it prints, live. A notebook's cells are run by the lab page, not here."""
    if lab.spec.entry.endswith(".ipynb"):
        say(f"· {lab.spec.entry} is a notebook: its cells run in the lab page")
        return
    say(f"▶ {lab.spec.entry}")
    for event in gateway.run(lab.spec.entry):
        if event["t"] == "stream":
            sys.stdout.write(event["text"])
            sys.stdout.flush()
        elif event["t"] == "display":
            say(event["data"].get("text/plain", f"[{', '.join(event['data'])}]"))
        elif event["t"] == "error":
            say(f"{event['ename']}: {event['evalue']}")
        elif event["t"] == "state" and event["state"] != "running":
            say(f"■ {event['state']} in {event.get('seconds', 0):.2f} s")


def submit(student: Student, lab: Lab) -> dict[str, Any]:
    """Submit the saved files and follow the grading to its end."""
    key = {"Idempotency-Key": uuid.uuid4().hex}
    submission = student.call("POST", f"/lab/{lab.id}/entregas/", {}, **key)
    say(f"↑ submission {submission['number']}")
    told: tuple[Any, ...] = ()
    for now in student.events(f"/entregas/{submission['id']}/eventos/"):
        news = (now["state"], now["phase"], now["position"])
        if news != told and now["state"] not in {"graded", "needs_staff"}:
            ahead = f", {now['position']} before it" if now["position"] else ""
            say(f"  {' '.join(filter(None, [now['state'], now['phase']]))}{ahead}")
            told = news
        if now["state"] == "needs_staff":
            raise DemoError("the submission needs somebody of the staff: var/logs/grading.log says why")
        if now["state"] == "graded":
            show(now)
            return now
    raise DemoError("the stream ended before the grade")


def show(submission: dict[str, Any]) -> None:
    """Points, message and hints of each check, then the sum."""
    for check in submission["checks"]:
        sign = {"passed": "✓", "partial": "◐"}.get(check["status"], "✕")
        say(f"  {sign} {check['title']}: {check['points']:g}/{check['max_points']:g}")
        for text in filter(None, [check["message"], *(f"hint: {hint}" for hint in check["hints"])]):
            say(f"      {text}")
    verdict = "passed" if submission["passed"] else "not passed"
    say(f"= {submission['points']:g} of {submission['max_points']:g} points, {verdict} ({submission['outcome']})")


def demo_student() -> tuple[str, str]:
    """Name and password of the account that ``manage.py demo_accounts`` made."""
    accounts = json.loads((settings().var_dir / "accounts.json").read_text())
    return next((entry["username"], entry["password"]) for entry in accounts if entry["role"] == "student")


@contextmanager
def running_portal(options: Options) -> Iterator[str]:
    """The portal that answers, or one of our own that ends with us."""
    if _answers(options.url):
        yield options.url
        return
    say("No portal answers: starting one …")
    log = settings().var_dir / "logs" / "demo.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        portal = subprocess.Popen(
            ["/usr/bin/setpriv", "--pdeathsig", "TERM", sys.executable, "-m", "portal.serve"],
            cwd=ROOT,
            stdout=out,
            stderr=out,
        )
        try:
            _wait_for(options.url, portal, log)
            yield options.url
        finally:
            portal.terminate()
            portal.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/salud/", timeout=5).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _wait_for(url: str, portal: subprocess.Popen[bytes], log: Path) -> None:
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends:
        if portal.poll() is not None:
            raise DemoError(f"the portal ended at once:\n{log.read_text(errors='replace')[-2000:]}")
        if _answers(url):
            return
        time.sleep(0.5)
    raise DemoError(f"the portal didn't come up within {START_SECONDS} s; see {log}")


def main() -> int:
    catalog = load(settings().content_dir)
    name = os.environ.get("LAB") or "paralelismo"
    if name not in catalog.labs:
        say(f"LAB={name}: no such lab; there are {', '.join(sorted(catalog.labs))}")
        return 1
    try:
        with running_portal(Options()) as url:
            walk(url, catalog.labs[name], *demo_student())
    except (DemoError, httpx.HTTPError) as error:
        say(f"✕ {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
