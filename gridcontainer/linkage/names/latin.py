"""A name in Chinese and the same name in English, written so that the two can be compared.

English names of stations and places spell some words in pinyin and translate others ("Road",
"West", "Park"), which of them is custom, and the order differs. Here the translated words go back
to pinyin, and of all words only the letters remain, in the order of the alphabet.
"""

import re
from typing import Final

from pypinyin import Style, lazy_pinyin

from gridcontainer.linkage.names.fold import fold

_PINYIN: Final = {
    "road": "lu", "avenue": "dadao", "street": "jie", "highway": "gonglu", "bridge": "qiao",
    "square": "guangchang", "plaza": "guangchang", "park": "gongyuan", "garden": "yuan",
    "temple": "si", "lake": "hu", "river": "he", "mountain": "shan", "island": "dao",
    "town": "cheng", "city": "cheng", "village": "cun", "zone": "qu", "district": "qu",
    "east": "dong", "south": "nan", "west": "xi", "north": "bei", "middle": "zhong",
    "central": "zhong", "center": "zhongxin", "centre": "zhongxin", "new": "xin", "old": "lao",
    "great": "da", "grand": "da", "world": "shijie", "international": "guoji",
    "university": "daxue", "college": "xueyuan", "school": "xuexiao", "hospital": "yiyuan",
    "library": "tushuguan", "museum": "bowuguan", "art": "yishu", "science": "keji",
    "stadium": "tiyuchang", "gymnasium": "tiyuguan", "sports": "tiyu", "football": "zuqiu",
    "swimming": "youyong", "airport": "jichang", "terminal": "hangzhanlou", "port": "gang",
    "railway": "huoche", "station": "", "passenger": "keyun", "development": "kaifa",
    "technology": "", "oriental": "dongfang", "people's": "renmin", "peoples": "renmin",
    "expo": "shibo", "zoo": "dongwuyuan", "amusement": "leyuan", "resort": "dujiaqu",
    "disney": "dishini", "automobile": "qiche", "circus": "maxi", "free": "baoshui", "trade": "",
    "and": "", "the": "", "of": "",
}  # fmt: skip
_AS_ONE: Final = {"amusement park": "amusement", "indoor stadium": "gymnasium"}
_ENDINGS: Final = re.compile(r"(?:地铁站|站|号(?=航站楼))")
_BRACKETED: Final = re.compile(r"\([^()]*\)?")
_WORD: Final = re.compile(r"[a-z']+|\d+")


def latin_key(name: str) -> str:
    """The letters of a name in pinyin, in the order of the alphabet.

    >>> latin_key("大连西路站") == latin_key("West Dalian Road") == "aadiillnux"
    True
    """
    if fold(name).isascii():
        spelled = _pinyin_of_english(_BRACKETED.sub("", name.lower().replace("’", "'")))
    else:
        chinese = _ENDINGS.sub("", _BRACKETED.sub("", fold(name)))
        spelled = "".join(lazy_pinyin(chinese, style=Style.NORMAL))
    plain = spelled.replace("ü", "v")
    return "".join(sorted(letter for letter in plain if letter.isascii() and letter.isalnum()))


def _pinyin_of_english(name: str) -> str:
    for words, word in _AS_ONE.items():
        name = name.replace(words, word)
    return "".join(_PINYIN.get(word, word) for word in _WORD.findall(name))
