"""Runs once, while the environment is built: takes out what neither PyTorch nor a simulator of GPUs reads.

PyTorch's wheel brings its C++ tests and headers; Triton's, the assemblers and profilers of GPUs that no sandbox has.
The libraries of both carry symbols and debug information behind what the loader reads: two thirds of Triton's.
"""

import shutil
import struct
import sysconfig
from pathlib import Path

SITE = Path(sysconfig.get_paths()["purelib"])
UNUSED = (
    "torch/include",
    "torch/share",
    "torch/test",
    "triton/backends/amd/include",
    "triton/backends/amd/lib",
    "triton/backends/nvidia/bin",
    "triton/backends/nvidia/include",
    "triton/backends/nvidia/lib",
    "triton/instrumentation",
    "triton/_C/libproton.so",
)
KEPT_PROGRAMS = {"torch_shm_manager"}
"""Of torch/bin: what hands tensors to the workers of a DataLoader."""
LARGE = 8 << 20


def remove_unused() -> None:
    for name in UNUSED:
        _remove(SITE / name)
    for program in (SITE / "torch/bin").iterdir():
        if program.name not in KEPT_PROGRAMS:
            _remove(program)
    for library in (SITE / "torch/lib").glob("*.a"):
        library.unlink()


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


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
    remove_unused()
    for found in SITE.rglob("*.so*"):
        if found.is_file() and not found.is_symlink() and found.stat().st_size > LARGE:
            strip(found)
