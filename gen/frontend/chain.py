"""What a module's ``forward`` calls on the way from the features of the nodes to its output.

``forward`` is run once with placeholders (``torch.fx``), so the order, the functions between the modules
and who gets which argument are read from what it does, not from the order in which modules were registered.
Modules of the libraries are single calls; containers, and classes that the user wrote, are looked into.
"""

import inspect
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from torch import fx, nn
from torch_geometric import nn as gnn
from torch_geometric.nn.models.basic_gnn import BasicGNN

from pyralis.gen.errors import UserError

__all__ = ["Call", "Chain", "Source", "evaluating", "read_chain"]

CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict, gnn.Sequential, gnn.MLP, BasicGNN)
"""Modules of the libraries whose ``forward`` is looked into."""

SAME_VALUES = ("contiguous", "clone", "detach", "float", "cpu", "long")
"""Methods of tensors that leave the values as they are."""

UNTRACEABLE = (
    TypeError,
    ValueError,
    RuntimeError,
    IndexError,
    KeyError,
    AttributeError,
    NotImplementedError,
    AssertionError,
)
"""What running ``forward`` with placeholders raises; ``torch.fx`` has its own kind of ValueError."""


INPUTS = "_inputs"
"""The one argument of :class:`_Unrolled`."""


class Source(NamedTuple):
    """An argument of ``forward``, or an attribute of one, as in ``data.x``."""

    argument: str
    attribute: str | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Call:
    """A module or a function that is applied to the rows.

    Attributes
    ----------
    name : str
        Path of the module, or name of the function.
    module : nn.Module or None
        None for a function.
    arguments : dict
        Everything but the rows, by name where names are known, else by position; a :class:`Source` for an
        argument of ``forward``, an ``fx.Node`` for anything that is computed from one.
    """

    name: str
    module: nn.Module | None
    arguments: Mapping[str | int, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Class of the module, or name of the function."""
        return self.name if self.module is None else type(self.module).__name__

    def option(self, name: str, position: int, default: Any = None) -> Any:
        """The argument *name*, which may also have been given by *position*."""
        return self.arguments.get(name, self.arguments.get(position, default))


@dataclass(frozen=True, kw_only=True, eq=False)
class Chain:
    """Calls in the order in which they are applied, and where the rows come from."""

    calls: tuple[Call, ...]
    features: Source
    arguments: tuple[str, ...] = ()
    """Arguments of ``forward`` that have no default."""


def read_chain(module: nn.Module) -> Chain:
    """The chain of calls that *module* consists of in evaluation mode.

    A call on two rows (a sum, say) stands in the chain with the first of them; who knows which calls are
    supported refuses it by its name.

    Raises
    ------
    UserError
        ``forward`` cannot be run with placeholders, or does not return one matrix.
    """
    if _is_leaf(module):
        return Chain(calls=(Call(name="", module=module),), features=Source("x"))
    where = f"forward of {type(module).__name__}"
    root = _Unrolled.of(module) if type(module) is gnn.Sequential else module
    parameters = list(inspect.signature(type(root).forward).parameters.values())[1:]
    fixed = {each.name: each.default for each in parameters if not _stays_open(each)}
    try:
        with evaluating(module), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about defaults of which no check can be put into the trace
            graph = _Tracer().trace(root, fixed)
    except UNTRACEABLE as error:
        reason = str(error).partition("\n")[0].partition(". ")[0].rstrip(".")
        hint = "forward may call layers, ReLU and dropout, and must not depend on the values in tensors"
        raise UserError(f"it cannot be followed: {reason}", where, hint) from error
    required = tuple(each.name for each in parameters if each.default is inspect.Parameter.empty)
    if isinstance(root, _Unrolled):
        required = tuple(root.signature.param_dict)
    return _walk(module, graph, required, where)


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Evaluation mode inside, and no normalisation in the caches of GCNConv; as before afterwards."""
    modes = {part: part.training for part in module.modules()}
    caches = {
        part: (part._cached_edge_index, part._cached_adj_t)
        for part in module.modules()
        if isinstance(part, gnn.GCNConv)
    }
    try:
        module.eval()
        for part in caches:
            part._cached_edge_index = part._cached_adj_t = None
        yield
    finally:
        for part, mode in modes.items():
            part.training = mode
        for part, cache in caches.items():
            part._cached_edge_index, part._cached_adj_t = cache


class _Tracer(fx.Tracer):
    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return _is_leaf(m)


def _is_leaf(module: nn.Module) -> bool:
    library = type(module).__module__.startswith(("torch.nn.", "torch_geometric.nn."))
    return isinstance(module, gnn.MessagePassing) or (library and not isinstance(module, CONTAINERS))


class _Unrolled(gnn.Sequential):
    """A ``torch_geometric.nn.Sequential`` whose ``forward`` is what its description says.

    The library writes a ``forward`` for each one, where it can, and gives it to the class as well, so that
    the class has that of another one.
    """

    @classmethod
    def of(cls, module: gnn.Sequential) -> "_Unrolled":
        """*module* itself, as far as its attributes go."""
        made = object.__new__(cls)
        made.__dict__ = {name: value for name, value in vars(module).items() if name != "forward"}
        return made

    def forward(self, _inputs: Mapping[str, Any]) -> Any:
        values = {name: _inputs[name] for name in self.signature.param_dict}
        made = None
        for child in self._children:
            made = getattr(self, child.name)(*(values[name] for name in child.param_names))
            names = child.return_names
            values.update({names[0]: made} if len(names) == 1 else zip(names, made, strict=False))
        return made


def _stays_open(parameter: inspect.Parameter) -> bool:
    """Whether *parameter* is a placeholder: it has no default, or holds edge weights that may be None."""
    weights = parameter.default is None and ("weight" in parameter.name or "attr" in parameter.name)
    return weights or parameter.default is inspect.Parameter.empty


def _walk(module: nn.Module, graph: fx.Graph, required: tuple[str, ...], where: str) -> Chain:
    """Follows *graph* from the output back to the features."""
    node = next(node for node in graph.nodes if node.op == "output").args[0]
    if not isinstance(node, fx.Node):
        count = f"{len(node)} values" if isinstance(node, tuple | list | dict) else "no tensor"
        raise UserError(f"it returns {count}", where, "return the class scores of the nodes alone")
    calls: list[Call] = []
    while (source := _source(node)) is None:
        if not node.all_input_nodes:
            what = "it returns something that the features of the nodes have no part in"
            raise UserError(what, where, "hand the features in as an argument")
        call, rows = _call(module, node)
        if not _keeps_values(node):
            calls.append(call)
        node = rows
    return Chain(calls=tuple(reversed(calls)), features=source, arguments=required)


def _source(node: fx.Node) -> Source | None:
    """The argument of ``forward`` that *node* is, if it is one."""
    while _keeps_values(node):
        node = node.all_input_nodes[0]
    if node.op == "placeholder":
        return Source(str(node.target))
    reads = node.op == "call_function" and getattr(node.target, "__name__", "") in ("getattr", "getitem")
    if reads and isinstance(node.args[0], fx.Node) and isinstance(node.args[1], str):
        inner = _source(node.args[0])
        if inner == Source(INPUTS):
            return Source(node.args[1])
        if inner is not None and inner.attribute is None:
            return Source(inner.argument, node.args[1])
    return None


def _keeps_values(node: fx.Node) -> bool:
    return node.op == "call_method" and node.target in SAME_VALUES


def _call(module: nn.Module, node: fx.Node) -> tuple[Call, fx.Node]:
    """The call that *node* stands for, and the rows that it is applied to."""
    name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "a function")
    called = None
    given: dict[str | int, Any] = dict(enumerate(node.args))
    given.update(node.kwargs)
    first: str | int = 0
    if node.op == "call_module":
        called = module.get_submodule(name)
        names = list(inspect.signature(called.forward).parameters)
        given = {names[key] if isinstance(key, int) else key: value for key, value in given.items()}
        first = names[0]
    rows = given.get(first)
    if not isinstance(rows, fx.Node):
        rows = node.all_input_nodes[0]
    others = {
        key: (_source(value) or value) if isinstance(value, fx.Node) else value
        for key, value in given.items()
        if value is not rows
    }
    return Call(name=name, module=called, arguments=others), rows
