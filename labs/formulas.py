"""Arithmetic that an author writes in a quiz: numbers, parameters, a few functions, nothing else."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Mapping
from typing import Any

from simpleeval import InvalidExpression, SimpleEval, safe_mult, safe_power

FUNCTIONS = {
    "min": min,
    "max": max,
    "round": round,
    "sqrt": math.sqrt,
    "log": math.log,
    "log2": math.log2,
    "log10": math.log10,
    "ceil": math.ceil,
    "floor": math.floor,
}
_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: safe_mult,
    ast.Div: operator.truediv,
    ast.Pow: safe_power,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}
_NODES = {"Expr", "Constant", "Name", "Call", "BinOp", "UnaryOp"}


class FormulaError(Exception):
    """A formula that gives no number, and why."""


def evaluate(formula: str, values: Mapping[str, Any]) -> float:
    """The formula's value for these parameters. Raises FormulaError unless it is a finite real number."""
    evaluator = SimpleEval(operators=_OPERATORS, functions=FUNCTIONS, names=dict(values))
    evaluator.nodes = {node: act for node, act in evaluator.nodes.items() if node.__name__ in _NODES}
    try:
        result = evaluator.eval(formula)
    except (InvalidExpression, SyntaxError, ArithmeticError, ValueError, TypeError, KeyError) as error:
        raise FormulaError(_reason(error)) from error
    if isinstance(result, bool) or not isinstance(result, int | float) or not math.isfinite(result):
        raise FormulaError(f"gives {result!r}, which is no real number")
    return float(result)


def _reason(error: Exception) -> str:
    message = str(getattr(error, "message", "") or error)
    return message if isinstance(error, InvalidExpression) else f"{type(error).__name__}: {message}"
