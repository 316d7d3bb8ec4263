"""Checks of the lab modelos-de-servicio: what moto holds, what ministack runs, what the rented service was told.

Each check orders names of its own, so none depends on what another left. A machine's user data is run as its first
start would. hidden/ has the helpers.
"""

import csv
import io
from typing import Any

from hidden import cuentas, funciones, maquinas, servicio
from hidden.dias import day, expect_all, plain
from labkit import Lab

EDITION = """

_resumir = resumir


def resumir(texto: str) -> dict:
    return {**_resumir(texto), "edicion": EDICION}
"""


def red(lab: Lab) -> None:
    order, found = lab.once("iaas", lambda: maquinas.created(lab))
    expect_all(
        {
            "red / network": found["vpc"]["CidrBlock"],
            "zonas / zones": sorted(subnet["AvailabilityZone"] for subnet in found["subnets"]),
            "subredes con salida / subnets with a way out": maquinas.with_way_out(found),
            "entradas / inbound": maquinas.rules(found),
        },
        {
            "red / network": order["red"],
            "zonas / zones": sorted(order["zonas"]),
            "subredes con salida / subnets with a way out": 2,
            "entradas / inbound": [("tcp", order["puerto"], order["puerto"], order["desde"])],
        },
        es="La red no es la del pedido.",
        en="The network is not the order's.",
    )


def maquina(lab: Lab) -> None:
    order, found = lab.once("iaas", lambda: maquinas.created(lab))
    lab.expect(
        len(found["instances"]) == 1,
        es="En la VPC del pedido debía haber una máquina, y una sola.",
        en="In the order's VPC there should be one machine, and one only.",
        got=len(found["instances"]),
        expected=1,
    )
    (machine,) = found["instances"]
    data = [disk for disk in found["volumes"] if disk["Attachments"][0].get("Device") == "/dev/sdf"]
    disk: dict[str, Any] = data[0] if len(data) == 1 else {}
    wanted_tags = {"Name": order["nombre"], **order["etiquetas"]}
    groups = {group["GroupId"] for group in found["groups"]}
    expect_all(
        {
            "clase / type": machine.get("InstanceType"),
            "imagen / image": machine.get("ImageId"),
            "subred / subnet": machine.get("SubnetId") in {subnet["SubnetId"] for subnet in found["subnets"]},
            "grupo / security group": {each["GroupId"] for each in machine.get("SecurityGroups", ())} == groups,
            "IMDSv2": machine.get("MetadataOptions", {}).get("HttpTokens"),
            "disco / volume /dev/sdf": (disk.get("Size"), disk.get("VolumeType"), disk.get("AvailabilityZone")),
            "discos sin cifrar / volumes not encrypted": sum(not each.get("Encrypted") for each in found["volumes"]),
            "etiquetas de la máquina / machine's tags": sorted(wanted_tags.items() & maquinas.tags(machine).items()),
            "etiquetas del disco / volume's tags": sorted(wanted_tags.items() & maquinas.tags(disk).items()),
        },
        {
            "clase / type": order["clase"],
            "imagen / image": order["imagen"],
            "subred / subnet": True,
            "grupo / security group": True,
            "IMDSv2": "required",
            "disco / volume /dev/sdf": (order["disco_gib"], "gp3", machine["Placement"]["AvailabilityZone"]),
            "discos sin cifrar / volumes not encrypted": 0,
            "etiquetas de la máquina / machine's tags": sorted(wanted_tags.items()),
            "etiquetas del disco / volume's tags": sorted(wanted_tags.items()),
        },
        es="La máquina o su disco no son los del pedido.",
        en="The machine or its volume is not the order's.",
    )


def arranque(lab: Lab) -> None:
    order, found = lab.once("iaas", lambda: maquinas.created(lab))
    script = found["data"][0] if found["data"] else b""
    lab.expect(
        script.startswith(b"#!") and len(script) <= 16384,
        es="La máquina no tiene un user data que empiece por #! y no pase de 16 KiB: arrancaría vacía.",
        en="The machine has no user data that begins with #! and is within 16 KiB: it would start empty.",
        got=f"{len(script)} bytes: {script[:60]!r}",
        expected="#!/bin/sh …",
    )
    maquinas.boot(lab, script, order["puerto"])


