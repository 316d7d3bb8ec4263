"""Lifecycle rules: as S3 keeps them, and where they put the data of a prefix."""

from typing import Any

from hidden import cuentas, nube
from labkit import Lab


def accepted(lab: Lab, rules: Any) -> list[dict[str, Any]]:
    """The rules as S3 keeps them, if it takes them."""
    lab.expect(
        isinstance(rules, dict) and isinstance(rules.get("Rules"), list),
        es="`reglas` debe devolver una configuración de ciclo de vida de S3.",
        en="`reglas` must return a lifecycle configuration of S3.",
        got=rules,
        expected='{"Rules": [{"ID": …, "Status": "Enabled", "Filter": {"Prefix": …}, …}]}',
    )
    bucket = f"ciclo-{lab.rng.randrange(10**9)}"
    with nube.cloud(lab) as cloud:
        cloud.s3.create_bucket(Bucket=bucket)
        cloud.s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=rules)
        kept: list[dict[str, Any]] = cloud.s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    return kept


def plan_of(prefix: str, rules: list[dict[str, Any]]) -> tuple[cuentas.Plan, int | None]:
    """Where the rules that hold for a prefix put its data, and when they delete them."""
    steps, ends = [], None
    for rule in rules:
        chosen = rule.get("Filter", {})
        its = rule.get("Prefix") or chosen.get("Prefix") or chosen.get("And", {}).get("Prefix", "")
        if rule.get("Status") == "Enabled" and prefix.startswith(its):
            steps += [(step.get("Days", 0), str(step["StorageClass"])) for step in rule.get("Transitions", ())]
            days = rule.get("Expiration", {}).get("Days")
            ends = min(days, ends or days) if days else ends
    kept = sorted(step for step in steps if step[1] in cuentas.ORDER and (ends is None or step[0] < ends))
    return [(0, "STANDARD"), *kept], ends
