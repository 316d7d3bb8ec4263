"""Checks of the lab seguridad-y-costos: calls that an account lets through or refuses, and bills computed here.

ministack runs with AUTH=true, so policies are evaluated as AWS does. Each check makes buckets and roles of its own;
inventories and prices are fresh. hidden/ has the helpers.
"""

import json
from typing import Any

from botocore.exceptions import ClientError
from hidden import ciclo, cuentas, nube
from labkit import Failed, Lab

WORDS = ["vuelos", "retrasos", "clima", "rutas", "aviones"]
PUBLIC = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
BUDGET = 1.02


def _names(lab: Lab) -> tuple[str, str, str]:
    """A bucket, a prefix in it, and one that begins the same."""
    word, year = lab.rng.choice(WORDS), lab.rng.randint(2010, 2025)
    return f"datos-{lab.rng.randrange(10**8)}", f"{word}/{year}/", f"{word}/{year}-privado/"


def _policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def lectura(lab: Lab) -> None:
    bucket, mine, private = _names(lab)
    policy = nube.policy_of(lab, "politica_lectura", bucket, mine)
    with nube.cloud(lab) as cloud:
        for name in (bucket, f"{bucket}-copia"):
            cloud.s3.create_bucket(Bucket=name)
            for key in (f"{mine}a.csv", f"{private}a.csv"):
                cloud.s3.put_object(Bucket=name, Key=key, Body=b"a")
        keys = cloud.role(f"lectura-{bucket}", policy)
        s3, iam = cloud.client("s3", **keys), cloud.client("iam", **keys)
        nube.expect_access(
            {
                f"GetObject {mine}a.csv": (True, lambda: s3.get_object(Bucket=bucket, Key=f"{mine}a.csv")),
                f"ListObjects {mine}": (True, lambda: s3.list_objects_v2(Bucket=bucket, Prefix=mine)),
                f"GetObject {private}a.csv": (False, lambda: s3.get_object(Bucket=bucket, Key=f"{private}a.csv")),
                f"ListObjects {private}": (False, lambda: s3.list_objects_v2(Bucket=bucket, Prefix=private)),
                "ListObjects (todo / all)": (False, lambda: s3.list_objects_v2(Bucket=bucket)),
                f"PutObject {mine}b.csv": (False, lambda: s3.put_object(Bucket=bucket, Key=f"{mine}b.csv", Body=b"")),
                f"DeleteObject {mine}a.csv": (False, lambda: s3.delete_object(Bucket=bucket, Key=f"{mine}a.csv")),
                f"GetObject {bucket}-copia": (
                    False,
                    lambda: s3.get_object(Bucket=f"{bucket}-copia", Key=f"{mine}a.csv"),
                ),
                "GetBucketVersioning": (False, lambda: s3.get_bucket_versioning(Bucket=bucket)),
                "ListBuckets": (False, s3.list_buckets),
                "iam:ListRoles": (False, iam.list_roles),
            },
            es="La política de lectura no deja hacer lo justo.",
            en="The reading policy does not allow just what is needed.",
        )


def ingesta(lab: Lab) -> None:
    bucket, mine, private = _names(lab)
    policy = nube.policy_of(lab, "politica_ingesta", bucket, mine)
    with nube.cloud(lab) as cloud:
        cloud.s3.create_bucket(Bucket=bucket)
        cloud.s3.put_object(Bucket=bucket, Key=f"{mine}a.csv", Body=b"a")
        s3 = cloud.client("s3", **cloud.role(f"ingesta-{bucket}", policy))
        nube.expect_access(
            {
                f"PutObject {mine}b.csv": (True, lambda: s3.put_object(Bucket=bucket, Key=f"{mine}b.csv", Body=b"")),
                f"PutObject {private}b.csv": (
                    False,
                    lambda: s3.put_object(Bucket=bucket, Key=f"{private}b.csv", Body=b""),
                ),
                "PutObject b.csv": (False, lambda: s3.put_object(Bucket=bucket, Key="b.csv", Body=b"")),
                f"GetObject {mine}a.csv": (False, lambda: s3.get_object(Bucket=bucket, Key=f"{mine}a.csv")),
                f"DeleteObject {mine}a.csv": (False, lambda: s3.delete_object(Bucket=bucket, Key=f"{mine}a.csv")),
                f"ListObjects {mine}": (False, lambda: s3.list_objects_v2(Bucket=bucket, Prefix=mine)),
                "PutBucketPolicy": (
                    False,
                    lambda: s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(_open(bucket))),
                ),
            },
            es="La política de ingesta no deja hacer lo justo.",
            en="The ingestion policy does not allow just what is needed.",
        )


