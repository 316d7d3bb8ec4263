"""Queries whose SQL is made once.

Of a small query that Django builds anew each time, nine tenths of the time go into its SQL: filters, joins and columns
are resolved and written out for every reader of every page. Here that is done at the first call, with places in it for
what differs; each later call hands the database other values.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Expression, Field, QuerySet
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLCompiler

Row = TypeVar("Row")


class Parameter(Expression):
    """A value that comes with the call. ``stored_as`` is its field, where the driver can't tell (dates)."""

    def __init__(self, name: str, stored_as: Field[Any, Any] | None = None) -> None:
        super().__init__(output_field=stored_as)
        self.name = name
        self.stored_as = stored_as

    def as_sql(self, *_: Any, **__: Any) -> tuple[str, tuple[Any, ...]]:
        """A place in the SQL, held by this object until a value is there."""
        return "%s", (self,)

    def value(self, values: dict[str, Any], connection: Any) -> Any:
        """What the database gets. Raises KeyError for a value that the call lacks."""
        given = values[self.name]
        return self.stored_as.get_db_prep_value(given, connection) if self.stored_as else given


class Prepared(Generic[Row]):
    """A queryset with Parameters in it, to be called with values for them.

    It is asked for at the first call, when all models are there, and it alone says what a row is: a model with what
    select_related brings, or what values_list makes. prefetch_related isn't for it.
    """

    def __init__(self, queryset: Callable[[], QuerySet[Any, Row]]) -> None:
        self._queryset = queryset
        self._kept: tuple[QuerySet[Any, Row], _Compiled] | None = None

    def __call__(self, **values: Any) -> list[Row]:
        """The rows of now."""
        if self._kept is None:
            queryset = self._queryset()
            self._kept = queryset, _Compiled(queryset.query.get_compiler(DEFAULT_DB_ALIAS))
        queryset, compiled = self._kept
        asked = type(queryset)(model=queryset.model, query=compiled.with_values(values), using=DEFAULT_DB_ALIAS)
        asked._iterable_class = queryset._iterable_class  # what values_list sets
        return list(asked)

    def first(self, **values: Any) -> Row | None:
        """The first row, if there is one; the queryset says in which order, and should ask for no more."""
        return next(iter(self(**values)), None)


class _Compiled:
    """A query's SQL, with Parameters among what belongs to it."""

    def __init__(self, compiler: SQLCompiler) -> None:
        self._sql, self._parameters = compiler.as_sql()
        self._compiler = compiler

    def with_values(self, values: dict[str, Any]) -> Query:
        """A query that is compiled already. Nothing of it is shared with another call but what nobody writes."""
        connection = connections[DEFAULT_DB_ALIAS]
        given = [each.value(values, connection) if isinstance(each, Parameter) else each for each in self._parameters]
        compiler = copy.copy(self._compiler)
        compiler.connection = connection
        query = copy.copy(self._compiler.query)
        # A queryset asks its query for a compiler, and that for SQL.
        vars(compiler)["as_sql"] = lambda: (self._sql, given)
        vars(query)["get_compiler"] = lambda *_, **__: compiler
        return query
