"""What the two emulators of clouds should hold for an order, what they hold, and how it is told when that differs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession
from labkit import Failed, Lab

RDS, CLOUD_SQL = 5000, 9100
PROJECT = "aeropuertos"
NETWORK = f"projects/{PROJECT}/global/networks/default"
SIZES = {  # vCPU, GiB: the smallest class that offers both
    (2, 4): "db.t4g.medium",
    (2, 7): "db.m7g.large",
    (4, 12): "db.m7g.xlarge",
    (2, 16): "db.m7g.xlarge",
    (8, 24): "db.m7g.2xlarge",
    (4, 30): "db.m7g.2xlarge",
}


def order(lab: Lab, group: str) -> dict[str, Any]:
    vcpu, memory = lab.rng.choice(list(SIZES))
    return {
        "nombre": f"vuelos-{lab.rng.randint(1000, 9999)}",
        "vcpu": vcpu,
        "memoria_gib": memory,
        "disco_gib": lab.rng.randrange(40, 200, 5),
        "dias_de_copia": lab.rng.randint(8, 30),
        "alta_disponibilidad": lab.rng.random() < 0.5,
        "grupo_aplicacion": group,
    }


def changed(lab: Lab, order: dict[str, Any]) -> dict[str, Any]:
    more = {"disco_gib": order["disco_gib"] + lab.rng.randrange(10, 50, 5)}
    return {**order, **more, "alta_disponibilidad": not order["alta_disponibilidad"]}


@contextmanager
def aws(lab: Lab) -> Iterator[tuple[Any, Any]]:
    with lab.connect(RDS) as address:
        keys = {"aws_access_key_id": "calificador", "aws_secret_access_key": "calificador", "region_name": "us-east-1"}
        yield tuple(boto3.client(name, endpoint_url=f"http://{address}", **keys) for name in ("ec2", "rds"))


def rds_instance(client: Any, name: str) -> dict[str, Any]:
    return only(client.describe_db_instances()["DBInstances"], "DBInstanceIdentifier", name)


def rds_wanted(order: dict[str, Any]) -> dict[str, Any]:
    return {
        "Engine": "postgres",
        "EngineVersion": "18",
        "DBName": "vuelos",
        "DBInstanceClass": SIZES[order["vcpu"], order["memoria_gib"]],
        "AllocatedStorage": order["disco_gib"],
        "MultiAZ": order["alta_disponibilidad"],
        "BackupRetentionPeriod": order["dias_de_copia"],
        "StorageType": "gp3",
        "StorageEncrypted": True,
        "DeletionProtection": True,
        "PubliclyAccessible": False,
        "contraseña / password": "Secrets Manager",
    }


def who_gets_in(ec2: Any, instance: dict[str, Any]) -> list[Any]:
    """(protocol, from, to, group or addresses) of each rule of the instance's security groups."""
    groups = [group["VpcSecurityGroupId"] for group in instance.get("VpcSecurityGroups", ())]
    rules = []
    for group in ec2.describe_security_groups(GroupIds=groups)["SecurityGroups"] if groups else ():
        for rule in group["IpPermissions"]:
            sources = [pair["GroupId"] for pair in rule.get("UserIdGroupPairs", ())]
            sources += [span["CidrIp"] for span in rule.get("IpRanges", ())]
            rules += [(rule["IpProtocol"], rule.get("FromPort"), rule.get("ToPort"), source) for source in sources]
    return sorted(rules, key=str)


def cloud_sql(lab: Lab, method: str, path: str = "", body: Any = None) -> Any:
    with lab.connect(CLOUD_SQL) as address:
        url = f"http://{address}/sql/v1beta4/projects/{PROJECT}/instances{path}"
        return AuthorizedSession(AnonymousCredentials()).request(method, url, json=body, timeout=10).json()


def cloud_sql_instance(lab: Lab, name: str) -> dict[str, Any]:
    found = cloud_sql(lab, "GET")
    return only(found.get("items") if isinstance(found, dict) else None, "name", name)


def cloud_sql_wanted(order: dict[str, Any]) -> dict[str, Any]:
    return {
        "databaseVersion": "POSTGRES_18",
        "settings.tier": f"db-custom-{order['vcpu']}-{order['memoria_gib'] * 1024}",
        "settings.edition": "ENTERPRISE",
        "settings.dataDiskType": "PD_SSD",
        "settings.dataDiskSizeGb": str(order["disco_gib"]),
        "settings.availabilityType": "REGIONAL" if order["alta_disponibilidad"] else "ZONAL",
        "settings.backupConfiguration.enabled": True,
        "settings.backupConfiguration.pointInTimeRecoveryEnabled": True,
        "settings.backupConfiguration.backupRetentionSettings.retainedBackups": order["dias_de_copia"],
        "settings.ipConfiguration.ipv4Enabled": False,
        "settings.ipConfiguration.privateNetwork": NETWORK,
        "settings.ipConfiguration.sslMode": "ENCRYPTED_ONLY",
        "settings.deletionProtectionEnabled": True,
    }


def only(found: Any, key: str, name: str) -> dict[str, Any]:
    """The instance of this name, of which there is one, and no other instance."""
    names = [item.get(key) for item in found if isinstance(item, dict)] if isinstance(found, list) else []
    if names != [name]:
        raise Failed(
            es="Después de llamar a tu función debía existir una sola instancia, con el nombre del pedido.",
            en="After calling your function there should be one instance, with the name of the order.",
            got=", ".join(map(str, names)) or "ninguna / none",
            expected=name,
        )
    instance: dict[str, Any] = found[0]
    return instance


def at(data: Any, path: str) -> Any:
    for name in path.split("."):
        data = data.get(name) if isinstance(data, dict) else None
    return data


def expect_settings(got: dict[str, Any], wanted: dict[str, Any], service: str) -> None:
    wrong = [name for name, value in wanted.items() if str(got.get(name)) != str(value)]
    if wrong:
        raise Failed(
            es=f"{len(wrong)} de {len(wanted)} ajustes de la instancia de {service} no son los del pedido.",
            en=f"{len(wrong)} of {len(wanted)} settings of the {service} instance are not those of the order.",
            got="\n".join(f"{name}: {got.get(name)}" for name in wrong),
            expected="\n".join(f"{name}: {wanted[name]}" for name in wrong),
            score=0.8 * max(0, 1 - len(wrong) / 5),
        )


def expect_kept(got: dict[str, Any], wanted: dict[str, Any]) -> None:
    wrong = [name for name, value in wanted.items() if str(got.get(name)) != str(value)]
    if wrong:
        raise Failed(
            es="Con el pedido cambiado, la segunda llamada debía ajustar la misma instancia, sin crearla de nuevo.",
            en="With the order changed, the second call should adjust the same instance, without creating it again.",
            got="\n".join(f"{name}: {got.get(name)}" for name in wrong),
            expected="\n".join(f"{name}: {wanted[name]}" for name in wrong),
            score=0.8,
        )
