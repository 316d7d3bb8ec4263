"""The bucket and the function that ministack holds and runs."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote_plus

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from hidden.dias import plain
from labkit import Failed, Lab

PORT = 4566
ALIAS = "produccion"


@contextmanager
def aws(lab: Lab, timeout: float = 60) -> Iterator[tuple[Any, Any]]:
    """Clients of S3 and of Lambda."""
    with lab.connect(PORT, timeout) as address:
        keys = {"aws_access_key_id": "laboratorio", "aws_secret_access_key": "laboratorio", "region_name": "us-east-1"}
        options = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
        yield tuple(
            boto3.client(name, endpoint_url=f"http://{address}", config=options, **keys) for name in ("s3", "lambda")
        )


def deployed(lab: Lab) -> tuple[dict[str, Any], Any]:
    """An order given to the student's ``desplegar``, and what it answers."""
    order = {
        "nombre": f"retrasos-{lab.seed % 10**9}-{lab.rng.randrange(1000)}",
        "memoria_mb": lab.rng.choice([192, 256, 320]),
        "segundos": lab.rng.randint(10, 30),
    }
    return order, plain(lab.call("paas.py", "desplegar", order, timeout=90))


def event(bucket: str, *keys: str) -> bytes:
    """What S3 sends a function: the keys as in a URL."""
    records = [
        {
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "s3": {"bucket": {"name": bucket}, "object": {"key": quote_plus(key, safe="/")}},
        }
        for key in keys
    ]
    return json.dumps({"Records": records}).encode()


def invoke(functions: Any, name: str, payload: bytes, **which: str) -> None:
    """Runs the function and waits; what it raises fails the check."""
    answer = functions.invoke(FunctionName=name, Payload=payload, **which)
    if answer.get("FunctionError"):
        raise Failed(
            es="La función terminó con un error al recibir el aviso de S3.",
            en="The function ended with an error on receiving the event from S3.",
            got=answer["Payload"].read().decode(errors="replace")[:600],
            expected="sin error / no error",
        )


def results(s3: Any, bucket: str, names: list[str], seconds: float = 0.0) -> dict[str, Any]:
    """The summaries under resumenes/, waiting for them so long."""
    end = time.monotonic() + seconds
    found: dict[str, Any] = {}
    while True:
        for name in names:
            if name not in found:
                try:
                    found[name] = json.loads(s3.get_object(Bucket=bucket, Key=f"resumenes/{name}.json")["Body"].read())
                except ClientError as error:
                    if error.response["Error"]["Code"] != "NoSuchKey":
                        raise
                except ValueError:
                    found[name] = "no es JSON / not JSON"
        if len(found) == len(names) or time.monotonic() > end:
            return found
        time.sleep(0.2)


def settings(s3: Any, functions: Any, name: str) -> dict[str, Any]:
    """What a deployment leaves around the function."""

    def ask(call: Any, *path: str) -> Any:
        try:
            value = call()
        except ClientError as error:
            return error.response["Error"]["Code"]
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        return value

    blocked = ask(lambda: s3.get_public_access_block(Bucket=name), "PublicAccessBlockConfiguration")
    events = ask(lambda: s3.get_bucket_notification_configuration(Bucket=name), "LambdaFunctionConfigurations")
    events = events if isinstance(events, list) else []
    config = ask(lambda: functions.get_function_configuration(FunctionName=name))
    config = config if isinstance(config, dict) else {}
    return {
        "versiones en el depósito / bucket versioning": ask(lambda: s3.get_bucket_versioning(Bucket=name), "Status"),
        "acceso público bloqueado / public access blocked": isinstance(blocked, dict) and all(blocked.values()),
        "memoria, segundos / memory, seconds": (config.get("MemorySize"), config.get("Timeout")),
        "alias → versión / version": ask(lambda: functions.get_alias(FunctionName=name, Name=ALIAS), "FunctionVersion"),
        "avisos / events": sorted((_last(each), _prefix(each)) for each in events),
        "permiso para / permission for": _permitted(
            ask(lambda: functions.get_policy(FunctionName=name, Qualifier=ALIAS), "Policy")
        ),
    }


def _last(event: dict[str, Any]) -> str:
    return str(event.get("LambdaFunctionArn")).rsplit(":", 1)[-1]


def _prefix(event: dict[str, Any]) -> str:
    rules = event.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    return next((rule["Value"] for rule in rules if str(rule.get("Name")).lower() == "prefix"), "")


def _permitted(policy: Any) -> list[tuple[str, str]]:
    """(service, the resource it must come from) of each statement."""
    try:
        statements = json.loads(policy)["Statement"]
    except (ValueError, TypeError, KeyError):
        return []
    found = []
    for each in statements:
        conditions = {
            key.lower(): str(value) for block in each.get("Condition", {}).values() for key, value in block.items()
        }
        principal = each.get("Principal")
        who = principal.get("Service") if isinstance(principal, dict) else principal
        found.append((str(who), conditions.get("aws:sourcearn", "*")))
    return sorted(found)
