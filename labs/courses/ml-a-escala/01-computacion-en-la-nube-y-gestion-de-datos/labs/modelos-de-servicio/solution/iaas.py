"""IaaS: se alquilan la red, la máquina y el disco; todo lo demás es nuestro."""

import shlex
from ipaddress import ip_network
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

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
    archivos = "\n".join(
        f"cat > \"$raiz/opt/retrasos/{archivo}\" <<'FIN-DEL-ARCHIVO'\n{Path('app', archivo).read_text()}FIN-DEL-ARCHIVO"
        for archivo in ("resumen.py", "servidor.py")
    )
    return f"""#!/bin/sh
set -eu
raiz="${{RAIZ:-}}"  # vacía en la máquina; quien prueba el guion pone aquí una carpeta
mkdir -p "$raiz/opt/retrasos" "$raiz/mnt/datos"
if [ -z "$raiz" ]; then  # el volumen se une después de arrancar: se espera, se formatea solo si está vacío, se monta
    while [ ! -e /dev/sdf ]; do sleep 2; done
    blkid /dev/sdf || mkfs.xfs /dev/sdf
    mount /dev/sdf /mnt/datos
fi
{archivos}
cd "$raiz/opt/retrasos"
exec python3 servidor.py {shlex.quote(str(pedido["puerto"]))} "$raiz/mnt/datos"
"""


def _uno(recursos: list[dict], crear, clave: str) -> str:
    """El id del recurso que hay o, si no hay ninguno, del que se crea."""
    return (recursos or [crear()])[0][clave]


def _red(ec2, pedido: dict) -> tuple[str, list[str]]:
    """La VPC con una subred en cada zona y una salida a Internet."""
    filtro = llamado(pedido["nombre"])
    vpc = _uno(
        ec2.describe_vpcs(Filters=filtro)["Vpcs"],
        lambda: ec2.create_vpc(CidrBlock=pedido["red"], TagSpecifications=etiquetar("vpc", pedido))["Vpc"],
        "VpcId",
    )
    salida = _uno(
        ec2.describe_internet_gateways(Filters=filtro)["InternetGateways"],
        lambda: ec2.create_internet_gateway(TagSpecifications=etiquetar("internet-gateway", pedido))["InternetGateway"],
        "InternetGatewayId",
    )
    if not ec2.describe_internet_gateways(InternetGatewayIds=[salida])["InternetGateways"][0]["Attachments"]:
        ec2.attach_internet_gateway(InternetGatewayId=salida, VpcId=vpc)
    tabla = _uno(
        ec2.describe_route_tables(Filters=filtro)["RouteTables"],
        lambda: ec2.create_route_table(VpcId=vpc, TagSpecifications=etiquetar("route-table", pedido))["RouteTable"],
        "RouteTableId",
    )
    rutas = ec2.describe_route_tables(RouteTableIds=[tabla])["RouteTables"][0]["Routes"]
    if "0.0.0.0/0" not in {ruta.get("DestinationCidrBlock") for ruta in rutas}:
        ec2.create_route(RouteTableId=tabla, DestinationCidrBlock="0.0.0.0/0", GatewayId=salida)
    hay = {subred["AvailabilityZone"]: subred for subred in ec2.describe_subnets(Filters=filtro)["Subnets"]}
    subredes = []
    for zona, rango in zip(pedido["zonas"], ip_network(pedido["red"]).subnets(new_prefix=24), strict=False):
        if zona not in hay:
            hay[zona] = ec2.create_subnet(
                VpcId=vpc,
                CidrBlock=str(rango),
                AvailabilityZone=zona,
                TagSpecifications=etiquetar("subnet", pedido),
            )["Subnet"]
            ec2.associate_route_table(RouteTableId=tabla, SubnetId=hay[zona]["SubnetId"])
            # Para que las respuestas vuelvan a `desde`, la máquina nace con una dirección IPv4 pública, que se paga.
            ec2.modify_subnet_attribute(SubnetId=hay[zona]["SubnetId"], MapPublicIpOnLaunch={"Value": True})
        subredes.append(hay[zona]["SubnetId"])
    return vpc, subredes


def _grupo(ec2, pedido: dict, vpc: str) -> str:
    """El cortafuegos: al puerto del programa llega quien debe; a ningún otro, nadie."""
    grupo = _uno(
        ec2.describe_security_groups(Filters=llamado(pedido["nombre"]))["SecurityGroups"],
        lambda: ec2.create_security_group(
            GroupName=pedido["nombre"],
            Description="Entrada al programa de retrasos",
            VpcId=vpc,
            TagSpecifications=etiquetar("security-group", pedido),
        ),
        "GroupId",
    )
    regla = {
        "IpProtocol": "tcp",
        "FromPort": pedido["puerto"],
        "ToPort": pedido["puerto"],
        "IpRanges": [{"CidrIp": pedido["desde"]}],
    }
    try:
        ec2.authorize_security_group_ingress(GroupId=grupo, IpPermissions=[regla])
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidPermission.Duplicate":
            raise
    return grupo


