"""La misma instancia de PostgreSQL, pedida por API a dos nubes: Amazon RDS y Cloud SQL."""

import boto3
from botocore.exceptions import ClientError
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession

# En la nube de pago sobran estas direcciones y estas claves: las pone la configuración de cada máquina.
AWS = {
    "endpoint_url": "http://127.0.0.1:5000",
    "region_name": "us-east-1",
    "aws_access_key_id": "laboratorio",
    "aws_secret_access_key": "laboratorio",
}
CLOUD_SQL = "http://127.0.0.1:9100/sql/v1beta4/projects/aeropuertos/instances"
# De menor a mayor: (vCPU, GiB de memoria).
CLASES = {
    "db.t4g.medium": (2, 4),
    "db.m7g.large": (2, 8),
    "db.m7g.xlarge": (4, 16),
    "db.m7g.2xlarge": (8, 32),
    "db.m7g.4xlarge": (16, 64),
}


def clase(pedido: dict) -> str:
    """La clase de RDS más pequeña que cumple el pedido."""
    return next(
        nombre
        for nombre, (vcpu, memoria) in CLASES.items()
        if vcpu >= pedido["vcpu"] and memoria >= pedido["memoria_gib"]
    )


def _grupo_de_seguridad(pedido: dict) -> str:
    """El cortafuegos de la instancia: al 5432 llega la aplicación, nadie más."""
    ec2 = boto3.client("ec2", **AWS)
    nombre = f"{pedido['nombre']}-bd"
    grupos = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [nombre]}])["SecurityGroups"]
    if grupos and grupos[0]["IpPermissions"]:
        return grupos[0]["GroupId"]
    grupo = (
        grupos[0]["GroupId"]
        if grupos
        else ec2.create_security_group(GroupName=nombre, Description="PostgreSQL desde la aplicacion")["GroupId"]
    )
    ec2.authorize_security_group_ingress(
        GroupId=grupo,
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 5432,
                "ToPort": 5432,
                # Otro grupo en lugar de direcciones: vale para las máquinas que la aplicación tenga mañana.
                "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
            }
        ],
    )
    return grupo


def crear_rds(pedido: dict) -> str:
    """Crea la instancia, o ajusta la que hay, y devuelve su dirección. Se puede repetir sin miedo."""
    rds = boto3.client("rds", **AWS)
    ajustes = {
        "DBInstanceIdentifier": pedido["nombre"],
        "DBInstanceClass": clase(pedido),
        "AllocatedStorage": pedido["disco_gib"],
        "MultiAZ": pedido["alta_disponibilidad"],
        "BackupRetentionPeriod": pedido["dias_de_copia"],
        "DeletionProtection": True,
        "PubliclyAccessible": True,
        "VpcSecurityGroupIds": [_grupo_de_seguridad(pedido)],
    }
    try:
        rds.create_db_instance(
            **ajustes,
            Engine="postgres",
            EngineVersion="18",
            DBName="vuelos",
            StorageType="gp3",
            StorageEncrypted=True,  # solo se puede pedir al crear: después hay que copiar la instancia entera
            MasterUsername="administracion",
            ManageMasterUserPassword=True,  # la contraseña nace y rota en Secrets Manager: aquí no se escribe ninguna
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "DBInstanceAlreadyExists":
            raise
        rds.modify_db_instance(**ajustes, ApplyImmediately=True)
    rds.get_waiter("db_instance_available").wait(DBInstanceIdentifier=pedido["nombre"])
    instancia = rds.describe_db_instances(DBInstanceIdentifier=pedido["nombre"])["DBInstances"][0]
    return f"{instancia['Endpoint']['Address']}:{instancia['Endpoint']['Port']}"


def crear_cloud_sql(pedido: dict) -> str:
    """Lo mismo en Cloud SQL; devuelve el nombre de conexión que usa su proxy."""
    sesion = AuthorizedSession(AnonymousCredentials())
    ajustes = {
        "tier": f"db-custom-{pedido['vcpu']}-{pedido['memoria_gib'] * 1024}",
        "edition": "ENTERPRISE",
        "dataDiskType": "PD_SSD",
        "dataDiskSizeGb": str(pedido["disco_gib"]),
        "availabilityType": "REGIONAL" if pedido["alta_disponibilidad"] else "ZONAL",
        "backupConfiguration": {
            "enabled": True,
            "pointInTimeRecoveryEnabled": True,
            "backupRetentionSettings": {"retainedBackups": pedido["dias_de_copia"]},
        },
        "ipConfiguration": {
            "ipv4Enabled": False,  # sin dirección pública: solo por la red privada, y cifrado
            "privateNetwork": "projects/aeropuertos/global/networks/default",
            "sslMode": "ENCRYPTED_ONLY",
        },
        "deletionProtectionEnabled": True,
    }
    direccion = f"{CLOUD_SQL}/{pedido['nombre']}"
    if sesion.get(direccion).status_code == 404:
        cuerpo = {"name": pedido["nombre"], "region": "us-east1", "databaseVersion": "POSTGRES_18", "settings": ajustes}
        sesion.post(CLOUD_SQL, json=cuerpo).raise_for_status()
    else:
        sesion.patch(direccion, json={"settings": ajustes}).raise_for_status()
    return sesion.get(direccion).json()["connectionName"]
