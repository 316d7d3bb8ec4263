"""Runs once, while the environment is built: takes out what TensorFlow brings for those who compile against it.

Its wheel has its C++ headers, and libclang, which no module imports. Its libraries carry symbols behind what the loader
reads: a quarter of the largest one.
"""

import shutil
import struct
import sysconfig
from pathlib import Path

SITE = Path(sysconfig.get_paths()["purelib"])
UNUSED = ("tensorflow/include", "tensorflow/xla_aot_runtime_src", "clang/native")
LARGE = 8 << 20


def strip(library: Path) -> None:
    """Cut a 64-bit ELF file behind its last segment and forget its section table: only debuggers read it."""
    with library.open("r+b") as file:
        header = file.read(64)
        if header[:6] != b"\x7fELF\x02\x01":
            return
        start, size, count = struct.unpack_from("<Q", header, 32)[0], *struct.unpack_from("<HH", header, 54)
        file.seek(start)
        table = file.read(size * count)
        segments = [struct.unpack_from("<Q24xQ", table, number * size + 8) for number in range(count)]
        end = max(start + size * count, *(offset + length for offset, length in segments))
        file.truncate(end)
        file.seek(40)
        file.write(struct.pack("<Q", 0))
        file.seek(60)
        file.write(struct.pack("<HH", 0, 0))


if __name__ == "__main__":
    for name in UNUSED:
        shutil.rmtree(SITE / name)
    for found in (SITE / "tensorflow").rglob("*.so*"):
        if found.is_file() and not found.is_symlink() and found.stat().st_size > LARGE:
            strip(found)
