import org.apache.spark.sql.{Dataset, SparkSession}
import org.apache.spark.sql.functions.col

// Faltan columnas, y dos de ellas pueden venir vacías: ¿qué tipo lo dice?
case class Vuelo(
  aerolinea: String,
  vuelo: Int,
  origen: String
)

case class Media(aerolinea: String, llegadas: Long, retraso: Double)

object Vuelos extends Serializable {
  /** Los vuelos de un Parquet, con el tipo de cada columna comprobado. */
  def leer(spark: SparkSession, ruta: String): Dataset[Vuelo] = {
    import spark.implicits._
    ???
  }

  /** Los que salieron con retraso y llegaron a su hora o antes. */
  def recuperados(vuelos: Dataset[Vuelo]): Dataset[Vuelo] = ???

  /** Llegadas conocidas y su retraso medio, por aerolínea. */
  def medias(vuelos: Dataset[Vuelo]): Dataset[Media] = {
    import vuelos.sparkSession.implicits._
    ???
  }

  /** Los de esas millas o más: una condición que Catalyst entiende y lleva hasta el archivo. */
  def largos(vuelos: Dataset[Vuelo], millas: Int): Dataset[Vuelo] = ???
}
