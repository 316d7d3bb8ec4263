"""Writes labs/explanations/examples/<id>.txt: what a tool really says when the error of that name is provoked.

    python make_examples.py TOOL [ID]     with the Python of an environment that has the tool

TOOL: python, pandas, spark, dask, torch or shell. Each example is the text that the lab page gets: name and message of
the exception, then its traceback.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

EXAMPLES = Path(__file__).parents[3] / "labs/explanations/examples"
MAX_CHARS = 4000

PYTHON = {
    "py-name": "print(resultado)",
    "py-unbound-local": "n = 0\ndef suma():\n    n = n + 1\nsuma()",
    "py-module-not-found": "import sklearnn",
    "py-import-name": "from math import raiz",
    "py-attribute-none": "datos = [3, 1].sort()\ndatos.append(2)",
    "py-attribute": "[1, 2].add(3)",
    "py-key": "{'a': 1}['b']",
    "py-index": "[1, 2, 3][3]",
    "py-none-subscript": "datos = None\ndatos[0]",
    "py-not-callable": "media = 3.5\nmedia([1, 2])",
    "py-missing-argument": "def f(a, b):\n    return a\nf(1)",
    "py-too-many-arguments": "def f(a):\n    return a\nf(1, 2)",
    "py-unexpected-keyword": "def f(a):\n    return a\nf(b=1)",
    "py-concatenate": "'total: ' + 3",
    "py-operand-none": "def f():\n    pass\nf() + 1",
    "py-operand": "'3' - 1",
    "py-int-literal": "int('3,5')",
    "py-float-literal": "float('doce')",
    "py-unpack": "a, b = (1, 2, 3)",
    "py-zero-division": "1 / 0",
    "py-indentation": "compile('def f():\\nreturn 1\\n', 'main.py', 'exec')",
    "py-syntax": "compile('print(1\\nx = 2\\n', 'main.py', 'exec')",
    "py-file-not-found": "open('datos.csv')",
    "py-recursion": "def f(n):\n    return f(n + 1)\nf(0)",
    "py-memory": "import resource\nresource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))\nbytearray(2**33)",
    "py-not-implemented": "raise NotImplementedError('peores_rutas')",
    "py-unicode": "b'a\\xf1o'.decode('utf-8')",
    "py-json": "import json\njson.loads('{\\'a\\': 1}')",
    "py-pickle": (
        "from concurrent.futures import ProcessPoolExecutor\n"
        "with ProcessPoolExecutor(1) as procesos:\n    list(procesos.map(lambda x: x, [1]))"
    ),
    "py-process-pool": (
        "import os\nfrom concurrent.futures import ProcessPoolExecutor\n"
        "with ProcessPoolExecutor(1) as procesos:\n    procesos.submit(os._exit, 1).result()"
    ),
    "py-connection-refused": "import socket\nsocket.create_connection(('127.0.0.1', 1))",
    "py-address-in-use": (
        "import socket\nwith socket.socket() as a, socket.socket() as b:\n"
        "    a.bind(('127.0.0.1', 0))\n    a.listen()\n    b.bind(a.getsockname())"
    ),
}
PANDAS = {
    "np-broadcast": "import numpy as np\nnp.ones((2, 3)) + np.ones((2, 4))",
    "np-truth": "import numpy as np\nif np.array([1, 2]) > 1:\n    pass",
    "pd-column": "import pandas as pd\npd.DataFrame({'a': [1]})['b']",
    "pd-truth": "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2]})\nif df['a'] > 1:\n    pass",
    "pd-merge-types": ("import pandas as pd\npd.DataFrame({'k': [1]}).merge(pd.DataFrame({'k': ['1']}), on='k')"),
    "pd-merge-common": "import pandas as pd\npd.DataFrame({'a': [1]}).merge(pd.DataFrame({'b': [1]}))",
    "pd-length": "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2]})\ndf['b'] = [1, 2, 3]",
    "pd-tokenizing": "import io\nimport pandas as pd\npd.read_csv(io.StringIO('a,b\\n1,2\\n1,2,3\\n'))",
    "pd-duplicate-labels": ("import pandas as pd\ns = pd.Series([1, 2], index=['a', 'a'])\ns.reindex(['a', 'b'])"),
    "pd-dates": "import pandas as pd\npd.to_datetime(['2013-01-31', '31/01/2013'])",
    "pd-usecols": "import io\nimport pandas as pd\npd.read_csv(io.StringIO('a,b\\n1,2\\n'), usecols=['c'])",
    "pd-boolean-index": (
        "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2, 3]})\ndf[pd.Series([True, False], index=[7, 8])]"
    ),
}
_SPARK = "from pyspark.sql import functions as f\ndf = spark.createDataFrame([(1, 'x'), (2, 'y')], ['n', 't'])\n"
SPARK = {
    "spark-column": _SPARK + "df.select('m')",
    "spark-table": "spark.sql('SELECT * FROM vuelos')",
    "spark-syntax": "spark.sql('SELEC n FROM t')",
    "spark-path": "spark.read.parquet('/tmp/no-existe.parquet')",
    "spark-types": _SPARK + "df.select(f.sum(df.n) + f.array(f.lit(1)))",
    "spark-ambiguous": _SPARK + "df.join(df.withColumnRenamed('t', 'u'), df.n == 1).select('n')",
    "spark-group-by": _SPARK + "df.createOrReplaceTempView('t')\nspark.sql('SELECT t, n FROM t GROUP BY t')",
    "spark-function": "spark.sql('SELECT mediana_de(1)')",
    "spark-python-udf": _SPARK + "df.select(f.udf(lambda n: n / 0)('n')).collect()",
    "spark-cast": "spark.sql(\"SELECT CAST('doce' AS INT)\").collect()",
    "spark-divide-by-zero": "spark.sql('SELECT 1 / 0').collect()",
    "spark-column-bool": _SPARK + "df.filter(df.n > 1 and df.t == 'x')",
    "spark-column-iterable": _SPARK + "list(df.n)",
    "spark-session-in-task": _SPARK + "df.rdd.map(lambda fila: spark.range(fila.n).count()).collect()",
    "spark-path-exists": _SPARK + "df.write.parquet('/tmp/ejemplo')\ndf.write.parquet('/tmp/ejemplo')",
    "spark-subquery-rows": _SPARK + "df.createOrReplaceTempView('t')\nspark.sql('SELECT (SELECT n FROM t)').collect()",
    "spark-union-columns": _SPARK + "df.union(df.select('n'))",
    "spark-schema": "spark.createDataFrame([(1,), ('x',)], 'n int')",
    "spark-result-size": "spark.range(10**6).selectExpr('id', \"repeat('x', 500) s\").collect()",
    "spark-stopped": "spark.stop()\nspark.range(3).count()",
}
DASK = {
    "dask-meta": (
        "import pandas as pd\nimport dask.dataframe as dd\n"
        "d = dd.from_pandas(pd.DataFrame({'a': [1, 2]}), npartitions=2)\n"
        "d.map_partitions(lambda parte: parte['b'].sum()).compute()"
    ),
    "dask-meta-mismatch": (
        "import pandas as pd\nimport dask.dataframe as dd\n"
        "d = dd.from_pandas(pd.DataFrame({'a': [1, 2]}), npartitions=2)\n"
        "d.map_partitions(lambda parte: parte.assign(b=1), meta={'a': 'int64', 'c': 'int64'}).compute(scheduler='sync')"
    ),
    "dask-unknown-chunks": ("import dask.array as da\nx = da.arange(10, chunks=5)\ny = x[x > 3]\ny.reshape(2, -1)"),
    "dask-serialize": (
        "import threading\nfrom dask.distributed import Client\n"
        "c = Client(processes=False, dashboard_address=None)\nlock = threading.Lock()\n"
        "c.submit(lambda: lock).result()"
    ),
    "dask-killed": (
        "import os\nfrom dask.distributed import Client\n"
        "if __name__ == '__main__':\n"
        "    c = Client(n_workers=1, threads_per_worker=1, dashboard_address=None)\n"
        "    c.submit(os._exit, 1).result()"
    ),
    "dask-iloc": (
        "import pandas as pd\nimport dask.dataframe as dd\n"
        "d = dd.from_pandas(pd.DataFrame({'a': [1, 2]}), npartitions=2)\nd.iloc[0]"
    ),
    "dask-truth": (
        "import pandas as pd\nimport dask.dataframe as dd\n"
        "d = dd.from_pandas(pd.DataFrame({'a': [1, 2]}), npartitions=2)\nif (d.a > 1).any():\n    pass"
    ),
    "dask-dtypes": (
        "import pathlib\nimport dask.dataframe as dd\n"
        "p = pathlib.Path('/tmp/ejemplo.csv')\np.write_text('a\\n' + '1\\n' * 200_000 + 'x\\n')\n"
        "dd.read_csv(str(p), blocksize=100_000, sample=1000).a.sum().compute(scheduler='sync')"
    ),
}
TORCH = {
    "torch-shapes": "import torch\ntorch.nn.Linear(3, 2)(torch.ones(4, 5))",
    "torch-dtype": "import torch\ntorch.nn.Linear(3, 2)(torch.ones(4, 3, dtype=torch.float64))",
    "torch-no-grad": "import torch\ntorch.ones(3).sum().backward()",
    "torch-twice": "import torch\nx = torch.ones(3, requires_grad=True)\ny = (x * x).sum()\ny.backward()\ny.backward()",
    "torch-in-place": "import torch\nx = torch.ones(3, requires_grad=True)\nx += 1",
    "torch-numpy": "import torch\ntorch.ones(3, requires_grad=True).numpy()",
    "torch-target": "import torch\ntorch.nn.functional.cross_entropy(torch.ones(2, 3), torch.tensor([0, 3]))",
    "torch-cuda": "import torch\ntorch.ones(3).cuda()",
    "torch-size": "import torch\ntorch.ones(3) + torch.ones(4)",
    "torch-state-dict": "import torch\ntorch.nn.Linear(3, 2).load_state_dict(torch.nn.Linear(4, 2).state_dict())",
    "torch-process-group": "import torch.distributed as dist\ndist.get_rank()",
    "torch-stack": (
        "import torch\nfrom torch.utils.data import DataLoader\n"
        "next(iter(DataLoader([torch.ones(2), torch.ones(3)], batch_size=2)))"
    ),
    "torch-item": "import torch\ntorch.ones(3).item()",
    "torch-rendezvous": "import torch.distributed as dist\ndist.init_process_group('gloo')",
}
SHELL = {
    "sh-command": "pyton main.py",
    "sh-no-file": "cat datos.csv",
    "sh-python-no-file": "python3 mian.py",
    "sh-permission": "./main.py",
    "sh-syntax": "echo (hola)",
    "sh-quote": "echo 'hola",
    "sh-directory": "cat .",
    "sh-disk": "echo hola > /dev/full",
    "sh-no-network": "curl --max-time 5 https://example.org/",
    "sh-git": "git status",
}
ALL = {"python": PYTHON, "pandas": PANDAS, "spark": SPARK, "dask": DASK, "torch": TORCH, "shell": SHELL}


def provoke(code: str, names: dict[str, object]) -> str:
    """What comes of running ``code``: name and message of its exception and the traceback below the student's line."""
    try:
        exec(compile(code, "main.py", "exec"), names)
    except BaseException as error:
        text = "".join(traceback.format_exception(error))
        place = re.compile(rf'  File "{re.escape(__file__)}".*\n(?:    .*\n)*')
        return clean(f"{type(error).__name__}: {error}\n{place.sub('', text)}")
    raise SystemExit(f"nothing went wrong in:\n{code}")


