"""Celery's way in: each task reads its message, calls what does the work, and tells the portal how it went."""

from __future__ import annotations

import logging
import time
from typing import Any

import redis
from celery import Task

from workers import grading, pool, reaper, sessions, tending
from workers.app import app, tell_portal
from workers.broker import redis_client
from workers.builds import build
from workers.host import host
from workers.jobs import GradeJob, GradeResult, SessionJob, to_json
from workers.lease import Lease
from workers.sandboxes.base import SandboxError
from workers.startup import StartError
from workers.status import host_report
from workers.streams import publish

log = logging.getLogger(__name__)

FULL_RETRY_SECONDS = 3
STOPPED_SECONDS = 24 * 3600


def _stopped_key(session: str) -> str:
    return f"stopped:session:{session}"


def _session_changed(session: str, state: str, **facts: Any) -> None:
    known = {"sandbox": "", "pool_hit": False, "seconds": 0.0, "reason": "", "detail": ""}
    tell_portal(
        "session_changed",
        {"session": session, "state": state, "host": host().config.host, **known, **facts, "at": time.time()},
    )


@app.task(name="workers.start_session", bind=True, max_retries=None)
def start_session(self: Task, data: dict[str, Any]) -> None:
    """Start a session; on a full host it goes back to the queue, where any host with a free slot takes it."""
    job = SessionJob.from_json(data)
    if redis_client().exists(_stopped_key(job.session)):
        return
    if not self.request.retries:
        _session_changed(job.session, "starting")
    try:
        started = sessions.start(host(), job)
    except sessions.HostFull:
        if not self.request.retries:
            _session_changed(job.session, "queued", reason="full")
        raise self.retry(countdown=FULL_RETRY_SECONDS) from None
    except StartError as error:
        if error.reason != "duplicate":
            _session_changed(job.session, "failed", reason=error.reason, detail=error.detail[:2000])
        return
    except SandboxError as error:
        _session_changed(job.session, "failed", reason="platform", detail=str(error)[:2000])
        return
    if redis_client().exists(_stopped_key(job.session)):  # asked to stop while it was starting
        sessions.stop(host(), job.session)
        return
    facts = {"sandbox": started.sandbox, "pool_hit": started.pool_hit, "seconds": round(started.seconds, 3)}
    _session_changed(job.session, "ready", reason="" if started.restored else "snapshot_refused", **facts)
    refill_here(job.lab)


def refill_here(lab: str) -> None:
    """Have this host replace what was taken from its pool."""
    found = host().catalog.labs.get(lab)
    if found and host().config.pool:
        refill_pool.apply_async((found.spec.environment,), queue=f"host.{host().config.host}", expires=60)


@app.task(name="workers.stop_session")
def stop_session(session: str) -> None:
    """Stop it, also when it hasn't started yet: the mark keeps a start still in the queue from bringing it up."""
    redis_client().set(_stopped_key(session), "1", ex=STOPPED_SECONDS)
    taken = sessions.end(host(), session)
    _session_changed(session, "stopped", reason="stopped", snapshot=to_json(taken) if taken else None)


@app.task(name="workers.extend_session")
def extend_session(session: str, deadline: float) -> None:
    """Give a session until then. The portal has checked that it may be."""
    try:
        sessions.extend(host(), session, deadline)
    except SandboxError as error:
        log.warning("session %s not extended: %s", session, error)


@app.task(name="workers.tend_sessions")
def tend_sessions() -> None:
    """Look after this host's sessions, and tell the portal what is new of each."""
    tending.tend(host(), _tell_of_session)


def _tell_of_session(event: tending.Event) -> None:
    snapshot = to_json(event.snapshot) if event.snapshot else None
    if event.ended:
        _session_changed(event.session, "stopped", reason=event.ended, snapshot=snapshot)
        return
    told = {"session": event.session, "idle_left": event.idle_left, "hibernating": event.hibernating}
    tell_portal("session_activity", {**told, "snapshot": snapshot})


@app.task(name="workers.grade")
def grade(data: dict[str, Any]) -> None:
    """Grade one attempt, under a lease; late, stale and repeated deliveries are dropped."""
    job = GradeJob.from_json(data)
    with Lease(redis_client(), job.job, job.attempt) as lease:
        if not lease.held:
            log.info("job %s attempt %s is taken or out of date: dropped", job.job, job.attempt)
            return
        stream = f"job:{job.job}"
        tell_portal("job_started", {"job": job.job, "attempt": job.attempt, "host": host().config.host})

        def deliver(result: GradeResult) -> None:
            if lease.lost:
                log.warning("job %s attempt %s lost its lease: result dropped", job.job, job.attempt)
                return
            _publish_softly(stream, {"t": "phase", "phase": "recording"})
            tell_portal("job_finished", to_json(result))

        grading.grade(job, host(), lambda event: _publish_softly(stream, event), deliver)
    refill_here(job.lab)


def _publish_softly(stream: str, event: dict[str, Any]) -> None:
    """A notice that can't be sent must not fail a student's grading."""
    try:
        publish(stream, event)
    except redis.RedisError as error:
        log.warning("no notice on %s: %s", stream, error)


@app.task(name="workers.build_environment")
def build_environment(name: str) -> None:
    build(host(), name)
    refill_pool.apply_async((name,), queue=f"host.{host().config.host}", expires=60)


@app.task(name="workers.refill_pool")
def refill_pool(environment: str) -> None:
    found = host().catalog.environments.get(environment)
    if found is not None:
        pool.refill(host(), found)


@app.task(name="workers.upkeep")
def upkeep() -> None:
    """This host's housekeeping: end what nobody answers for, top up the pools, say how things stand."""
    for reaped in reaper.reap(host()):
        log.info("reaped sandbox %s: %s", reaped.sandbox, reaped.reason)
        if reaped.session:
            _session_changed(reaped.session, "stopped", sandbox=reaped.sandbox, reason=reaped.reason)
    tell_portal("host_report", host_report(host()))
    tend_sessions.apply_async((), queue=f"host.{host().config.host}", expires=14)
    for name in host().catalog.environments:
        refill_pool.apply_async((name,), queue=f"host.{host().config.host}", expires=14)
