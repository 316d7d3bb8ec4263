"""The portal's Celery app: records what workers report, and sweeps. ``celery -A portal.celery worker -B -Q portal``.

Work for the sandbox hosts leaves by task name (``workers.*``): the portal needs none of the workers' code to queue it.
"""

from __future__ import annotations

import os

from celery import Celery
from kombu import Exchange, Queue
from kombu.common import Broadcast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

from workers.config import settings as labs_settings

SWEEP_SECONDS = 15

app = Celery("portal", broker=labs_settings().redis_url, set_as_current=False)
app.conf.update(
    accept_content=["json"],
    task_serializer="json",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_soft_time_limit=60,
    task_time_limit=90,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": 3600,
        # A save or a submission must not hang because Redis is away: give up at once, the sweep tries again.
        "socket_connect_timeout": 1,
        "socket_timeout": 5,
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0,
    },
    task_queues=(Queue("portal"), Broadcast("upkeep", routing_key="upkeep")),
    task_default_queue="portal",
    timezone="UTC",
    beat_schedule_filename=str(labs_settings().var_dir / "celerybeat-schedule"),
    beat_schedule={
        "sweep": {"task": "portal.sweep", "schedule": SWEEP_SECONDS, "options": {"expires": SWEEP_SECONDS}},
        "upkeep": {
            "task": "workers.upkeep",
            "schedule": SWEEP_SECONDS,
            # Declared by hand: Celery doesn't for a broadcast, and Redis would take it for a direct exchange.
            "options": {
                "queue": "upkeep",
                "declare": [Exchange("upkeep", type="fanout")],
                "expires": SWEEP_SECONDS,
            },
        },
    },
)
app.autodiscover_tasks(
    ["portal.labsessions", "portal.grading", "portal.operations"],
)