def _instancias(ec2, nombre: str) -> list[dict]:
    reservas = ec2.describe_instances(Filters=[*llamado(nombre), VIVA])["Reservations"]
    return [instancia for reserva in reservas for instancia in reserva["Instances"]]


def crear(pedido: dict) -> dict:
    """Deja en pie la red, la máquina y su disco, y devuelve sus ids. Llamada otra vez, encuentra lo que ya hay."""
    ec2 = boto3.client("ec2", **AWS)
    vpc, subredes = _red(ec2, pedido)
    grupo = _grupo(ec2, pedido, vpc)
    instancia = _uno(
        _instancias(ec2, pedido["nombre"]),
        lambda: ec2.run_instances(
            ImageId=pedido["imagen"],
            InstanceType=pedido["clase"],
            MinCount=1,
            MaxCount=1,
            SubnetId=subredes[0],
            SecurityGroupIds=[grupo],
            UserData=guion(pedido),
            MetadataOptions={"HttpTokens": "required", "HttpEndpoint": "enabled"},
            BlockDeviceMappings=[
                {
                    "DeviceName": "/dev/xvda",
                    "Ebs": {"VolumeSize": 8, "VolumeType": "gp3", "Encrypted": True, "DeleteOnTermination": True},
                }
            ],
            TagSpecifications=etiquetar("instance", pedido),
        )["Instances"][0],
        "InstanceId",
    )
    ec2.get_waiter("instance_running").wait(InstanceIds=[instancia])
    # El disco de datos vive aparte: la máquina se puede tirar y rehacer sin perderlos. Tiene que estar en su zona.
    volumen = _uno(
        ec2.describe_volumes(Filters=llamado(pedido["nombre"]))["Volumes"],
        lambda: ec2.create_volume(
            AvailabilityZone=pedido["zonas"][0],
            Size=pedido["disco_gib"],
            VolumeType="gp3",
            Encrypted=True,
            TagSpecifications=etiquetar("volume", pedido),
        ),
        "VolumeId",
    )
    if not ec2.describe_volumes(VolumeIds=[volumen])["Volumes"][0]["Attachments"]:
        ec2.get_waiter("volume_available").wait(VolumeIds=[volumen])
        ec2.attach_volume(VolumeId=volumen, InstanceId=instancia, Device="/dev/sdf")
    return {"vpc": vpc, "subredes": subredes, "grupo": grupo, "instancia": instancia, "volumen": volumen}


def borrar(nombre: str) -> None:
    """Quita todo lo que `crear` dejó con este nombre, disco incluido, y nada más. Sin nada que quitar, no hace nada."""
    ec2 = boto3.client("ec2", **AWS)
    filtro = llamado(nombre)
    # Cada cosa se puede quitar cuando nada la usa: primero la máquina, al final la red que la contiene.
    instancias = [instancia["InstanceId"] for instancia in _instancias(ec2, nombre)]
    if instancias:
        ec2.terminate_instances(InstanceIds=instancias)
        ec2.get_waiter("instance_terminated").wait(InstanceIds=instancias)
    for volumen in ec2.describe_volumes(Filters=filtro)["Volumes"]:
        ec2.get_waiter("volume_available").wait(VolumeIds=[volumen["VolumeId"]])
        ec2.delete_volume(VolumeId=volumen["VolumeId"])
    for grupo in ec2.describe_security_groups(Filters=filtro)["SecurityGroups"]:
        ec2.delete_security_group(GroupId=grupo["GroupId"])
    for tabla in ec2.describe_route_tables(Filters=filtro)["RouteTables"]:
        for union in tabla["Associations"]:
            ec2.disassociate_route_table(AssociationId=union["RouteTableAssociationId"])
        ec2.delete_route_table(RouteTableId=tabla["RouteTableId"])
    for subred in ec2.describe_subnets(Filters=filtro)["Subnets"]:
        ec2.delete_subnet(SubnetId=subred["SubnetId"])
    for salida in ec2.describe_internet_gateways(Filters=filtro)["InternetGateways"]:
        for union in salida["Attachments"]:
            ec2.detach_internet_gateway(InternetGatewayId=salida["InternetGatewayId"], VpcId=union["VpcId"])
        ec2.delete_internet_gateway(InternetGatewayId=salida["InternetGatewayId"])
    for vpc in ec2.describe_vpcs(Filters=filtro)["Vpcs"]:
        ec2.delete_vpc(VpcId=vpc["VpcId"])
