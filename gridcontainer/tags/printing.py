"""Tags as QR symbols: one as SVG or PNG, many on a sheet to print."""

import html
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import segno

_QUIET_ZONE: Final = 4  # modules, ISO/IEC 18004
_STYLE: Final = """\
@page { margin: 10mm }
body { margin: 0; display: flex; flex-wrap: wrap; font: 9pt sans-serif }
figure { width: 44mm; margin: 2mm; padding: 1mm; border: 0.2mm dashed #999; text-align: center;
  break-inside: avoid }
figure svg { width: 36mm; height: 36mm }
figcaption b { font-family: monospace; white-space: nowrap }
"""


@dataclass(frozen=True)
class Label:
    """What stands on a printed tag.

    Attributes:
        tag_id: in the symbol, and under it.
        title: of its class, for people.
        text: more to read, or ``""``.
    """

    tag_id: str
    title: str
    text: str = ""


def tag_svg(tag_id: str) -> str:
    """The symbol of a tag as an SVG document."""
    stream = io.BytesIO()
    _symbol(tag_id).save(stream, kind="svg", border=_QUIET_ZONE, scale=4, title=tag_id)
    return stream.getvalue().decode()


def tag_png(tag_id: str, *, scale: int = 10) -> bytes:
    """The symbol of a tag as a PNG image.

    Args:
        tag_id: of the tag.
        scale: pixels a module.
    """
    stream = io.BytesIO()
    _symbol(tag_id).save(stream, kind="png", border=_QUIET_ZONE, scale=scale)
    return stream.getvalue()


def sheet_html(labels: Iterable[Label], *, title: str) -> str:
    """A page to print: under each symbol its identifier, class and text. Needs no network."""
    figures = "\n".join(_figure(label) for label in labels)
    return (
        f'<!DOCTYPE html>\n<html lang="zh">\n<head><meta charset="utf-8">'
        f"<title>{html.escape(title)}</title>\n<style>\n{_STYLE}</style></head>\n"
        f"<body>\n{figures}\n</body>\n</html>\n"
    )


def _figure(label: Label) -> str:
    symbol = _symbol(label.tag_id).svg_inline(border=_QUIET_ZONE, scale=4)
    lines = [html.escape(line) for line in (label.title, label.text) if line]
    return (
        f"<figure>{symbol}<figcaption><b>{html.escape(label.tag_id)}</b><br>"
        f"{'<br>'.join(lines)}</figcaption></figure>"
    )


def _symbol(tag_id: str) -> segno.QRCode:
    # Capitals, digits and hyphens are QR's own alphabet; a quarter of the symbol may be lost.
    return segno.make_qr(tag_id, error="q", boost_error=False)