def _open(bucket: str) -> dict[str, Any]:
    return _policy({**PUBLIC, "Resource": f"arn:aws:s3:::{bucket}/*"})


def deposito(lab: Lab) -> None:
    """Even someone who may do everything in S3 gets only what the bucket's policy leaves."""
    bucket, mine, _ = _names(lab)
    policy = nube.policy_of(lab, "politica_deposito", bucket)
    with nube.cloud(lab) as cloud:
        cloud.s3.create_bucket(Bucket=bucket)
        cloud.s3.put_object(Bucket=bucket, Key=f"{mine}a.csv", Body=b"a")
        key = cloud.kms.create_key()["KeyMetadata"]["KeyId"]
        try:
            cloud.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
        except ClientError as error:
            raise nube.refused(error, policy) from None
        everything = _policy({"Effect": "Allow", "Action": ["s3:*", "kms:*"], "Resource": "*"})
        keys = cloud.role(f"todo-{bucket}", everything)
        tls, plain, nobody = cloud.client("s3", **keys), cloud.client("s3", tls=False, **keys), cloud.client("s3")
        what = {"Bucket": bucket, "Key": f"{mine}b.csv", "Body": b""}
        nube.expect_access(
            {
                "https GetObject": (True, lambda: tls.get_object(Bucket=bucket, Key=f"{mine}a.csv")),
                "https ListObjects": (True, lambda: tls.list_objects_v2(Bucket=bucket)),
                "https PutObject": (True, lambda: tls.put_object(**what)),
                "https PutObject aws:kms": (
                    True,
                    lambda: tls.put_object(**what, ServerSideEncryption="aws:kms", SSEKMSKeyId=key),
                ),
                "https DeleteObject": (True, lambda: tls.delete_object(Bucket=bucket, Key=f"{mine}b.csv")),
                "https PutObject AES256": (False, lambda: tls.put_object(**what, ServerSideEncryption="AES256")),
                "http GetObject": (False, lambda: plain.get_object(Bucket=bucket, Key=f"{mine}a.csv")),
                "http PutObject": (False, lambda: plain.put_object(**what)),
                "http ListObjects": (False, lambda: plain.list_objects_v2(Bucket=bucket)),
                "https GetObject (anónimo / anonymous)": (
                    False,
                    lambda: nobody.get_object(Bucket=bucket, Key=f"{mine}a.csv"),
                ),
            },
            es="Con la política del depósito puesta, a quien tiene s3:* le pasa otra cosa de lo pedido.",
            en="With the bucket's policy in place, something else than asked for happens to who has s3:*.",
        )


