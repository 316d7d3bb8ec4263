"""Runs in the student's sandbox: watches what the three client libraries ask for, and lets a rival sell first.

Each library is watched where its requests leave it. Just before the first write of a sale the rival sells the same seat
with the student's own code, so the two surely overlap. Firestore's emulator never aborts a transaction as the service
does: here the watcher does it for it. Cosmos DB's emulator charges 1 for everything: here charges are the grader's.
"""

import importlib
import warnings
from contextlib import contextmanager

from azure.core.pipeline.transport import RequestsTransport
from botocore.client import BaseClient
from google.api_core.exceptions import Aborted, FailedPrecondition
from google.cloud.firestore_v1.services.firestore import FirestoreClient

MOST_PAGES = 40
DYNAMO_WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem", "ExecuteStatement"}
CHARGE = "x-ms-request-charge"


class Watch:
    """What was asked for while it lasts, as plain dictionaries."""

    def __init__(self, rival=None, charges=()):
        self.operations, self.rival, self.charges = [], rival, list(charges)
        self.read_in_transaction = False

    def note(self, **operation):
        self.operations.append(operation)

    def before_write(self):
        """Lets the rival go first, once. True when it did."""
        if self.rival is None:
            return False
        rival, self.rival = self.rival, None
        kept, self.read_in_transaction = self.read_in_transaction, False
        rival()
        self.read_in_transaction = kept
        return True

    def dynamo(self, send):
        def watched(client, operation, parameters):
            if operation in DYNAMO_WRITES:
                self.before_write()
            answer = send(client, operation, parameters)
            if client.meta.service_model.service_name == "dynamodb":
                self.note(op=operation, leidos=answer.get("ScannedCount", 0))
            return answer

        return watched

    def cosmos(self, send):
        def watched(transport, request, **options):
            headers = {name.lower(): value for name, value in request.headers.items()}
            path = request.url.split("?")[0]
            if "/docs" not in path:
                return send(transport, request, **options)
            query = headers.get("x-ms-documentdb-isquery", "").lower() == "true" or "query" in headers.get(
                "content-type", ""
            )
            write = request.method != "GET" and not query
            if write:
                self.before_write()
            answer = send(transport, request, **options)
            charge = self.charges.pop(0) if self.charges else 1.0
            answer.headers[CHARGE] = str(charge)
            kind = "escritura" if write else "consulta" if query or path.rstrip("/").endswith("/docs") else "lectura"
            self.note(
                op=kind,
                leidos=int(answer.headers.get("x-ms-item-count", 0)),
                particion="x-ms-documentdb-partitionkey" in headers,
                ru=charge,
            )
            return answer

        return watched

    def firestore_read(self, send, name):
        def watched(client, request=None, **options):
            if isinstance(request, dict) and request.get("transaction"):
                self.read_in_transaction = True
            operation = {"op": name, "leidos": 0}
            self.operations.append(operation)
            return _counted(send(client, request=request, **options), operation)

        return watched

    def firestore_commit(self, send):
        def watched(client, request=None, **options):
            if self.before_write():
                if request.get("transaction") and self.read_in_transaction:
                    raise Aborted("the transaction's documents were changed: try again")
                if any("update_time" in write.current_document for write in request["writes"]):
                    raise FailedPrecondition("the document was changed")
            self.read_in_transaction = False
            self.note(op="Commit", leidos=0)
            return send(client, request=request, **options)

        return watched


def _counted(stream, operation):
    """The same answers, counting the documents in them, which is what Firestore bills."""
    for answer in stream:
        document = getattr(answer, "document", None) or getattr(answer, "found", None)
        operation["leidos"] += bool(document and document.name)
        yield answer


@contextmanager
def _watching(rival=None, charges=()):
    warnings.simplefilter("ignore")
    watch = Watch(rival, charges)
    places = [
        (BaseClient, "_make_api_call", watch.dynamo),
        (RequestsTransport, "send", watch.cosmos),
        (FirestoreClient, "commit", watch.firestore_commit),
        *(
            (FirestoreClient, name, lambda send, name=name: watch.firestore_read(send, name))
            for name in ("run_query", "batch_get_documents", "list_documents")
        ),
    ]
    before = [(place, name, getattr(place, name)) for place, name, _ in places]
    try:
        for (place, name, wrap), (_, _, plain) in zip(places, before, strict=True):
            setattr(place, name, wrap(plain))
        yield watch
    finally:
        for place, name, plain in before:
            setattr(place, name, plain)


def preparar(modulo, vuelos):
    """Tables and flights; what it took to load them."""
    module = importlib.import_module(modulo)
    if hasattr(module, "crear"):
        module.crear()
    with _watching() as watch:
        module.cargar(vuelos)
    return watch.operations


def observar(modulo, funcion, *argumentos):
    """One call, and what it asked for."""
    function = getattr(importlib.import_module(modulo), funcion)
    with _watching() as watch:
        value = function(*argumentos)
    return {"valor": value, "operaciones": watch.operations}


def paginas(modulo, origen, dia, desde, limite, cargos):
    """All pages of a board, one after another, each with what it asked for."""
    board = importlib.import_module(modulo).tablero
    pages, mark = [], None
    with _watching(charges=cargos) as watch:
        while len(pages) < MOST_PAGES:
            watch.operations = []
            page = board(origen, dia, desde, limite, mark)
            pages.append({"pagina": page, "operaciones": watch.operations})
            mark = page.get("marca") if isinstance(page, dict) else None
            if mark is None:
                break
    return pages


def ventas(modulo, vuelos, con_rival):
    """What each sale answered, and its rival, and the board's flights afterwards."""
    module, answers = importlib.import_module(modulo), []
    for flight, contested in zip(vuelos, con_rival, strict=True):
        rivals = []
        with _watching(lambda: rivals.append(module.vender(flight)) if contested else None) as watch:  # noqa: B023
            own = module.vender(flight)
        answers.append([own, *rivals] if contested else [own])
        del watch
    place, day = vuelos[0]["origen"], vuelos[0]["salida"][:10]
    return {"respuestas": answers, "despues": module.tablero(place, day, f"{day}T00:00Z", 50)}
