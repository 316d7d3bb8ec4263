"""Orders for machines, and what moto holds after them."""

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from hidden.dias import day
from labkit import Failed, Lab

PORT = 5000
LIVE = {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}
IMAGES = ["ami-08a311a6aaa3cd94a", "ami-012a83173e4e0a150"]  # Amazon Linux 2023 for arm64
KINDS = {
    "vpc": "describe_vpcs:Vpcs:VpcId",
    "subred / subnet": "describe_subnets:Subnets:SubnetId",
    "salida / internet gateway": "describe_internet_gateways:InternetGateways:InternetGatewayId",
    "tabla de rutas / route table": "describe_route_tables:RouteTables:RouteTableId",
    "grupo / security group": "describe_security_groups:SecurityGroups:GroupId",
    "disco / volume": "describe_volumes:Volumes:VolumeId",
}


def order(lab: Lab) -> dict[str, Any]:
    rng = lab.rng
    return {
        "nombre": f"retrasos-{rng.randrange(10**6):06d}",
        "red": f"10.{rng.randint(1, 250)}.0.0/16",
        "zonas": [f"us-east-1{letter}" for letter in rng.sample("abcdf", 2)],
        "puerto": rng.randint(20000, 29999),
        "desde": f"198.51.100.{rng.randrange(0, 256, 16)}/28",
        "imagen": rng.choice(IMAGES),
        "clase": rng.choice(["t4g.small", "t4g.medium", "c7g.medium"]),
        "disco_gib": rng.randint(10, 90),
        "etiquetas": {"equipo": rng.choice(["puntualidad", "rutas"]), "centro-de-costo": str(rng.randint(1000, 9999))},
    }


@contextmanager
def ec2(lab: Lab) -> Iterator[Any]:
    with lab.connect(PORT) as address:
        keys = {"aws_access_key_id": "calificador", "aws_secret_access_key": "calificador", "region_name": "us-east-1"}
        yield boto3.client("ec2", endpoint_url=f"http://{address}", **keys)


def created(lab: Lab) -> tuple[dict[str, Any], dict[str, Any]]:
    """An order given to the student's ``crear`` and what is in its VPC afterwards."""
    asked = order(lab)
    lab.call("iaas.py", "crear", asked)
    with ec2(lab) as client:
        return asked, state(client, asked["nombre"])


def state(client: Any, name: str) -> dict[str, Any]:
    vpcs = client.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [name]}])["Vpcs"]
    if len(vpcs) != 1:
        raise Failed(
            es="Después de `crear` debía existir una VPC, y una sola, con la etiqueta Name del pedido.",
            en="After `crear` there should be one VPC, and one only, with the order's name in its tag Name.",
            got=f"{len(vpcs)} VPC",
            expected=f"1 VPC, Name = {name}",
        )
    inside = [{"Name": "vpc-id", "Values": [vpcs[0]["VpcId"]]}]
    instances = [
        each
        for reservation in client.describe_instances(Filters=[*inside, LIVE])["Reservations"]
        for each in reservation["Instances"]
    ]
    disks = [{"Name": "attachment.instance-id", "Values": [each["InstanceId"] for each in instances]}]
    groups = client.describe_security_groups(Filters=inside)["SecurityGroups"]
    return {
        "vpc": vpcs[0],
        "subnets": client.describe_subnets(Filters=inside)["Subnets"],
        "tables": client.describe_route_tables(Filters=inside)["RouteTables"],
        "groups": [group for group in groups if group["GroupName"] != "default"],
        "instances": instances,
        "volumes": client.describe_volumes(Filters=disks)["Volumes"] if instances else [],
        "data": [
            base64.b64decode(
                client.describe_instance_attribute(InstanceId=each["InstanceId"], Attribute="userData")["UserData"].get(
                    "Value", ""
                )
            )
            for each in instances
        ],
    }


def with_way_out(found: dict[str, Any]) -> int:
    """How many subnets have a route to an Internet gateway, in their own table or, without one, in the main table."""
    own, main = {}, False
    for table in found["tables"]:
        leads_out = any(
            route.get("DestinationCidrBlock") == "0.0.0.0/0" and str(route.get("GatewayId")).startswith("igw-")
            for route in table["Routes"]
        )
        for link in table["Associations"]:
            if link.get("SubnetId"):
                own[link["SubnetId"]] = leads_out
            elif link.get("Main"):
                main = leads_out
    return sum(own.get(subnet["SubnetId"], main) for subnet in found["subnets"])