def cierre(lab: Lab) -> None:
    bucket, mine, _ = _names(lab)
    old = {"Bucket": bucket, "Key": f"{mine}a.csv"}
    with nube.cloud(lab) as cloud:
        key = cloud.kms.create_key()["KeyMetadata"]["KeyId"]
        cloud.s3.create_bucket(Bucket=bucket)
        cloud.s3.delete_public_access_block(Bucket=bucket)
        cloud.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(_open(bucket)))
        cloud.s3.put_object(**old, Body=b"a")
    for _ in range(2):  # closed already the second time, which is no error
        lab.call("seguridad.py", "proteger", bucket, key)
    with nube.cloud(lab) as cloud:
        reader = _policy({"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"})
        keys = cloud.role(f"lee-{bucket}", reader)
        s3, plain, nobody = cloud.client("s3", **keys), cloud.client("s3", tls=False, **keys), cloud.client("s3")
        cloud.s3.put_object(Bucket=bucket, Key=f"{mine}b.csv", Body=b"b")
        got = {
            "anónimo / anonymous GetObject": nube.attempt(lambda: nobody.get_object(**old)),
            "con permiso / with permission GetObject": nube.attempt(lambda: s3.get_object(**old)),
            # What tells the bucket's policy from the blocks, which already keep out the public.
            "con permiso, sin TLS / with permission, no TLS GetObject": nube.attempt(lambda: plain.get_object(**old)),
            **nube.closed(cloud, bucket),
            "clave del objeto nuevo / key of a new object": str(
                cloud.s3.head_object(Bucket=bucket, Key=f"{mine}b.csv").get("SSEKMSKeyId")
            ).rsplit("/", 1)[-1],
            # Last, as it may succeed.
            "PutBucketPolicy pública / public": nube.attempt(
                lambda: cloud.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(_open(bucket)))
            ),
        }
    wanted = {
        "anónimo / anonymous GetObject": nube.DENIED,
        "con permiso / with permission GetObject": nube.ALLOWED,
        "con permiso, sin TLS / with permission, no TLS GetObject": nube.DENIED,
        "bloqueos / blocks": 4,
        "versiones / versioning": "Enabled",
        "clave de depósito / bucket key": True,
        "clave del objeto nuevo / key of a new object": key,
        "PutBucketPolicy pública / public": nube.DENIED,
    }
    wrong = [name for name in wanted if got[name] != wanted[name]]
    lab.expect(
        not wrong,
        es=f"El depósito heredado no quedó cerrado: {len(wrong)} de {len(wanted)} cosas no son como deben.",
        en=f"The inherited bucket was not closed: {len(wrong)} of {len(wanted)} things are not as they should be.",
        got="\n".join(f"{name}: {got[name]}" for name in wrong),
        expected="\n".join(f"{name}: {wanted[name]}" for name in wrong),
        score=0.8 * max(0, 1 - len(wrong) / 5),
    )


def _inventory(lab: Lab) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    base = json.loads((lab.data / "precios.json").read_text(encoding="utf-8"))
    return cuentas.prices(base, lab.rng), cuentas.groups(lab.rng), cuentas.machines(lab.rng, lab.data)


def hoy(lab: Lab) -> None:
    prices, groups, machines = _inventory(lab)
    got = lab.call("costos.py", "factura", prices, groups, machines)
    standard = prices["clases"]["STANDARD"]["gib_mes"]
    store = sum(group["gib"] * group["conservar_dias"] / 30 * standard for group in groups)
    compute = sum(prices["maquinas"][each["clase"]]["hora"] * each["horas"] for each in machines)
    wanted = {"almacen": store, "computo": compute, "total": store + compute}
    wrong = [
        name for name, value in wanted.items() if not isinstance(got, dict) or not cuentas.near(got.get(name), value)
    ]
    lab.expect(
        not wrong,
        es="La factura de hoy no es la que sale del inventario.",
        en="Today's bill is not what the inventory amounts to.",
        got=got,
        expected=wanted,
        score=0.6 * (1 - len(wrong) / 3),
    )


def vida(lab: Lab) -> None:
    prices, groups, _ = _inventory(lab)
    cases = [(group, plan) for group in groups for plan in ([(0, "STANDARD")], cuentas.some_plan(lab.rng, group))]
    small = max(groups, key=lambda group: group["objetos"] / group["gib"])
    cases.append((small, [(0, "STANDARD"), (60, "GLACIER_IR")]))
    wrong: list[tuple[Any, float, Any]] = []
    for group, plan in cases:
        got = lab.call("costos.py", "costo", prices, group, [list(step) for step in plan])
        if not cuentas.near(got, right := cuentas.cost(prices, group, plan)):
            wrong.append((got, right, {**group, "plan": plan}))
    if wrong:
        got, right, case = wrong[0]
        raise Failed(
            es=f"{len(wrong)} de {len(cases)} costos de toda la vida no salen. El primero, de este grupo.",
            en=f"{len(wrong)} of {len(cases)} costs of a whole life are wrong. The first, of this group.",
            got=got,
            expected=f"{right:.6f}\n{case}\n{prices['clases']}",
            score=0.7 * (1 - len(wrong) / len(cases)),
        )


