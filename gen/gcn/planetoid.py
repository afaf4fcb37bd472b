"""Reader of the planetoid files: Cora, Citeseer, Pubmed and NELL as their authors publish them.

A folder holds ``ind.<name>.{x,tx,allx,y,ty,ally,graph,test.index}`` (Yang, Cohen and Salakhutdinov,
"Revisiting semi-supervised learning with graph embeddings", ICML 2016; the same files in tkipf/gcn): pickles
of Python 2 with scipy matrices (features), arrays (labels, one-hot) and a dictionary that lists the
neighbours of every node, and as text the numbers of the test nodes in the order of ``tx`` and ``ty``.

The graph that comes out is symmetric and has no self loops and no repeated edges. The split is the standard
one: the rows of ``y`` train, the next 500 rows of ``ally`` validate, ``test.index`` tests.
"""

import pickle
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn

import numpy as np

from pyralis.gen.errors import UserError
from pyralis.gen.gcn.graph import Graph

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["PARTS", "VALIDATION", "read_planetoid"]

PARTS = ("x", "tx", "allx", "y", "ty", "ally", "graph", "test.index")

VALIDATION = 500
"""Nodes for validation."""

HINT = "fetch the eight files of the data set again"


def read_planetoid(folder: str | Path, name: str) -> Graph:
    """The graph ``ind.<name>.*`` in *folder*, with raw features (see :mod:`pyralis.gen.gcn.features`).

    Test nodes that the files leave out (15 of Citeseer) have no features and the label -1. In NELL's files
    (names that begin with "nell") the nodes in neither ``allx`` nor ``tx`` are relations, and each gets a
    feature of its own.

    Raises UserError for files that are missing or damaged, and for files that do not fit each other.
    """
    paths = _paths(Path(folder), name)
    neighbours = _neighbours(paths["graph"])
    test = _test_index(paths["test.index"])
    features = {part: _features(paths[part]) for part in ("x", "allx", "tx")}
    labels = {part: _labels(paths[part]) for part in ("y", "ally", "ty")}
    rows = {part: matrix.shape[0] for part, matrix in features.items()}
    rows |= {part: values.size for part, values in labels.items()} | {"test.index": test.size}
    for one, other in (("allx", "ally"), ("x", "y"), ("tx", "ty"), ("tx", "test.index")):
        if rows[one] != rows[other]:
            _damaged(paths[other], f"has {rows[other]} rows, and {one} has {rows[one]}")
    widths = {part: matrix.shape[1] for part, matrix in features.items()}
    if widths["tx"] != widths["allx"]:
        _damaged(paths["tx"], f"has {widths['tx']} features, and allx has {widths['allx']}")
    if rows["y"] > rows["ally"]:
        _damaged(paths["y"], f"has {rows['y']} rows, more than the {rows['ally']} of ally")
    if test.size and (test.min() < rows["allx"] or np.unique(test).size != test.size):
        _damaged(paths["test.index"], f"must name nodes from {rows['allx']} on, each once")
    nodes, last = len(neighbours), max(rows["allx"] - 1, int(test.max(initial=-1)))
    if last >= nodes:
        _damaged(paths["graph"], f"has {nodes} nodes, and the other files number them up to {last}")
    numbers = np.concatenate([np.arange(rows["allx"]), test])
    classes = np.full(nodes, -1, dtype=np.int64)
    classes[numbers] = np.concatenate([labels["ally"], labels["ty"]])
    members = {
        "train": np.arange(rows["y"]),
        "val": np.arange(rows["y"], min(rows["y"] + VALIDATION, rows["ally"])),
        "test": test,
    }
    relations = name.lower().startswith("nell")
    return Graph.from_edge_index(
        _edges(neighbours),
        _placed(features["allx"], features["tx"], numbers, nodes, relations=relations),
        nodes=nodes,
        labels=classes,
        masks={mask: np.isin(np.arange(nodes), where) for mask, where in members.items()},
        name=name,
    )


def _paths(folder: Path, name: str) -> dict[str, Path]:
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder}.", "planetoid files", "check the path")
    paths = {part: folder / f"ind.{name}.{part}" for part in PARTS}
    missing = [path.name for path in paths.values() if not path.is_file()]
    if missing:
        others = sorted(path.name[len("ind.") : -len(".graph")] for path in folder.glob("ind.*.graph"))
        hint = f"a data set is ind.{name}.{{{','.join(PARTS)}}}"
        hint = f"the folder has {', '.join(others)}" if set(others) - {name} else hint
        raise UserError(f"{folder} lacks {', '.join(missing)}.", "planetoid files", hint)
    return paths


