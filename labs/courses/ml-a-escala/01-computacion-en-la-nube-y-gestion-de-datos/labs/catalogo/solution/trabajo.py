"""Un trabajo de Glue: se define una vez, se ejecuta cada día y se sabe cómo terminó."""

import time

import boto3

EN_MARCHA = ("STARTING", "RUNNING", "STOPPING", "WAITING")


def definir(nombre: str, guion: str, rol: str, argumentos: dict[str, str]) -> None:
    """Crea el trabajo, o lo cambia si ya existe. ``guion`` es su ubicación en S3; ``argumentos``, los de costumbre."""
    glue = boto3.client("glue")
    trabajo = {
        "Role": rol,
        "Command": {"Name": "pythonshell", "ScriptLocation": guion, "PythonVersion": "3.9"},
        "DefaultArguments": {f"--{clave}": valor for clave, valor in argumentos.items()},
        "MaxRetries": 1,
        "Timeout": 60,  # minutos: sin él, un trabajo colgado se paga durante horas
        "MaxCapacity": 0.0625,  # la menor: la dieciseisava parte de una DPU
    }
    try:
        glue.get_job(JobName=nombre)
    except glue.exceptions.EntityNotFoundException:
        glue.create_job(Name=nombre, **trabajo)
    else:
        glue.update_job(JobName=nombre, JobUpdate=trabajo)


def correr(nombre: str, argumentos: dict[str, str]) -> str:
    """Ejecuta el trabajo y espera. Devuelve el id de la ejecución, o lanza RuntimeError con lo que dijo al fallar."""
    glue = boto3.client("glue")
    entrada = {f"--{clave}": valor for clave, valor in argumentos.items()}
    ejecucion = glue.start_job_run(JobName=nombre, Arguments=entrada)["JobRunId"]
    while True:
        estado = glue.get_job_run(JobName=nombre, RunId=ejecucion)["JobRun"]
        if estado["JobRunState"] not in EN_MARCHA:
            break
        time.sleep(0.2)
    if estado["JobRunState"] != "SUCCEEDED":
        raise RuntimeError(f"{nombre}: {estado['JobRunState']}: {estado.get('ErrorMessage', '')}")
    return ejecucion
