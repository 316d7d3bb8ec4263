"""Runs while an environment's image is built: takes out what it has beside the common image, to be a layer of its own.

``layer.py note`` before anything is installed, ``layer.py split`` when the environment is done: then ``/opt/lab/layer``
holds the files that are new or different, and a list of those that are no more, folders too.
"""

import hashlib
import json
import os
import stat
import sys
from pathlib import Path

ENV = Path("/opt/lab/env")
NOTES = Path("/opt/lab/common.json")
LAYER = Path("/opt/lab/layer")


def fingerprint(path: Path) -> str:
    """Changes with what the file holds and with its mode; of a link, with where it leads."""
    if path.is_symlink():
        return f"-> {path.readlink()}"
    with path.open("rb") as file:
        return f"{stat.S_IMODE(path.stat().st_mode):o} {hashlib.file_digest(file, 'sha256').hexdigest()}"


def everything(root: Path) -> list[Path]:
    """Folders, each before what is in it, links and files."""
    return [Path(folder, name) for folder, folders, files in os.walk(root) for name in (*folders, *files)]


def notes() -> dict[str, str]:
    return {str(path): "/" if _is_folder(path) else fingerprint(path) for path in everything(ENV)}


def split(known: dict[str, str]) -> None:
    LAYER.mkdir()
    here = everything(ENV)
    present = {str(path) for path in here}
    for path in here:
        target = LAYER / path.relative_to("/")
        if _is_folder(path):
            if str(path) not in known:
                target.mkdir(parents=True, exist_ok=True)
        elif known.get(str(path)) != fingerprint(path):
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
    gone = [path for path in known if path not in present]
    (LAYER / "opt/lab").mkdir(parents=True, exist_ok=True)
    (LAYER / "opt/lab/removed.txt").write_text("".join(f"{path}\n" for path in gone))


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


if __name__ == "__main__":
    if sys.argv[1] == "note":
        NOTES.write_text(json.dumps(notes()))
    else:
        split(json.loads(NOTES.read_text()))