def _edges(neighbours: Mapping[int, list[int]]) -> np.ndarray:
    """(2, E): both directions of each edge once, without self loops."""
    nodes = len(neighbours)
    sources = np.repeat(
        np.fromiter(neighbours.keys(), np.int64, len(neighbours)),
        np.fromiter(map(len, neighbours.values()), np.int64, len(neighbours)),
    )
    targets = np.array([node for row in neighbours.values() for node in row], dtype=np.int64)
    codes = np.unique(np.concatenate([sources * nodes + targets, targets * nodes + sources]))
    pairs = np.stack([codes // max(nodes, 1), codes % max(nodes, 1)])
    return pairs[:, pairs[0] != pairs[1]]


def _placed(
    known: "csr_array", tested: "csr_array", numbers: np.ndarray, nodes: int, *, relations: bool
) -> "csr_array":
    """Features (nodes, F): row i of both matrices becomes row ``numbers[i]``."""
    from scipy.sparse import coo_array, vstack

    stacked = vstack([known, tested]).tocoo()
    rows, columns, values = numbers[stacked.row], stacked.col, stacked.data
    width = known.shape[1]
    if relations:
        others = np.setdiff1d(np.arange(nodes), numbers)
        rows = np.concatenate([rows, others])
        columns = np.concatenate([columns, width + np.arange(others.size)])
        values = np.concatenate([values, np.ones(others.size, dtype=values.dtype)])
        width += others.size
    return coo_array((values, (rows, columns)), shape=(nodes, width)).tocsr()


def _features(path: Path) -> "csr_array":
    from scipy.sparse import issparse

    matrix = _unpickled(path)
    if not issparse(matrix):
        _damaged(path, f"must hold a scipy matrix, not {type(matrix).__name__}")
    return _sound(matrix, path)


def _sound(matrix: Any, path: Path) -> "csr_array":
    """The unpickled *matrix* made anew and checked: its indices may point anywhere."""
    from scipy.sparse import csr_array

    try:
        made = csr_array((matrix.data, matrix.indices, matrix.indptr), shape=matrix.shape, dtype=np.float32)
        made.check_format(full_check=True)
    except (ValueError, TypeError, AttributeError, IndexError) as error:
        _damaged(path, f"holds a matrix that is not sound: {error}")
    return made


def _labels(path: Path) -> np.ndarray:
    """(rows,) int64: the largest column of each row, -1 for rows of zeros."""
    from scipy.sparse import issparse

    matrix = _unpickled(path)
    matrix = _sound(matrix, path).toarray() if issparse(matrix) else matrix
    if not isinstance(matrix, np.ndarray) or matrix.ndim != 2 or matrix.dtype.kind not in "biuf":
        _damaged(path, "must hold a matrix of labels, one column a class")
    if not matrix.size:
        return np.full(matrix.shape[0], -1, dtype=np.int64)
    return np.where(matrix.any(axis=1), matrix.argmax(axis=1), -1).astype(np.int64)


def _neighbours(path: Path) -> Mapping[int, list[int]]:
    graph = _unpickled(path)
    lists = isinstance(graph, dict) and all(isinstance(row, list) for row in graph.values())
    members = [node for row in (graph, *graph.values()) for node in row] if lists else []
    if not lists or not all(isinstance(node, int) for node in members):
        _damaged(path, "must hold a dictionary from node numbers to lists of them")
    bad = next((node for node in members if not 0 <= node < len(graph)), None)
    if bad is not None:
        _damaged(path, f"lists {len(graph)} nodes, and one of them is number {bad}")
    return graph


def _test_index(path: Path) -> np.ndarray:
    try:
        return np.array(path.read_text().split(), dtype=np.int64)
    except (ValueError, OverflowError):
        _damaged(path, "must hold one node number a line")


def _unpickled(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            return _Unpickler(file, encoding="latin1").load()
    except UserError:
        raise
    except Exception as error:  # noqa: BLE001 - damaged bytes raise anything
        _damaged(path, f"cannot be read: {error or type(error).__name__}", error)


def _damaged(path: Path, what: str, cause: Exception | None = None) -> NoReturn:
    raise UserError(f"{path.name} {what}.", str(path), HINT) from cause


def _bytes(text: str, _encoding: str) -> bytes:
    """How Python 3 writes bytes in a pickle that Python 2 can read."""
    return text.encode("latin1")


class _Unpickler(pickle.Unpickler):
    """Makes arrays, CSR matrices and dictionaries of lists and nothing else: a pickle can call anything."""

    def __init__(self, file: IO[bytes], *, encoding: str) -> None:
        super().__init__(file, encoding=encoding)
        self.place = Path(file.name)

    def find_class(self, module: str, name: str) -> Any:
        from numpy._core.multiarray import _reconstruct, scalar
        from numpy._core.numeric import _frombuffer  # type: ignore[attr-defined]
        from scipy.sparse import csr_array, csr_matrix

        package = module.partition(".")[0]
        admitted: dict[tuple[str, str], Any] = {
            ("numpy", "ndarray"): np.ndarray,
            ("numpy", "dtype"): np.dtype,
            ("numpy", "_reconstruct"): _reconstruct,
            ("numpy", "_frombuffer"): _frombuffer,
            ("numpy", "scalar"): scalar,
            ("scipy", "csr_matrix"): csr_matrix,
            ("scipy", "csr_array"): csr_array,
            ("collections", "defaultdict"): defaultdict,
            ("__builtin__", "list"): list,
            ("builtins", "list"): list,
            ("__builtin__", "bytes"): bytes,
            ("_codecs", "encode"): _bytes,
        }
        if (package, name) not in admitted:
            what = f"asks for {module}.{name}, which no planetoid file needs"
            raise UserError(
                f"{self.place.name} {what}.", str(self.place), "do not use files of unknown origin"
            )
        return admitted[package, name]
