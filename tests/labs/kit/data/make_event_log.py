"""Writes the Spark event log that test_spark.py reads: ``python make_event_log.py FOLDER`` on the spark environment.

In this order: a write, a broadcast join over a filter that reaches the file, a sort-merge join, a repartition by a key
that four fifths of the rows share.
"""

import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

folder = sys.argv[1]
options = {
    "spark.eventLog.enabled": "true",
    "spark.eventLog.dir": folder,
    "spark.eventLog.compress": "false",
    "spark.eventLog.rolling.enabled": "false",
    "spark.sql.shuffle.partitions": "4",
    "spark.ui.enabled": "false",
}
spark = SparkSession.builder.master("local[2]").config(map=options).getOrCreate()
big = spark.range(200000).selectExpr("case when id % 10 < 8 then 0 else id % 50 end as k", "id as v")
small = spark.range(50).selectExpr("id as k", "concat('n', id) as name")
big.write.mode("overwrite").parquet(f"{folder}/big.parquet")
stored = spark.read.parquet(f"{folder}/big.parquet")
stored.filter("v > 1000").join(F.broadcast(small), "k").groupBy("name").count().collect()
spark.conf.set("spark.sql.autoBroadcastJoinThreshold", "-1")
stored.join(small, "k").groupBy("name").sum("v").collect()
stored.repartition(4, "k").count()
spark.stop()
