"""Where the demo plays: two branches, and the districts around them with the roads that people live on."""

from typing import NamedTuple


class District(NamedTuple):
    """A district, the middle of it (WGS 84, degrees), and real roads in it."""

    name: str
    lat: float
    lon: float
    roads: tuple[str, ...]


class Place(NamedTuple):
    """A branch's city."""

    branch: str
    name: str
    city: str
    lat: float
    lon: float
    districts: tuple[District, ...]


PLACES = (
    Place(
        "sh-01",
        "上海静安服务中心",
        "上海市",
        31.2286,
        121.4480,
        (
            District("静安区", 31.2286, 121.4480, ("南京西路", "延平路", "康定路", "江宁路")),
            District("徐汇区", 31.1883, 121.4365, ("肇嘉浜路", "天钥桥路", "漕溪北路")),
            District("长宁区", 31.2204, 121.4246, ("长宁路", "定西路", "愚园路")),
            District("普陀区", 31.2495, 121.3956, ("曹杨路", "武宁路", "长寿路")),
            District("虹口区", 31.2646, 121.5051, ("四川北路", "大连西路")),
            District("杨浦区", 31.2595, 121.5260, ("四平路", "控江路", "黄兴路")),
        ),
    ),
    Place(
        "cd-01",
        "成都武侯服务中心",
        "成都市",
        30.6418,
        104.0433,
        (
            District("武侯区", 30.6418, 104.0433, ("武侯祠大街", "科华北路", "人民南路四段")),
            District("锦江区", 30.6577, 104.0809, ("东大街", "静居寺路", "东光街")),
            District("青羊区", 30.6743, 104.0625, ("东城根街", "青羊上街", "光华村街")),
            District("金牛区", 30.6913, 104.0525, ("沙湾路", "营门口路")),
            District("成华区", 30.6603, 104.1013, ("建设路", "双林路", "府青路")),
        ),
    ),
)