def run_shell(code: str) -> str:
    """What bash says of a script, in an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "main.py").write_text("print(1)\n")
        no_network = ["unshare", "-rn"] if "curl" in code else []
        command = [*no_network, "bash", "-c", code]
        said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return clean(said.stdout + said.stderr)


def clean(text: str) -> str:
    """Without this machine's folders; a long one keeps its two ends, where what happened is said."""
    text = re.sub(r"/tmp/tmp\w+", "/home/lab/work", text)
    text = re.sub(r'(["\s(])/[^"\s:]*?/(lib/python3\.\d+|site-packages)/', r"\1/opt/lab/env/\2/", text)
    if len(text) <= MAX_CHARS:
        return text
    return f"{text[: MAX_CHARS // 2]}\n…\n{text[-MAX_CHARS // 2 :]}"


def _spark_names() -> dict[str, object]:
    os.environ["PYSPARK_PYTHON"] = sys.executable
    from pyspark.sql import SparkSession

    small = SparkSession.builder.master("local[1]").config("spark.driver.maxResultSize", "1m")
    return {"spark": small.config("spark.ui.enabled", "false").getOrCreate()}


def main() -> None:
    tool, only = sys.argv[1], sys.argv[2:]
    names: dict[str, object] = _spark_names() if tool == "spark" else {}
    for name, code in ALL[tool].items():
        if not only or name in only:
            try:
                text = run_shell(code) if tool == "shell" else provoke(code, {"__name__": "__main__", **names})
            except SystemExit as nothing:
                print(nothing)
                continue
            (EXAMPLES / f"{name}.txt").write_text(text)
            print(name, text.splitlines()[0][:110])


if __name__ == "__main__":
    main()
