import org.apache.spark.sql.{Dataset, SparkSession}
import org.apache.spark.sql.functions.col

// Option: lo que puede faltar. Un Int a secas no puede, y Spark se detiene al leer el primer NULL.
case class Vuelo(
  aerolinea: String,
  vuelo: Int,
  origen: String,
  destino: String,
  millas: Int,
  retraso_salida: Option[Int],
  retraso_llegada: Option[Int]
)

case class Media(aerolinea: String, llegadas: Long, retraso: Double)

object Vuelos extends Serializable {
  /** Los vuelos de un Parquet, con el tipo de cada columna comprobado. */
  def leer(spark: SparkSession, ruta: String): Dataset[Vuelo] = {
    import spark.implicits._
    spark.read.parquet(ruta).as[Vuelo]
  }

  /** Los que salieron con retraso y llegaron a su hora o antes. */
  def recuperados(vuelos: Dataset[Vuelo]): Dataset[Vuelo] =
    vuelos.filter(v => v.retraso_salida.exists(_ > 0) && v.retraso_llegada.exists(_ <= 0))

  /** Llegadas conocidas y su retraso medio, por aerolínea. */
  def medias(vuelos: Dataset[Vuelo]): Dataset[Media] = {
    import vuelos.sparkSession.implicits._
    vuelos
      .groupByKey(_.aerolinea)
      .flatMapGroups { (aerolinea, suyos) =>
        // Un iterador: el grupo pasa, no se guarda en memoria.
        val (n, suma) = suyos.map(_.retraso_llegada.getOrElse(0)).foldLeft((0L, 0L)) { case ((n, suma), r) => (n + 1, suma + r) }
        if (n == 0) None else Some(Media(aerolinea, n, suma.toDouble / n))
      }
  }

  /** Los de esas millas o más: una condición que Catalyst entiende y lleva hasta el archivo. */
  def largos(vuelos: Dataset[Vuelo], millas: Int): Dataset[Vuelo] =
    vuelos.where(col("millas") >= millas)
}
