"""Symbols are read back by a reader that is not ours."""

import io
import re

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from gridcontainer.tags.identifier import make_tag_id
from gridcontainer.tags.printing import Label, sheet_html, tag_png, tag_svg

TAGS = [make_tag_id("traffic", f"object {number}", "stop") for number in range(12)]


def scan(image: np.ndarray) -> str:
    (found,) = zxingcpp.read_barcodes(image)
    return found.text


def pixels_of_svg(svg: str) -> np.ndarray:
    """The modules that a path of segno draws: lines to the right, each of one module's height."""
    width, height = (int(size) for size in re.search(r'viewBox="0 0 (\d+) (\d+)"', svg).groups()) \
        if "viewBox" in svg else [int(n) // 4 for n in re.search(
            r'width="(\d+)" height="(\d+)"', svg).groups()]  # fmt: skip
    image = np.full((height, width), 255, dtype=np.uint8)
    path = re.search(r'class="qrline"[^>]* d="([^"]+)"', svg) or re.search(r' d="([^"]+)"', svg)
    x = y = 0.0
    for step, first, second in re.findall(r"([Mmh])(-?[\d.]+)(?: (-?[\d.]+))?", path.group(1)):
        if step == "M":
            x, y = float(first), float(second)
        elif step == "m":
            x, y = x + float(first), y + float(second)
        else:
            image[int(y), int(x) : int(x + float(first))] = 0
            x += float(first)
    return np.kron(image, np.ones((4, 4), dtype=np.uint8))


@pytest.mark.parametrize("tag", TAGS[:4])
def test_a_png_is_read_back(tag):
    image = np.asarray(Image.open(io.BytesIO(tag_png(tag))).convert("L"))
    assert scan(image) == tag


@pytest.mark.parametrize("tag", TAGS[:4])
def test_an_svg_is_read_back(tag):
    assert scan(pixels_of_svg(tag_svg(tag))) == tag


def test_a_symbol_is_read_though_a_part_is_lost():
    image = np.asarray(Image.open(io.BytesIO(tag_png(TAGS[0], scale=10))).convert("L")).copy()
    size = len(image)
    image[size * 6 // 10 : size * 7 // 10, size * 6 // 10 : size * 7 // 10] = 255
    assert scan(image) == TAGS[0]


def test_a_sheet_has_every_symbol_with_its_text_under_it():
    labels = [Label(tag, "公交站 Bus stop", f"<stop & {n}>") for n, tag in enumerate(TAGS)]
    sheet = sheet_html(labels, title="Stops")
    figures = re.findall(r"<figure>(<svg.*?</svg>)<figcaption><b>(.*?)</b><br>(.*?)</figcaption>",
                         sheet, re.DOTALL)  # fmt: skip
    assert [tag for _, tag, _ in figures] == TAGS
    assert [text for _, _, text in figures] == [
        f"公交站 Bus stop<br>&lt;stop &amp; {n}&gt;" for n in range(len(TAGS))
    ]
    for symbol, tag, _ in figures:
        assert scan(pixels_of_svg(symbol)) == tag
    assert "http://" not in sheet.replace("http://www.w3.org/2000/svg", "")
