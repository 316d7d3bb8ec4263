"""Un banco que usan muchos hilos a la vez sin perder un céntimo."""

from contextlib import ExitStack
from threading import Lock


class Banco:
    """Cuentas con saldo en céntimos. Cada cuenta tiene su candado: las que no se tocan no se esperan."""

    def __init__(self, saldos: dict[str, int]) -> None:
        self._saldos = dict(saldos)
        self._candados = {cuenta: Lock() for cuenta in saldos}

    def _bloquear(self, *cuentas: str) -> ExitStack:
        """Toma los candados siempre en el mismo orden: así dos hilos nunca se esperan en círculo."""
        with ExitStack() as pila:
            for cuenta in sorted(set(cuentas)):
                pila.enter_context(self._candados[cuenta])
            return pila.pop_all()

    def saldo(self, cuenta: str) -> int:
        with self._bloquear(cuenta):
            return self._saldos[cuenta]

    def ingresar(self, cuenta: str, importe: int) -> None:
        with self._bloquear(cuenta):
            self._saldos[cuenta] += importe

    def transferir(self, origen: str, destino: str, importe: int) -> bool:
        """Mueve ``importe``. Devuelve False, sin tocar nada, si no hay saldo."""
        with self._bloquear(origen, destino):
            desde, hasta = self._saldos[origen], self._saldos[destino]
            if desde < importe:
                return False
            self._saldos[origen] = desde - importe
            self._saldos[destino] = hasta + importe
            return True

    def total(self) -> int:
        """La suma de todos los saldos en un mismo instante."""
        with self._bloquear(*self._candados):
            return sum(self._saldos.values())
