"""The Celery app of the sandbox hosts: ``celery -A workers.app worker -Q sessions,host.<host>,upkeep``.

Queues: ``sessions`` and ``grading`` are shared by all hosts, ``sessions.gpu`` and ``grading.gpu`` by those that lend a
GPU; ``builds.<host>`` and ``host.<host>`` are one machine's own; ``upkeep`` reaches every one. Messages are JSON,
acknowledged when the work is done, and may come twice: every task bears it.
"""

from __future__ import annotations

from celery import Celery
from celery.signals import worker_init
from kombu import Exchange, Queue
from kombu.common import Broadcast

from workers.config import settings

HARD_SECONDS = 3600
SOFT_SECONDS = 3500
SHARED = ("sessions", "grading", "sessions.gpu", "grading.gpu")
QUEUES = (*SHARED, f"builds.{settings().host}", f"host.{settings().host}")

app = Celery("workers", broker=settings().redis_url, include=["workers.tasks"], set_as_current=False)
app.conf.update(
    accept_content=["json"],
    task_serializer="json",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    # A restarted Redis must not cost the grading under way: its result goes out over the new connection.
    worker_cancel_long_running_tasks_on_connection_loss=False,
    task_time_limit=HARD_SECONDS,
    task_soft_time_limit=SOFT_SECONDS,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    # Past the hard limit, or the broker would hand running work to a second worker.
    broker_transport_options={
        "visibility_timeout": 2 * HARD_SECONDS,
        "socket_keepalive": True,
        "health_check_interval": 10,
    },
    # An exchange for each: on a shared default one, a message for one queue would reach them all.
    task_queues=(
        *(Queue(name, Exchange(name), routing_key=name) for name in QUEUES),
        Broadcast("upkeep", routing_key="upkeep"),  # named: the default is each app's own queue
    ),
    task_default_queue="sessions",
    timezone="UTC",
)


@worker_init.connect
def refuse_without_protections(**_: object) -> None:
    """A host that can't hold its students apart serves none: PreflightError ends the worker, naming what is missing."""
    from workers.host import host

    host().driver.preflight()


def tell_portal(event: str, data: object) -> None:
    """Queue a notice for the portal worker; tried for a minute, then it raises and the message comes again."""
    app.send_task(
        f"portal.{event}",
        args=[data],
        queue="portal",
        retry=True,
        retry_policy={"max_retries": 20, "interval_start": 0.1, "interval_step": 0.5, "interval_max": 4},
    )
