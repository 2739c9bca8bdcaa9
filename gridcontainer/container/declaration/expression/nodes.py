"""What each node of a syntax tree is compiled to."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from sqlglot import exp

from gridcontainer.container.declaration.expression import calls, operators
from gridcontainer.container.declaration.expression.functions import (
    CASTS,
    FIXED,
    RELATED,
    unknown_function,
)
from gridcontainer.container.declaration.expression.kinds import Engine, Kind, Term
from gridcontainer.container.declaration.expression.parse import name_of
from gridcontainer.container.declaration.expression.pattern import check_like
from gridcontainer.container.declaration.expression.texts import trim

if TYPE_CHECKING:
    from gridcontainer.container.declaration.expression.compile import Compiler

Down = Callable[[exp.Expr], Term]
Write = Callable[["Compiler", Any, Down], Term]

_COMPARISONS: Final[Mapping[type[exp.Expr], tuple[str, str]]] = {
    exp.EQ: ("=", "="),
    exp.NEQ: ("<>", "<>"),
    exp.LT: ("<", "<"),
    exp.LTE: ("<=", "<="),
    exp.GT: (">", ">"),
    exp.GTE: (">=", ">="),
    exp.NullSafeEQ: ("<=>", "IS NOT DISTINCT FROM"),
}
_ARITHMETIC: Final[Mapping[type[exp.Expr], tuple[str, str]]] = {
    exp.Add: ("+", "try_add"),
    exp.Sub: ("-", "try_subtract"),
    exp.Mul: ("*", "try_multiply"),
}
_TYPES: Final = {
    **dict.fromkeys(("TEXT", "VARCHAR"), "string"),
    **{name.upper(): name for name in CASTS - {"string", "timestamp"}},
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMPTZ"), "timestamp"),
}


def _column(self: "Compiler", node: exp.Column, down: Down) -> Term:
    name = name_of(node)
    kind = Kind.ANY if self.kinds is None else self.kinds[name]
    if kind is Kind.OTHER and not (isinstance(node.parent, exp.Is)):
        raise ValueError(f"column {name} is nested or binary: only IS NULL can be asked of it")
    sql = self.engine.column(self.names.get(name, name))
    if self.engine is Engine.SPARK and kind in (Kind.INTEGER, Kind.NUMBER, Kind.TIMESTAMP):
        sql = f"CAST({sql} AS {self.engine.type(kind)})"  # from a smaller type, or one without zone
    return Term(sql, kind)


def _literal(self: "Compiler", node: exp.Literal, down: Down) -> Term:
    if node.is_string:
        if "\0" in node.this:
            raise ValueError("a text may not hold a zero byte")
        return Term(self.engine.text(node.this), Kind.TEXT, node.this)
    return operators.number(node.this, self.engine)


def _boolean(self: "Compiler", node: exp.Boolean, down: Down) -> Term:
    return Term("TRUE" if node.this else "FALSE", Kind.BOOLEAN, bool(node.this))


def _negative(self: "Compiler", node: exp.Neg, down: Down) -> Term:
    term = down(node.this)
    if term.kind in (Kind.INTEGER, Kind.NUMBER) and term.literal is not None:
        return operators.number(f"-{str(term.literal).removeprefix('-')}", self.engine)
    if term.kind is Kind.INTEGER:
        return operators.whole(
            "try_subtract", operators.number("0", self.engine), term, self.engine
        )
    return Term(f"(- {self.to(term, Kind.NUMBER).sql})", self.number_of(term))


def _arithmetic(self: "Compiler", node: exp.Binary, down: Down) -> Term:
    left, right = down(node.this), down(node.expression)
    sign, function = _ARITHMETIC[type(node)]
    if left.kind is Kind.INTEGER and right.kind is Kind.INTEGER:
        return operators.whole(function, left, right, self.engine)
    if Kind.ANY in (left.kind, right.kind):
        return Term(f"({left.sql} {sign} {right.sql})", Kind.ANY)
    sides = [self.to(term, Kind.NUMBER).sql for term in (left, right)]
    return Term(f"({sides[0]} {sign} {sides[1]})", Kind.NUMBER)


def _divide(self: "Compiler", node: exp.Div, down: Down) -> Term:
    left, right = (self.to(down(side), Kind.NUMBER).sql for side in (node.this, node.expression))
    return Term(
        f"({left} / nullif({right}, {operators.number('0.0', self.engine).sql}))", Kind.NUMBER
    )


def _remainder(self: "Compiler", node: exp.Binary, down: Down) -> Term:
    return operators.remainder(self, [down(node.this), down(node.expression)])


def _divide_whole(self: "Compiler", node: exp.IntDiv, down: Down) -> Term:
    left, right = (self.to(down(side), Kind.INTEGER).sql for side in (node.this, node.expression))
    if self.engine is Engine.DUCKDB:
        return Term(f"TRY({left} // nullif({right}, 0))", Kind.INTEGER)
    by_one = f"WHEN {right} = -1L THEN try_subtract(0L, {left})"
    return Term(f"(CASE {by_one} ELSE {left} div nullif({right}, 0L) END)", Kind.INTEGER)


def _compare(self: "Compiler", node: exp.Binary, down: Down) -> Term:
    sign = _COMPARISONS[type(node)][self.engine.value]
    return operators.compare(self, sign, down(node.this), down(node.expression))


def _both_sides(self: "Compiler", node: exp.Connector, down: Down) -> Term:
    word = "AND" if isinstance(node, exp.And) else "OR"
    parts = list(node.flatten())  # a long chain is not deep
    sides = [self.to(down(part), Kind.BOOLEAN).sql for part in parts]
    return Term(f"({f' {word} '.join(sides)})", Kind.BOOLEAN)


def _not(self: "Compiler", node: exp.Not, down: Down) -> Term:
    return Term(f"(NOT {self.to(down(node.this), Kind.BOOLEAN).sql})", Kind.BOOLEAN)


def _is(self: "Compiler", node: exp.Is, down: Down) -> Term:
    term = down(node.this)
    if isinstance(node.expression, exp.Null):
        return Term(f"({term.sql} IS NULL)", Kind.BOOLEAN)
    if not isinstance(node.expression, exp.Boolean):
        raise ValueError("IS is followed by NULL, TRUE or FALSE, with or without NOT")
    asked = Term("TRUE" if node.expression.this else "FALSE", Kind.BOOLEAN)
    sign = _COMPARISONS[exp.NullSafeEQ][self.engine.value]
    return operators.compare(self, sign, self.to(term, Kind.BOOLEAN), asked)


def _in(self: "Compiler", node: exp.In, down: Down) -> Term:
    if not node.expressions:
        raise ValueError("IN needs a list of values")
    term, options = down(node.this), [down(option) for option in node.expressions]
    if all(part.kind is Kind.TEXT for part in (term, *options)):
        listed = ", ".join(option.sql for option in options)
        return Term(f"({term.sql} IN ({listed}))", Kind.BOOLEAN)
    sides = [operators.compare(self, "=", term, option).sql for option in options]
    return Term(f"({' OR '.join(sides)})", Kind.BOOLEAN)


def _between(self: "Compiler", node: exp.Between, down: Down) -> Term:
    term, low, high = (down(node.args[part]) for part in ("this", "low", "high"))
    above, below = (
        operators.compare(self, ">=", term, low),
        operators.compare(self, "<=", term, high),
    )
    return Term(f"({above.sql} AND {below.sql})", Kind.BOOLEAN)


def _like(self: "Compiler", node: exp.Like, down: Down) -> Term:
    term, pattern = self.to(down(node.this), Kind.TEXT), down(node.expression)
    if pattern.kind is not Kind.TEXT or not isinstance(pattern.literal, str):
        raise ValueError("LIKE needs a pattern in quotes")
    check_like(pattern.literal)
    escape = " ESCAPE '\\'" if self.engine is Engine.DUCKDB else ""
    negated = "NOT " if node.args.get("negate") else ""
    return Term(f"({negated}{term.sql} LIKE {pattern.sql}{escape})", Kind.BOOLEAN)


def _matches(self: "Compiler", node: exp.Expr, down: Down) -> Term:
    term = calls.call(self, "regexp_like", [down(node.this), down(node.expression)])
    return Term(f"(NOT {term.sql})", Kind.BOOLEAN) if node.args.get("negate") else term


def _case(self: "Compiler", node: exp.Case, down: Down) -> Term:
    asked = node.args.get("this")
    conditions, results = [], [down(branch.args["true"]) for branch in node.args["ifs"]]
    for branch in node.args["ifs"]:
        when = down(branch.this)
        condition = operators.compare(self, "=", down(asked), when) if asked else when
        conditions.append(self.to(condition, Kind.BOOLEAN))
    otherwise = node.args.get("default")
    results.append(down(otherwise) if otherwise else Term("NULL", Kind.NULL))
    return operators.choose(self, conditions, results)


def _if(self: "Compiler", node: exp.If, down: Down) -> Term:
    other = node.args.get("false")
    results = [down(node.args["true"]), down(other) if other else Term("NULL", Kind.NULL)]
    return operators.choose(self, [self.to(down(node.this), Kind.BOOLEAN)], results)


def _cast(self: "Compiler", node: exp.Cast, down: Down) -> Term:
    named = node.to.this
    said = named.name if isinstance(named, exp.DType) else str(named)
    if (name := _TYPES.get(said)) is None or node.to.expressions:
        types = ", ".join(sorted(CASTS))
        raise ValueError(f"CAST to {said.lower()} is not allowed; allowed are {types}")
    return operators.cast(self, name, down(node.this))


def _trim(self: "Compiler", node: exp.Trim, down: Down) -> Term:
    chars = node.args.get("expression")
    side = str(node.args.get("position") or "BOTH").upper()
    return trim(self, side, down(node.this), down(chars) if chars else None)


def _function(self: "Compiler", node: exp.Anonymous, down: Down) -> Term:
    name = str(node.this).lower()
    if name not in FIXED and name not in CASTS and name not in RELATED:
        raise ValueError(unknown_function(name))
    return calls.call(self, name, [down(part) for part in node.expressions])


def _joined(self: "Compiler", node: exp.DPipe, down: Down) -> Term:
    return calls.call(self, "concat", [down(node.this), down(node.expression)])


def _node(write: Write, *more: str) -> tuple[Write, frozenset[str]]:
    """How a node is compiled, and which of its parts that takes into account."""
    return write, frozenset({"this", "expression", *more})


NODES: Final[Mapping[type[exp.Expr], tuple[Write, frozenset[str]]]] = {
    exp.Column: _node(_column, "table", "db", "catalog"),
    exp.Literal: _node(_literal, "is_string"),
    exp.Boolean: _node(_boolean),
    exp.Null: _node(lambda self, node, down: Term("NULL", Kind.NULL)),
    exp.Paren: _node(lambda self, node, down: down(node.this)),
    exp.Neg: _node(_negative),
    exp.Div: _node(_divide, "typed", "safe"),
    exp.Mod: _node(_remainder),
    exp.IntDiv: _node(_divide_whole),
    exp.And: _node(_both_sides),
    exp.Or: _node(_both_sides),
    exp.Not: _node(_not),
    exp.Is: _node(_is),
    exp.In: _node(_in, "expressions"),
    exp.Between: _node(_between, "low", "high"),
    exp.Like: _node(_like, "negate"),
    exp.RegexpLike: _node(_matches, "negate"),
    exp.Case: _node(_case, "ifs", "default"),
    exp.If: _node(_if, "true", "false"),
    exp.Cast: _node(_cast, "to", "safe"),
    exp.TryCast: _node(_cast, "to", "safe"),
    exp.Trim: _node(_trim, "position"),
    exp.Anonymous: _node(_function, "expressions"),
    exp.DPipe: _node(_joined, "safe"),
    **{kind: _node(_arithmetic) for kind in _ARITHMETIC},
    **{kind: _node(_compare) for kind in _COMPARISONS},
}