def reglas(lab: Lab) -> None:
    prices, groups, _ = _inventory(lab)
    got = lab.call("costos.py", "reglas", prices, groups, timeout=30)
    found = ciclo.accepted(lab, got)
    score, spent, least = 0.0, 0.0, 0.0
    for group in groups:
        plan, ends = ciclo.plan_of(group["prefijo"], found)
        _expect_safe(lab, prices, group, plan, ends, score)
        now = cuentas.cost(prices, {**group, "conservar_dias": ends}, plan)
        spent, least, score = spent + now, least + cuentas.best(prices, group), score + 0.6 / len(groups)
    lab.expect(
        spent <= least * BUDGET,
        es="Las reglas no pierden nada, pero la cuenta pasa del presupuesto: hay planes más baratos.",
        en="The rules lose nothing, but the bill is over the budget: there are cheaper plans.",
        got=f"{spent:.2f} USD",
        expected=f"≤ {least * BUDGET:.2f} USD",
        score=0.7,
    )


def _expect_safe(
    lab: Lab, prices: dict[str, Any], group: dict[str, Any], plan: cuentas.Plan, ends: int | None, score: float
) -> None:
    """The group's rule keeps what must be kept, readable in time, and is worth having."""
    name, keep = group["prefijo"], group["conservar_dias"]
    slow = [kind for _, kind in plan if prices["clases"][kind]["espera_s"] > group["espera_maxima_s"]]
    if ends is None or ends < keep:
        es, en = ("no borra nunca lo que ya sobra", "never deletes what is of no more use")
        if ends is not None:
            es, en = ("borra datos que hay que conservar", "deletes data that have to be kept")
        raise Failed(
            es=f"La regla de {name} {es}.",
            en=f"The rule of {name} {en}.",
            got=f"Expiration {ends}",
            expected=f"{keep}",
            score=score,
        )
    lab.expect(
        not slow,
        es=f"Los datos de {name} tardarían más en poder leerse de lo que se puede esperar.",
        en=f"The data of {name} would take longer to be readable than one can wait.",
        got=slow,
        expected=f"espera_s ≤ {group['espera_maxima_s']}",
        score=score,
    )
    now = cuentas.cost(prices, {**group, "conservar_dias": ends}, plan)
    bare = cuentas.cost(prices, group, [(0, "STANDARD")])
    lab.expect(
        now <= bare * 1.000001,
        es=f"La regla de {name} sale más cara que no mover nada.",
        en=f"The rule of {name} is dearer than moving nothing.",
        got=f"{now:.2f} USD: {plan}, Expiration {ends}",
        expected=f"≤ {bare:.2f} USD\n{group}",
        score=score,
    )


def ajuste(lab: Lab) -> None:
    prices, _, machines = _inventory(lab)
    got = lab.call("costos.py", "ajustar", prices, machines)
    spent, least = 0.0, 0.0
    for machine in machines:
        choice = got.get(machine["nombre"]) if isinstance(got, dict) else None
        kind, purchase = (choice.get("clase"), choice.get("compra")) if isinstance(choice, dict) else (None, None)
        lab.expect(
            isinstance(kind, str) and kind in prices["maquinas"] and purchase in ("demanda", "compromiso"),
            es=f"Falta la clase o la compra de {machine['nombre']}.",
            en=f"The type or the purchase of {machine['nombre']} is missing.",
            got=choice,
            expected='{"clase": …, "compra": "demanda" | "compromiso"}',
        )
        cpu, memory = cuentas.needs(machine)
        size = prices["maquinas"][kind]
        lab.expect(
            cuentas.fits(prices, machine, kind),
            es=f"{machine['nombre']} no aguanta su carga con la clase elegida.",
            en=f"{machine['nombre']} can't stand its load with the type chosen.",
            got=f"{kind}: {cuentas.CPU * size['vcpu']:.2f} vCPU, {cuentas.MEMORY * size['gib']:.2f} GiB",
            expected=f"≥ {cpu:.2f} vCPU (percentil 95 / 95th percentile), {memory:.2f} GiB",
            score=0.2,
        )
        spent += cuentas.monthly(prices, machine, kind, purchase)
        least += cuentas.cheapest(prices, machine)
    lab.expect(
        spent <= least * 1.000001,
        es="Todas las máquinas aguantan su carga, pero se pueden pagar más baratas.",
        en="All machines stand their load, but they can be had cheaper.",
        got=f"{spent:.2f} USD: {got}",
        expected=f"{least:.2f} USD",
        score=0.6,
    )
