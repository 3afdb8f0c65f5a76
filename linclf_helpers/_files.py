"""Read the data files, and see that they are whole."""

import gzip
import hashlib
import math
import zlib
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_SHA256 = {
    "penguins.csv": "f204db2c753b0937caac3cb35258562c14f073e4bbc76be24b4c51ce22767a93",
    "digits.csv.gz": "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22",
}


def _read_verified(name: str) -> bytes:
    content = (resources.files("linclf_helpers") / "data" / name).read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != _SHA256[name]:
        raise ValueError(
            f"{name}: expected the file with sha256 {_SHA256[name]}, got {found}."
            " The file is damaged; get the repository again."
        )
    return content


def _read_idx(folder: Path, name: str, dimensions: int) -> NDArray[np.uint8]:
    """Return what is in the file of that name, however it is spelt and packed."""
    spelt = {path: path.name.lower().removesuffix(".gz").replace(".idx", "-idx") for path in folder.iterdir()}
    found = sorted(path for path in spelt if spelt[path] == name and path.is_file())
    if not found:
        raise FileNotFoundError(f"path: expected {name} or {name}.gz in {str(folder)!r}, found neither")
    name, content = found[0].name, found[0].read_bytes()
    try:
        while content[:2] == b"\x1f\x8b":  # gzipped; browsers unzip without renaming, and the other way round
            content = gzip.decompress(content)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{name}: expected a gzipped file, got a damaged one ({error})") from None
    header = 4 + 4 * dimensions
    if len(content) < header or content[:4] != bytes([0, 0, 8, dimensions]):
        begin = content[:4].hex(" ")
        kinds = {"00 00 08 01": " (labels)", "00 00 08 03": " (images)"}
        kind = " (a web page)" if content.lstrip()[:1] == b"<" else kinds.get(begin, "")
        raise ValueError(
            f"{name}: expected an IDX file of unsigned bytes with {dimensions} dimensions,"
            f" got one of {len(content)} bytes that begins with {begin}{kind}"
        )
    shape = tuple(int(n) for n in np.frombuffer(content, ">u4", count=dimensions, offset=4))
    if 0 in shape:
        raise ValueError(f"{name}: expected at least one entry, got shape {shape}")
    if len(content) != header + math.prod(shape):
        raise ValueError(f"{name}: expected {header + math.prod(shape)} bytes for shape {shape}, got {len(content)}")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
