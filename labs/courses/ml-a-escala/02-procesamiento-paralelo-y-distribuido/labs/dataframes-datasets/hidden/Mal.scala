import org.apache.spark.sql.{Dataset, SparkSession}
class Mal(spark: SparkSession, vuelos: Dataset[Vuelo]) { import spark.implicits._
  Vuelos.recuperados(spark.range(3))
  Vuelos.recuperados(vuelos.toDF())
  Vuelos.largos(vuelos, "mil")
  Vuelos.leer(spark, "").map(_.millas.trim)
}
