"""Un banco que usan muchos hilos a la vez sin perder un céntimo."""

import time


class Banco:
    """Cuentas con saldo en céntimos. Funciona con un hilo. Con dos, pruébalo."""

    def __init__(self, saldos: dict[str, int]) -> None:
        self._saldos = dict(saldos)

    def saldo(self, cuenta: str) -> int:
        return self._saldos[cuenta]

    def ingresar(self, cuenta: str, importe: int) -> None:
        saldo = self._saldos[cuenta]
        time.sleep(0)  # el sistema puede dar paso a otro hilo en cualquier momento: aquí se lo pedimos, para verlo
        self._saldos[cuenta] = saldo + importe

    def transferir(self, origen: str, destino: str, importe: int) -> bool:
        """Mueve ``importe``. Devuelve False, sin tocar nada, si no hay saldo."""
        raise NotImplementedError("transferir (banco.py)")

    def total(self) -> int:
        """La suma de todos los saldos en un mismo instante."""
        return sum(self._saldos.values())