def rules(found: dict[str, Any]) -> list[tuple[Any, ...]]:
    """(protocol, from, to, who) of each inbound rule of the VPC's groups."""
    return sorted(
        (rule["IpProtocol"], rule.get("FromPort"), rule.get("ToPort"), who)
        for group in found["groups"]
        for rule in group["IpPermissions"]
        for who in [span["CidrIp"] for span in rule.get("IpRanges", ())]
        + [span["CidrIpv6"] for span in rule.get("Ipv6Ranges", ())]
        + [pair["GroupId"] for pair in rule.get("UserIdGroupPairs", ())]
    )


def tags(resource: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in resource.get("Tags") or ()}


def left(client: Any, name: str | None = None) -> dict[str, list[str]]:
    """The resources that carry this name, or all of them, by kind."""
    named = [{"Name": "tag:Name", "Values": [name]}] if name else []
    found = {}
    for kind, how in KINDS.items():
        call, many, ident = how.split(":")
        found[kind] = [each[ident] for each in getattr(client, call)(Filters=named)[many]]
    reservations = client.describe_instances(Filters=[*named, LIVE])["Reservations"]
    found["máquina / machine"] = [each["InstanceId"] for group in reservations for each in group["Instances"]]
    return {kind: ids for kind, ids in found.items() if ids}


def boot(lab: Lab, script: bytes, port: int) -> None:
    """Runs a machine's user data in an empty folder, as its first start would, and uses the program."""
    folder = f"_arranque{port}"
    lab.write(f"{folder}/guion.sh", script)
    lab.shell(f"mkdir -p {folder}/raiz {folder}/vacia")
    # The root is absolute: the script may go where it likes before it starts the program.
    run = 'env -u PYTHONPATH RAIZ="$(realpath ../raiz)" setsid sh ../guion.sh >../registro 2>&1 </dev/null & echo $!'
    started = lab.shell(f"cd {folder}/vacia || exit 1; {run}")
    pid = started.stdout.strip()
    try:
        _use(lab, folder, port)
    finally:
        if pid.isdigit():
            lab.shell(f"kill -KILL -- -{pid} {pid}")


def _use(lab: Lab, folder: str, port: int) -> None:
    date = f"2013-{lab.rng.randint(2, 12):02d}-{lab.rng.randint(10, 28)}"
    text, wanted = day(lab.rng)
    for attempt in range(40):
        try:
            got = lab.fetch(port, f"/dias/{date}", method="PUT", body=text.encode())
            break
        except Failed:
            if attempt == 39:
                log = lab.read(f"{folder}/registro").decode(errors="replace")
                raise Failed(
                    es="Ejecuté el user data de la máquina en una carpeta vacía, y nadie responde en su puerto.",
                    en="I ran the machine's user data in an empty folder, and nobody answers on its port.",
                    got=log.strip()[-600:] or "(sin salida / no output)",
                    expected=f"PUT /dias/{date} → 200, port {port}",
                ) from None
            time.sleep(0.2)
    try:
        answer = json.loads(got.body)
    except ValueError:
        answer = got.text[:300]
    lab.expect(
        got.status == 200 and answer == wanted,
        es="La máquina arranca, pero no da el resumen del día que se le manda.",
        en="The machine starts, but does not give the summary of the day it is sent.",
        got=f"{got.status} {answer}",
        expected=f"200 {wanted}",
        score=0.4,
    )
    try:
        kept = lab.read(f"{folder}/raiz/mnt/datos/{date}.csv")
    except Failed:
        kept = b""
    lab.expect(
        kept == text.encode(),
        es="Los días no quedan en $RAIZ/mnt/datos, donde se monta el volumen: al rehacer la máquina se pierden.",
        en="The days aren't in $RAIZ/mnt/datos, where the volume is mounted: they are lost when the machine is remade.",
        got=f"{folder}/raiz: {lab.shell(f'cd {folder}/raiz && find . -type f').stdout[:300]}",
        expected=f"./mnt/datos/{date}.csv",
        score=0.6,
    )
