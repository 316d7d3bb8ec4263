"""YAML that remembers on which line each value stands, so that a problem can be named as file:line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.cyaml import CParser  # type: ignore[attr-defined]  # the stubs don't export it
from yaml.resolver import Resolver

Loc = tuple[str | int, ...]


class YamlProblem(Exception):
    """Text that is no usable YAML; ``line`` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


@dataclass(frozen=True)
class YamlFile:
    """A parsed file: plain data, and the line of every key and list item by its path (``("checks", 0, "id")``)."""

    path: Path
    data: Mapping[str, Any]
    lines: Mapping[Loc, int] = field(repr=False)

    def line(self, loc: Loc) -> int:
        """The line of ``loc``, or of its nearest ancestor that exists: a missing key is reported where it belongs."""
        while loc and loc not in self.lines:
            loc = loc[:-1]
        return self.lines.get(loc, 1)

    def written(self, loc: Loc) -> Loc:
        """``loc`` as the file has it, without the branches of unions that pydantic names on the way."""
        found: Loc = ()
        for position, part in enumerate(loc, 1):
            if (*found, part) in self.lines or position == len(loc):
                found = (*found, part)
        return found


class _Loader(Composer, CParser, SafeConstructor, Resolver):
    """Refuses aliases: they would let one line stand for several places, and no course file needs them.

    libyaml reads the text, several times as fast as Python would; yaml.CSafeLoader would compose in C too, and let
    nobody look at what it composes.
    """

    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)
        Composer.__init__(self)
        SafeConstructor.__init__(self)
        Resolver.__init__(self)

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            raise YamlProblem(_line(event.start_mark), "aliases (*name) are not allowed")
        return super().compose_node(parent, index)


def parse(path: Path, text: str) -> YamlFile:
    """Read one mapping. Raises YamlProblem for wrong YAML, a repeated key, or a file that holds no mapping."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise YamlProblem(1, "expected `key: value` lines")
        lines: dict[Loc, int] = {(): 1}
        data = _plain(loader, node, (), lines)
    except yaml.MarkedYAMLError as error:
        line = _line(error.problem_mark or error.context_mark)
        raise YamlProblem(line, f"wrong YAML: {error.problem or error.context}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise YamlProblem(1, f"wrong YAML: {error}") from error
    finally:
        loader.dispose()
    return YamlFile(path, data, lines)


def _line(mark: Any) -> int:
    """Where a mark of the parser's is, counted from 1."""
    return mark.line + 1 if mark else 1


def _plain(loader: _Loader, node: yaml.Node, loc: Loc, lines: dict[Loc, int]) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _mapping(loader, node, loc, lines)
    if isinstance(node, yaml.SequenceNode):
        items = []
        for index, item in enumerate(node.value):
            lines[*loc, index] = item.start_mark.line + 1
            items.append(_plain(loader, item, (*loc, index), lines))
        return items
    return loader.construct_object(node, deep=True)


def _mapping(loader: _Loader, node: yaml.MappingNode, loc: Loc, lines: dict[Loc, int]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value in node.value:
        line = key_node.start_mark.line + 1
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            raise YamlProblem(line, f"the key {key!r} is not text: put it in quotes")
        if key in result:
            raise YamlProblem(line, f"the key `{key}` is written twice (first on line {lines[*loc, key]})")
        lines[*loc, key] = line
        result[key] = _plain(loader, value, (*loc, key), lines)
    return result
