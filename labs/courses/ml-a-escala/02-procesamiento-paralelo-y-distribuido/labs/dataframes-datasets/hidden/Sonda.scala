import org.apache.spark.sql.{Dataset, SparkSession}

class Sonda extends (SparkSession => String) {
  def apply(spark: SparkSession): String = {
    val vuelos: Dataset[Vuelo] = Vuelos.leer(spark, "_datos/vuelos.parquet")
    val recuperados: () => Dataset[Vuelo] = () => Vuelos.recuperados(vuelos)
    val medias: () => Dataset[Media] = () => Vuelos.medias(vuelos)
    val largos: () => Dataset[Vuelo] = () => Vuelos.largos(vuelos, MILLAS)
    Seq(
      di("recuperados", claves(recuperados())),
      di("medias", medias().collect().map(m => s"${m.aerolinea}:${m.llegadas}:${m.retraso}").mkString(" ")),
      di("largos", claves(largos())),
      di("plan", largos().queryExecution.executedPlan.toString)
    ).mkString("\n")
  }

  // Los siete campos, por su nombre: sin uno de ellos, esto no compila.
  private val campos: Vuelo => Seq[Any] = v =>
    Seq(v.aerolinea, v.vuelo, v.origen, v.destino, v.millas, v.retraso_salida, v.retraso_llegada)

  private def claves(vuelos: Dataset[Vuelo]) = vuelos.collect().map(v => v.aerolinea + v.vuelo + v.origen).mkString(" ")

  private def di(que: String, texto: => String) =
    s"$que " + (try texto catch { case e: Throwable => s"! ${e.toString.take(600)}" }).replace("\n", " ")
}