def ciclo(lab: Lab) -> None:
    order = maquinas.order(lab)
    name, other = order["nombre"], f"{order['nombre']}-b"
    named = [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": other}]}]
    first = plain(lab.call("iaas.py", "crear", order))
    with maquinas.ec2(lab) as client:
        before = maquinas.left(client)
    second = plain(lab.call("iaas.py", "crear", order))
    with maquinas.ec2(lab) as client:
        after = maquinas.left(client)
        client.create_vpc(CidrBlock="10.251.0.0/16", TagSpecifications=named)
        found = maquinas.state(client, name)
    keys = {"vpc", "subredes", "grupo", "instancia", "volumen"}
    lab.expect(
        isinstance(first, dict) and keys <= first.keys() and first == second,
        es="La segunda llamada a `crear` no encontró lo que había dejado la primera.",
        en="The second call of `crear` did not find what the first one had left.",
        got=f"{first}\n{second}",
        expected=f"dos veces el mismo diccionario / the same dictionary twice: {', '.join(sorted(keys))}",
    )
    more = {kind: new for kind, ids in after.items() if (new := sorted(set(ids) - set(before.get(kind, ()))))}
    lab.expect(
        not more,
        es="La segunda llamada a `crear` hizo recursos que ya había, y cada uno se paga.",
        en="The second call of `crear` made resources that were there already, and each of them is paid for.",
        got=more,
        expected="nada nuevo / nothing new",
        score=0.2,
    )
    _expect_gone(lab, name, other, {disk["VolumeId"] for disk in found["volumes"]})


def _expect_gone(lab: Lab, name: str, other: str, disks: set[str]) -> None:
    for _ in range(2):  # there is nothing left the second time, which is no error
        lab.call("iaas.py", "borrar", name)
    with maquinas.ec2(lab) as client:
        rest = maquinas.left(client, name)
        alive = sorted(disks & {disk["VolumeId"] for disk in client.describe_volumes()["Volumes"]})
        neighbour = maquinas.left(client, other)
    lab.expect(
        not rest and not alive,
        es="Después de `borrar` quedan recursos, que se siguen pagando.",
        en="After `borrar` there are resources left, which go on being paid for.",
        got=rest or f"disco / volume: {alive}",
        expected="nada / nothing",
        score=0.5,
    )
    lab.expect(
        neighbour,
        es=f"`borrar` quitó también la VPC de otra aplicación, cuyo nombre empieza igual ({other}).",
        en=f"`borrar` also removed the VPC of another application, whose name begins the same ({other}).",
        got="nada / nothing",
        expected=other,
        score=0.5,
    )


def funcion(lab: Lab) -> None:
    order, _ = lab.once("paas", lambda: funciones.deployed(lab))
    name = order["nombre"]
    days = {title: day(lab.rng) for title in ("2013-06-01", "Nueva York 2013-06-02", "año 2013+14")}
    quiet = f"{name}-sin-avisos"  # a bucket whose uploads wake nobody: what is there, this one event has done
    with funciones.aws(lab) as (s3, functions):
        s3.create_bucket(Bucket=quiet)
        for title, (text, _) in days.items():
            s3.put_object(Bucket=quiet, Key=f"dias/{title}.csv", Body=text.encode())
        funciones.invoke(functions, name, funciones.event(quiet, *(f"dias/{title}.csv" for title in days)))
        got = funciones.results(s3, quiet, list(days))
    wanted = {title: summary for title, (_, summary) in days.items()}
    wrong = [title for title in wanted if got.get(title) != wanted[title]]
    lab.expect(
        not wrong,
        es=f"Un aviso con {len(days)} archivos nuevos dejó mal o sin hacer {len(wrong)} de los resúmenes.",
        en=f"An event with {len(days)} new files left {len(wrong)} of the summaries wrong or undone.",
        got={title: got.get(title) for title in wrong},
        expected={f"resumenes/{title}.json": wanted[title] for title in wrong},
        score=0.6 * (1 - len(wrong) / len(days)),
    )


def despliegue(lab: Lab) -> None:
    order, told = lab.once("paas", lambda: funciones.deployed(lab))
    name = order["nombre"]
    version = str(told.get("version")) if isinstance(told, dict) else str(told)
    with funciones.aws(lab) as (s3, functions):
        got = funciones.settings(s3, functions, name)
    expect_all(
        {**got, "versión publicada / published version": version.isdigit()},
        {
            "versiones en el depósito / bucket versioning": "Enabled",
            "acceso público bloqueado / public access blocked": True,
            "memoria, segundos / memory, seconds": (order["memoria_mb"], order["segundos"]),
            "versión publicada / published version": True,
            "alias → versión / version": version,
            "avisos / events": [(funciones.ALIAS, "dias/")],
            "permiso para / permission for": [("s3.amazonaws.com", f"arn:aws:s3:::{name}")],
        },
        es="Lo que rodea a la función no es lo pedido.",
        en="What surrounds the function is not what was asked for.",
        worth=0.6,
    )
    again = plain(lab.call("paas.py", "desplegar", order, timeout=90))
    lab.expect(
        again == told,
        es="Desplegar otra vez sin cambios no debía publicar otra versión.",
        en="Deploying again without changes should publish no other version.",
        got=again,
        expected=told,
        score=0.6,
    )
    _expect_release(lab, order, version)


def _expect_release(lab: Lab, order: dict[str, Any], before: str) -> None:
    """A changed program becomes a version of its own, which new files meet; the one before still runs."""
    name, edition, source = order["nombre"], lab.rng.randint(100, 999), lab.read("app/resumen.py")
    lab.write("app/resumen.py", source + EDITION.replace("EDICION", str(edition)).encode())
    try:
        told = plain(lab.call("paas.py", "desplegar", order, timeout=90))
    finally:
        lab.write("app/resumen.py", source)
    after = str(told.get("version")) if isinstance(told, dict) else str(told)
    (new, new_wanted), (old, old_wanted) = day(lab.rng, edition), day(lab.rng)
    with funciones.aws(lab) as (s3, functions):
        s3.put_object(Bucket=name, Key="dias/nuevo.csv", Body=new.encode())
        got = {"nuevo": funciones.results(s3, name, ["nuevo"], 25.0).get("nuevo"), "versión": after != before}
        s3.put_object(Bucket=name, Key="dias/viejo.csv", Body=old.encode())
        funciones.results(s3, name, ["viejo"], 10.0)
        funciones.invoke(functions, name, funciones.event(name, "dias/viejo.csv"), Qualifier=before)
        got["viejo"] = funciones.results(s3, name, ["viejo"]).get("viejo")
    expect_all(
        got,
        {"versión": True, "nuevo": new_wanted, "viejo": old_wanted},
        es="Desplegué un programa cambiado: un CSV nuevo debía resumirse con él, y la versión anterior seguir igual.",
        en="I deployed a changed program: a new CSV should be summarised by it, the version before stay the same.",
    )


def inquilino(lab: Lab) -> None:
    key = servicio.ask(lab, "POST", "/inquilinos", "", {"nombre": f"aeropuerto-{lab.seed}"})["clave"]
    roles = ["lector", "analista", "administracion"]
    people = [f"persona{number}@ejemplo.edu" for number in lab.rng.sample(range(100, 1000), 6)]
    before = dict(zip(people[:4], ["administracion", "lector", "analista", "lector"], strict=True))
    keys = {
        who: servicio.ask(lab, "PUT", f"/miembros/{who}", key, {"rol": role})["clave"] for who, role in before.items()
    }
    after = {people[1]: "lector", people[2]: "lector", people[4]: lab.rng.choice(roles), people[5]: "analista"}
    days = {f"2013-07-{number:02d}": day(lab.rng) for number in range(1, lab.rng.randint(10, 12))}
    for title, (text, _) in days.items():
        lab.fetch(servicio.PORT, f"/dias/{title}", method="PUT", body=text.encode(), headers=servicio.bearer(key))
    lab.call("saas.py", "incorporar", servicio.URL, key, after)
    got = servicio.ask(lab, "GET", "/miembros", key)
    lab.expect(
        got == {"alta": "administracion", **after},
        es="Los miembros del inquilino no son los que se pidieron, o no con su rol.",
        en="The tenant's members are not those that were asked for, or not in their roles.",
        got=got,
        expected={"alta": "administracion", **after},
    )
    kept = lab.fetch(servicio.PORT, "/dias", headers=servicio.bearer(keys[people[1]])).status
    lab.expect(
        kept == 200,
        es="Quien ya tenía su rol perdió su clave: no había nada que cambiarle.",
        en="Someone who already had the role lost their key: there was nothing to change.",
        got=f"GET /dias → {kept}",
        expected="200",
        score=0.4,
    )
    exported = plain(lab.call("saas.py", "exportar", servicio.URL, keys[people[1]]))
    wanted = {title: summary for title, (_, summary) in days.items()}
    lab.expect(
        exported == wanted,
        es="La exportación no trae el resumen de todos los días que guarda el inquilino.",
        en="The export does not bring the summary of all the days that the tenant keeps.",
        got=f"{len(exported)} días / days" if isinstance(exported, dict) else exported,
        expected=f"{len(wanted)} días / days",
        score=0.6,
    )


def responsabilidades(lab: Lab) -> None:
    text = lab.read("responsabilidades.csv").decode("utf-8-sig", errors="replace")
    rows = {str(row.get("tarea")).strip(): row for row in csv.DictReader(io.StringIO(text, newline=None))}
    wrong = []
    for task, who in cuentas.WHO.items():
        row = rows.get(task, {})
        given = {model: str(row.get(model) or "").strip().lower() for model in cuentas.MODELS}
        names = {"n": "nosotros", "p": "proveedor"}
        off = [model for model, right in zip(cuentas.MODELS, who, strict=True) if given[model] != names[right]]
        if off:
            wrong.append(f"{task}: " + ", ".join(f"{model} = {given[model] or '—'}" for model in off))
    lab.expect(
        not wrong,
        es=f"{len(wrong)} de {len(cuentas.WHO)} tareas no le tocan a quien dice la tabla.",
        en=f"{len(wrong)} of {len(cuentas.WHO)} tasks are not up to whom the table says.",
        got="\n".join(wrong),
        expected="nosotros | proveedor",
        score=max(0.0, 0.9 - 0.15 * len(wrong)),
    )


def costos(lab: Lab) -> None:
    score = 0.0
    for _ in range(3):
        prices, use = cuentas.prices(lab.rng), cuentas.use(lab.rng)
        for name, right in cuentas.bills(prices, use).items():
            got = lab.call("costos.py", name, prices, use)
            lab.expect(
                cuentas.is_number(got) and abs(got - right) <= 1e-6 * max(1.0, right),
                es=f"`{name}` no da lo que se pagaría con estos precios y este uso.",
                en=f"`{name}` does not give what would be paid at these prices with this use.",
                got=got,
                expected=f"{right:.6f}\n{prices}\n{use}",
                score=score,
            )
        score = 0.5
    for _ in range(3):
        _expect_break_even(lab, cuentas.prices(lab.rng), cuentas.use(lab.rng))


def _expect_break_even(lab: Lab, prices: dict[str, Any], use: dict[str, Any]) -> None:
    got = lab.call("costos.py", "equilibrio", prices, use, timeout=20)
    fits = isinstance(got, int) and not isinstance(got, bool) and 0 < got < 10**12
    told = "un número entero / an integer"
    if fits:
        machine = cuentas.bills(prices, use)["costo_maquina"]
        at, before = (cuentas.bills(prices, {**use, "peticiones": got - step})["costo_funcion"] for step in (0, 1))
        fits = before < machine + 1e-9 and at >= machine - 1e-9
        told = f"máquina / machine {machine:.4f}; función / function {before:.4f} ({got - 1}), {at:.4f} ({got})"
    lab.expect(
        fits,
        es="`equilibrio` no es el primer número de peticiones con el que la función cuesta al menos como la máquina.",
        en="`equilibrio` is not the first number of requests at which the function costs at least as the machine.",
        got=got,
        expected=told,
        score=0.5,
    )
