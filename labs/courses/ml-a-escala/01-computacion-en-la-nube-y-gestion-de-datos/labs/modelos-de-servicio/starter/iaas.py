"""IaaS: se alquilan la red, la máquina y el disco; todo lo demás es nuestro."""

import boto3

# En la nube de pago sobran estas direcciones y estas claves: las pone la configuración de cada máquina.
AWS = {
    "endpoint_url": "http://127.0.0.1:5000",
    "region_name": "us-east-1",
    "aws_access_key_id": "laboratorio",
    "aws_secret_access_key": "laboratorio",
}
VIVA = {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}


def etiquetar(tipo: str, pedido: dict) -> list[dict]:
    """Las etiquetas de un recurso nuevo: por su nombre se encuentra, por las demás se reparte la factura."""
    etiquetas = {"Name": pedido["nombre"], **pedido["etiquetas"]}
    return [{"ResourceType": tipo, "Tags": [{"Key": clave, "Value": valor} for clave, valor in etiquetas.items()]}]


def llamado(nombre: str) -> list[dict]:
    """El filtro que encuentra los recursos de este nombre."""
    return [{"Name": "tag:Name", "Values": [nombre]}]


def guion(pedido: dict) -> str:
    """Lo que la máquina ejecuta, como administrador, la primera vez que arranca: su user data."""
    raise NotImplementedError("guion (iaas.py)")


def crear(pedido: dict) -> dict:
    """Deja en pie la red, la máquina y su disco, y devuelve sus ids. Llamada otra vez, encuentra lo que ya hay."""
    ec2 = boto3.client("ec2", **AWS)
    # Funciona, y no debería pasar ninguna revisión: otra red en cada llamada, abierta a todos, y una máquina vacía.
    vpc = ec2.create_vpc(CidrBlock=pedido["red"], TagSpecifications=etiquetar("vpc", pedido))["Vpc"]["VpcId"]
    subred = ec2.create_subnet(VpcId=vpc, CidrBlock=pedido["red"])["Subnet"]["SubnetId"]
    grupo = ec2.create_security_group(GroupName=pedido["nombre"], Description="prueba", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=grupo, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    )
    instancia = ec2.run_instances(
        ImageId=pedido["imagen"], MinCount=1, MaxCount=1, SubnetId=subred, SecurityGroupIds=[grupo]
    )["Instances"][0]["InstanceId"]
    raise NotImplementedError(f"terminar crear (iaas.py), aunque {instancia} ya existe")


def borrar(nombre: str) -> None:
    """Quita todo lo que `crear` dejó con este nombre, disco incluido, y nada más. Sin nada que quitar, no hace nada."""
    raise NotImplementedError("borrar (iaas.py)")
