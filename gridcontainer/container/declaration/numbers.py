"""How numbers are written in a column of text, and how keys are compared."""

import unicodedata
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from gridcontainer.container.declaration.model import Model


def _a_sign(text: str) -> str:
    sign = unicodedata.normalize("NFKC", text).strip()
    if not sign or any(c.isdigit() or c in "+-.,%()'" or c.isspace() for c in sign):
        raise ValueError("is no sign or unit beside a number, such as ￥, USD or 元")
    return sign


Sign = Annotated[str, AfterValidator(_a_sign)]
KeyStep = Literal["nfkc", "blanks", "case"]


class NumberFormat(Model):
    """How the numbers of one column are written.

    Without any key it reads plain decimal numbers only. White space around a number, full-width
    digits and signs, and the apostrophe that Excel puts before a number stored as text are always
    understood.

    Attributes:
        decimal: mark before the fraction.
        thousands: mark between groups of three digits: ``,`` ``.`` ``'`` or a blank (of any kind).
        multiples: ``true`` reads 千, 万, 百万, 千万, 亿 and 万亿 behind a number: 3.5万 is 35000.
        signs: currency signs and units that may stand before or behind a number; they do not change
            its value, so declare only signs of one unit.
        percent: ``fraction`` reads 50% as 0.5, ``number`` reads it as 50.
        brackets: ``negative`` reads (50) as -50, as accountants write.
    """

    decimal: Literal[".", ","] = "."
    thousands: Literal[",", ".", "'", " "] | None = None
    multiples: bool = False
    signs: Annotated[list[Sign], Field(max_length=20)] = []
    percent: Literal["fraction", "number"] | None = None
    brackets: Literal["negative"] | None = None

    @model_validator(mode="after")
    def _two_marks(self) -> Self:
        if self.thousands == self.decimal:
            raise ValueError(f"thousands and decimal are both {self.decimal!r}: one must differ")
        return self
