"""Invented Chinese names: two syllables and a kind. None is meant to be a real place or firm."""

from collections.abc import Sequence

import numpy as np

FIRST = "澄沐榆霁岚砚蘅棠芷屿漪汐渌澹昉旻暄逸叙荻葭蓼翎鸥雁璟珞琮玥笙筠篁"
SECOND = "岫汀渚溆陂坞堰坪屏峤麓砾渡榭轩庐阡陌畹圃畦栈墀楹橹舫帆桡矶屾"
FIRST_ROMAN = (
    "Cheng Mu Yu Ji Lan Yan Heng Tang Zhi Yu Yi Xi Lu Dan Fang Min Xuan Yi Xu Di "
    "Jia Liao Ling Ou Yan Jing Luo Cong Yue Sheng Yun Huang"
)
SECOND_ROMAN = (
    "Xiu Ting Zhu Xu Bei Wu Yan Ping Ping Qiao Lu Li Du Xie Xuan Lu Qian Mo Wan "
    "Pu Qi Zhan Chi Ying Lu Fang Fan Rao Ji Shen"
)
ROMAN = dict(zip(FIRST + SECOND, f"{FIRST_ROMAN} {SECOND_ROMAN}".split(), strict=True))

CITY = "澜港市"
ROAD_KINDS = ("路", "街", "公路", "大道", "东路", "西路", "南路", "北路", "支路")
VILLAGE_KINDS = ("村", "新邨", "宅", "新村")


def distinct_names(rng: np.random.Generator, count: int, *parts: Sequence[str]) -> list[str]:
    """``count`` different names, each one choice of every part, in random order.

    When the choices run out, the next round carries a number (``2区``), so that a sample of any
    scale has distinct names.

    Args:
        rng: draws the order.
        count: names wanted.
        parts: the choices for each place in the name; no part repeats a choice.
    """
    capacity = int(np.prod([len(part) for part in parts]))
    names: list[str] = []
    while len(names) < count:
        done_rounds = len(names) // capacity
        tail = f"{done_rounds + 1}区" if done_rounds else ""
        picked = rng.permutation(capacity)[: count - len(names)]
        names.extend(_combination(int(index), parts) + tail for index in picked)
    return names


def _combination(index: int, parts: Sequence[Sequence[str]]) -> str:
    chosen = []
    for part in reversed(parts):
        index, choice = divmod(index, len(part))
        chosen.append(part[choice])
    return "".join(reversed(chosen))


def to_roman(name: str) -> str:
    """The name's known syllables in Latin letters, as a column of English names has them."""
    return "".join(ROMAN.get(character, "") for character in name).capitalize()
