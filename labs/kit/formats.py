"""How results look: data frames as HTML tables of at most 200 rows, plotly figures as plotly JSON."""

from __future__ import annotations

from typing import Any

MAX_ROWS = 200
MAX_COLUMNS = 50


def pandas_html(frame: Any) -> str:
    """A table with a plain class; the page styles it. Escaped by pandas."""
    shown = frame.iloc[:MAX_ROWS, :MAX_COLUMNS]
    table = shown.to_html(border=0, classes="frame", max_rows=None, max_cols=None, notebook=False)
    rows, columns = frame.shape
    return f"{table}<p>{rows} × {columns}</p>" if (rows, columns) != shown.shape else table


def spark_html(frame: Any) -> str:
    """The first rows only: a count of all would run the query again."""
    rows = frame.limit(MAX_ROWS + 1).toPandas()
    table = rows.iloc[:MAX_ROWS, :MAX_COLUMNS].to_html(
        border=0, classes="frame", index=False, max_rows=None, notebook=False
    )
    return f"{table}<p>&gt; {MAX_ROWS}</p>" if len(rows) > MAX_ROWS else table


def install(shell: Any) -> None:
    """Register by name, so that nothing is imported before the student does."""
    html = shell.display_formatter.formatters["text/html"]
    html.for_type_by_name("pandas.core.frame", "DataFrame", pandas_html)
    html.for_type_by_name("pyspark.sql.dataframe", "DataFrame", spark_html)
    html.for_type_by_name("pyspark.sql.classic.dataframe", "DataFrame", spark_html)
