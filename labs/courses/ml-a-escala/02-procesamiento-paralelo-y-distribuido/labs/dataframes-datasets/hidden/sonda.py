"""Runs in the student's sandbox: calls their functions on DataFrames, and their Scala."""

import importlib
import secrets
import sys
import zipfile
from pathlib import Path


def _own(name):
    sys.modules.pop("vuelos", None)
    return getattr(importlib.import_module("vuelos"), name)


def leer(spark, path):
    """What leer gives, its types, and how many jobs the mere call launched."""
    function, context = _own("leer"), spark.sparkContext
    context.setJobGroup("leer", "leer")
    frame = function(spark, path)
    jobs = len(context.statusTracker().getJobIdsForGroup("leer"))
    types = [list(pair) for pair in frame.dtypes] if hasattr(frame, "dtypes") else None
    return {"types": types, "jobs": jobs, "rows": frame}


def pedir(spark, name, paths, *arguments):
    """One function of vuelos.py on these Parquet files."""
    return _own(name)(*[spark.read.parquet(path) for path in paths], *arguments)


def escala(spark, probe, bad):
    """What the probe says of Vuelos.scala, and the lines of ``bad`` that the compiler rejects.

    It all happens in the session's own JVM, which has Scala's compiler at hand: another JVM would
    cost more than all else.
    """
    jvm, name = spark._jvm, f"sonda{secrets.token_hex(4)}"
    classes = Path("_escala", name, "classes")
    classes.mkdir(parents=True)
    errors = []
    for file, text in {"Vuelos": Path("Vuelos.scala").read_text(), "Sonda": probe, "Mal": bad}.items():
        source = classes.parent / f"{file}.scala"
        # A package of its own: this session may have loaded other classes of these names. Lines keep their numbers.
        source.write_text(f"package {name}; {text}")
        errors = _compile(jvm, source, classes)
        if errors and file != "Mal":
            told = "; ".join(f"{file}.scala:{line}: {message}" for line, message in errors[:3])
            return {"errors": told.replace(f"{name}.", "")}
    return {"rejected": [line for line, _ in errors], "said": _run(spark, name, classes)}


def _compile(jvm, source, classes):
    """The compiler's errors: (line, message)."""
    settings, to_seq = jvm.scala.tools.nsc.Settings(), jvm.org.apache.spark.api.python.PythonUtils.toSeq
    path = f"{jvm.java.lang.System.getProperty('java.class.path')}:{classes}"
    settings.processArguments(to_seq(["-cp", path, "-d", str(classes), "-nowarn"]).toList(), True)
    reporter = jvm.scala.tools.nsc.reporters.StoreReporter(settings)
    compiler = jvm.scala.tools.nsc.Global(settings, reporter)
    getattr(jvm.scala.tools.nsc, "Global$Run")(compiler).compile(to_seq([str(source)]).toList())
    infos, found = reporter.infos().iterator(), []
    while infos.hasNext():
        info = infos.next()
        found.append((info.pos().line(), info.msg()))
    return sorted(found)


def _run(spark, name, classes):
    """What the probe's one method gives. Its classes reach this thread by a loader, and Spark's tasks as a jar."""
    jvm, gateway = spark._jvm, spark.sparkContext._gateway
    jar = (classes.parent / "vuelos.jar").resolve()
    with zipfile.ZipFile(jar, "w") as archive:
        for file in classes.rglob("*.class"):
            archive.write(file, file.relative_to(classes))
    spark.sparkContext._jsc.addJar(str(jar))
    urls = gateway.new_array(jvm.java.net.URL, 1)
    urls[0] = jvm.java.io.File(str(jar)).toURI().toURL()
    thread, adaptive = jvm.java.lang.Thread.currentThread(), spark.conf.get("spark.sql.adaptive.enabled")
    before = thread.getContextClassLoader()
    loader = jvm.java.net.URLClassLoader(urls, before)
    thread.setContextClassLoader(loader)
    # Adaptive execution compiles its code in other threads, which know nothing of that loader.
    spark.conf.set("spark.sql.adaptive.enabled", "false")
    try:
        probe = loader.loadClass(f"{name}.Sonda").getDeclaredConstructor(gateway.new_array(jvm.java.lang.Class, 0))
        return str(probe.newInstance(gateway.new_array(jvm.java.lang.Object, 0)).apply(spark._jsparkSession))
    finally:
        thread.setContextClassLoader(before)
        spark.conf.set("spark.sql.adaptive.enabled", adaptive)
