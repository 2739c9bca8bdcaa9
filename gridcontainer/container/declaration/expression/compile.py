"""Syntax trees to SQL of one engine, with the kind of each part known and each cast written out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlglot import exp

from gridcontainer.container.declaration.expression import operators
from gridcontainer.container.declaration.expression.functions import unknown_function
from gridcontainer.container.declaration.expression.kinds import (
    Engine,
    Kind,
    Term,
    convert,
    unify,
)
from gridcontainer.container.declaration.expression.nodes import NODES
from gridcontainer.container.declaration.expression.parse import DEEPEST

_LONGEST: Final = 1_000_000


@dataclass(frozen=True)
class Compiler:
    """Compiles trees for an engine, over columns of known kinds.

    Attributes:
        engine: that computes the result.
        kinds: of the columns, by the name that the tree has for them; None where they are not known
            yet, and the tree is only checked.
        names: of the columns in the engine, by the same name.
    """

    engine: Engine
    kinds: Mapping[str, Kind] | None
    names: Mapping[str, str]

    def term(self, node: exp.Expr, depth: int = 0) -> Term:
        """One node with all that is below it.

        Raises:
            ValueError: it is not in the dialect, or mixes kinds that do not go together.
        """
        if depth > DEEPEST:
            raise ValueError(f"is nested more than {DEEPEST} deep")
        if type(node) not in NODES:
            raise ValueError(_refusal(node))
        write, reads = NODES[type(node)]
        spoken = {name for name, value in node.args.items() if value}
        if unknown := spoken - reads:
            raise ValueError(f"{node.key}: {', '.join(sorted(unknown))} is not allowed here")
        term = write(self, node, lambda part: self.term(part, depth + 1))
        if len(term.sql) > _LONGEST:
            raise ValueError("is too long when it is written out")
        return term

    def to(self, term: Term, kind: Kind) -> Term:
        """The value as another kind.

        Raises:
            ValueError: a part cannot be one, or would be written differently by each engine.
        """
        if (written := operators.literal_as(term, kind, self.engine)) is not None:
            return written
        if term.kind is Kind.NUMBER and kind is Kind.TEXT:
            raise ValueError(
                "a number with a fraction is no text, for it is written in many ways: round it and "
                "CAST it AS BIGINT first"
            )
        return convert(term, kind, self.engine)

    def number_of(self, term: Term) -> Kind:
        """The kind of a number that is made of another: not known where that one is not."""
        return Kind.ANY if term.kind is Kind.ANY else Kind.NUMBER

    def together(self, terms: list[Term]) -> tuple[list[Term], Kind]:
        """Several values as the one kind that they have in common."""
        kinds = [term.kind for term in terms]
        if Kind.TEXT in kinds:  # 0.5 among texts is the text 0.5
            terms = [
                term if term.literal is None else operators.literal_text(term, self.engine)
                for term in terms
            ]
        kind = unify([term.kind for term in terms])
        return [self.to(term, kind) for term in terms], kind


def _refusal(node: exp.Expr) -> str:
    if isinstance(node, exp.Func):
        return unknown_function(node.sql_name().lower())
    names: dict[type[exp.Expr], str] = {
        exp.Alias: "two things side by side",
        exp.Star: "*",
        exp.Subquery: "a query",
    }
    return f"{names.get(type(node), node.key)} is not allowed in an expression"
