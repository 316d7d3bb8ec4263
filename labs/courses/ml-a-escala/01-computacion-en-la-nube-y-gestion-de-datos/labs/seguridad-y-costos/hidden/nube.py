"""An account where permissions count: roles with a policy, what they may do, and buckets as they are inherited."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from labkit import Failed, Lab

PORT = 4566
ROOT = {"aws_access_key_id": "laboratorio", "aws_secret_access_key": "laboratorio"}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}, "Action": "sts:AssumeRole"}
    ],
}
DENIED, ALLOWED = "negado / denied", "permitido / allowed"


class Cloud:
    """Clients of one account; ``tls`` says how a request came, as the emulator itself speaks plain HTTP only."""

    def __init__(self, address: str) -> None:
        self.url = f"http://{address}"
        self.s3, self.iam, self.sts, self.kms = (self.client(name, **ROOT) for name in ("s3", "iam", "sts", "kms"))

    def client(self, name: str, tls: bool = True, **keys: Any) -> Any:
        options = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
        if not keys:
            options = options.merge(Config(signature_version=UNSIGNED))
        made = boto3.client(name, endpoint_url=self.url, region_name="us-east-1", config=options, **keys)
        if tls:
            made.meta.events.register("before-sign", _over_tls)
        return made

    def role(self, name: str, policy: Any) -> dict[str, str]:
        """The keys of a session of a new role with this policy and no other."""
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        try:
            self.iam.put_role_policy(RoleName=name, PolicyName="politica", PolicyDocument=json.dumps(policy))
        except ClientError as error:
            raise refused(error, policy) from None
        keys = self.sts.assume_role(RoleArn=arn, RoleSessionName="calificador")["Credentials"]
        return {
            "aws_access_key_id": keys["AccessKeyId"],
            "aws_secret_access_key": keys["SecretAccessKey"],
            "aws_session_token": keys["SessionToken"],
        }


def _over_tls(request: Any, **_: Any) -> None:
    request.headers.add_header("X-Forwarded-Proto", "https")


@contextmanager
def cloud(lab: Lab) -> Iterator[Cloud]:
    with lab.connect(PORT, 40) as address:
        yield Cloud(address)


def refused(error: ClientError, policy: Any) -> Failed:
    told = error.response["Error"]
    return Failed(
        es="AWS no acepta tu política.",
        en="AWS does not accept your policy.",
        got=f"{told['Code']}: {told['Message']}",
        expected=json.dumps(policy, indent=1)[:1500],
    )


def policy_of(lab: Lab, function: str, *arguments: str) -> dict[str, Any]:
    """What the student's function returns, if it can be a policy."""
    policy = lab.call("seguridad.py", function, *arguments)
    try:
        is_text = bool(json.dumps(policy))
    except (TypeError, ValueError):  # a table or an array in it: nothing that a policy can hold
        is_text = False
    lab.expect(
        is_text and isinstance(policy, dict) and isinstance(policy.get("Statement"), list | dict),
        es=f"`{function}` debe devolver una política: un diccionario con Version y Statement.",
        en=f"`{function}` must return a policy: a dictionary with Version and Statement.",
        got=policy,
        expected='{"Version": "2012-10-17", "Statement": [...]}',
    )
    return dict(policy)


def attempt(do: Callable[[], Any]) -> str:
    """Whether it is let through; another error than a refusal is told by its code."""
    try:
        do()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        return DENIED if code in ("AccessDenied", "AllAccessDisabled", "403") else str(code)
    return ALLOWED


def expect_access(tries: dict[str, tuple[bool, Callable[[], Any]]], *, es: str, en: str) -> None:
    """Each call must be allowed or denied as said. What leaks weighs as much as what doesn't work."""
    got = {what: attempt(do) for what, (_, do) in tries.items()}
    wanted = {what: ALLOWED if may else DENIED for what, (may, _) in tries.items()}
    wrong = [what for what in tries if got[what] != wanted[what]]
    right = [[got[what] == wanted[what] for what in tries if wanted[what] == word] for word in (ALLOWED, DENIED)]
    if wrong:
        raise Failed(
            es=f"{es} {len(wrong)} de {len(tries)} llamadas no acaban como deben.",
            en=f"{en} {len(wrong)} of {len(tries)} calls do not end as they should.",
            got="\n".join(f"{what}: {got[what]}" for what in wrong),
            expected="\n".join(f"{what}: {wanted[what]}" for what in wrong),
            # Denying everything, or allowing everything, is worth nothing.
            score=0.8 * min(sum(each) / max(1, len(each)) for each in right),
        )


def closed(cloud: Cloud, bucket: str) -> dict[str, Any]:
    """What is set around the bucket."""
    try:
        blocks = cloud.s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    except ClientError:
        blocks = {}
    rule = cloud.s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    return {
        "bloqueos / blocks": sum(map(bool, blocks.values())),
        "versiones / versioning": cloud.s3.get_bucket_versioning(Bucket=bucket).get("Status"),
        "clave de depósito / bucket key": rule.get("BucketKeyEnabled"),
    }
