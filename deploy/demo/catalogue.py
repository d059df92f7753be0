# ruff: noqa: RUF001 (Chinese punctuation is meant)
"""What the demo's company sells and mends: product lines, faults in customers' words, and the forty parts."""

from typing import NamedTuple


class Line(NamedTuple):
    """A product line: its name, its models, and what customers say about each of its faults."""

    name: str
    models: tuple[str, ...]
    faults: dict[str, tuple[str, ...]]


class PartRow(NamedTuple):
    """A part: which faults of its line it mends (none: only on a technician's word), how many, for how many yuan."""

    code: str
    name: str
    specification: str
    faults: str
    quantity: int
    price: str


LINES = {
    "refrigerator": Line(
        "冰箱",
        ("BCD-331", "BCD-470"),
        {
            "no-cooling": ("冷藏室完全不制冷，菜都坏了", "冰箱不制冷，压缩机不启动", "冷冻室化冻了，一直不停机"),
            "noise": ("夜里嗡嗡响，声音很大", "后面风扇有摩擦声"),
            "leak": ("冰箱底下一直往外渗水", "冷藏室后壁积水结冰"),
            "door-seal": ("门关不严，门封条开裂", "门下沉，关上会自己弹开"),
        },
    ),
    "air-conditioner": Line(
        "空调",
        ("KFR-35GW", "KFR-72LW"),
        {
            "no-cooling": ("开了半小时还是热风", "制冷效果差，外机有霜"),
            "error-e1": ("开机显示 E1，风机不转", "屏幕闪 E1，关机也没用"),
            "drips": ("内机滴水，墙纸湿了一片", "室内机漏水，用盆接着"),
            "remote-dead": ("遥控器没反应，换过电池了", "按遥控器空调不响应"),
        },
    ),
    "washing-machine": Line(
        "洗衣机",
        ("XQB80", "XQG100"),
        {
            "no-spin": ("能洗不能脱水", "滚筒不转，有焦味"),
            "leak": ("洗衣时门边漏水", "进水口接头一直滴水"),
            "door-locked": ("洗完门打不开", "门锁咔咔响，开不了机"),
            "error-e4": ("报 E4，水排不掉", "排水很慢，最后停在 E4"),
        },
    ),
    "water-heater": Line(
        "热水器",
        ("EC6001", "JSQ30"),
        {
            "no-ignition": ("打不着火，有打火声", "开水后不点火，一直是冷水"),
            "unstable-temperature": ("水温忽冷忽热", "洗到一半变凉，几分钟后又烫"),
            "leak": ("热水器底部滴水", "泄压阀一直流水"),
            "error-e0": ("显示 E0，无法启动", "风机转一下就停，报 E0"),
        },
    ),
    "range-hood": Line(
        "吸油烟机",
        ("CXW-260",),
        {
            "weak-suction": ("吸力变小，满屋油烟", "油烟机转但不吸烟"),
            "lamp-out": ("照明灯不亮", "灯一闪一闪的"),
        },
    ),
}

PARTS = {
    "refrigerator": (
        PartRow("R-01", "变频压缩机", "VTH1113Y 220V", "no-cooling", 1, "680.00"),
        PartRow("R-02", "制冷剂 R600a", "420 g", "no-cooling", 1, "58.00"),
        PartRow("R-03", "温控器", "NTC 5K", "no-cooling", 1, "85.00"),
        PartRow("R-04", "风扇电机", "12 V", "noise", 1, "120.00"),
        PartRow("R-05", "减震胶垫", "φ20", "noise", 4, "3.50"),
        PartRow("R-06", "排水管", "φ12 × 600 mm", "leak", 1, "18.00"),
        PartRow("R-07", "接水盘", "ABS", "leak", 1, "26.00"),
        PartRow("R-08", "门封条", "590 × 1180 mm", "door-seal", 1, "65.00"),
        PartRow("R-09", "门铰链", "上 / 下", "door-seal", 1, "42.00"),
    ),
    "air-conditioner": (
        PartRow("A-01", "室内控制板", "V3.2", "error-e1", 1, "320.00"),
        PartRow("A-02", "管温传感器", "20K", "error-e1", 1, "28.00"),
        PartRow("A-03", "制冷剂 R32", "1 kg", "no-cooling", 1, "160.00"),
        PartRow("A-04", "四通阀", "SHF-7", "no-cooling", 1, "210.00"),
        PartRow("A-05", "启动电容", "35 μF", "no-cooling", 1, "35.00"),
        PartRow("A-06", "排水软管", "φ16 × 2 m", "drips", 1, "15.00"),
        PartRow("A-07", "冷凝水泵", "12 L/h", "drips", 1, "135.00"),
        PartRow("A-08", "遥控器", "RC-08", "remote-dead", 1, "49.00"),
        PartRow("A-09", "红外接收板", "38 kHz", "remote-dead", 1, "38.00"),
    ),
    "washing-machine": (
        PartRow("W-01", "变频电机", "BLDC 300 W", "no-spin", 1, "430.00"),
        PartRow("W-02", "多楔带", "1270 J5", "no-spin", 1, "22.00"),
        PartRow("W-03", "门密封圈", "EPDM", "leak", 1, "88.00"),
        PartRow("W-04", "进水阀", "双头 220 V", "leak", 1, "46.00"),
        PartRow("W-05", "卡箍", "φ25", "leak", 2, "5.00"),
        PartRow("W-06", "门锁开关", "PTC", "door-locked", 1, "55.00"),
        PartRow("W-07", "排水泵", "30 W", "error-e4", 1, "96.00"),
        PartRow("W-08", "水位传感器", "频率式", "error-e4", 1, "39.00"),
    ),
    "water-heater": (
        PartRow("H-01", "脉冲点火器", "3 V", "no-ignition", 1, "75.00"),
        PartRow("H-02", "点火针", "95 mm", "no-ignition", 2, "9.00"),
        PartRow("H-03", "燃气比例阀", "12T", "unstable-temperature", 1, "260.00"),
        PartRow("H-04", "水流传感器", "G1/2", "unstable-temperature", 1, "48.00"),
        PartRow("H-05", "密封圈组", "硅胶", "leak", 1, "12.00"),
        PartRow("H-06", "泄压阀", "0.75 MPa", "leak", 1, "33.00"),
        PartRow("H-07", "主控板", "JSQ V2", "error-e0", 1, "290.00"),
        PartRow("H-08", "风压开关", "60 Pa", "error-e0", 1, "52.00"),
    ),
    "range-hood": (
        PartRow("K-01", "风机电机", "180 W", "weak-suction", 1, "240.00"),
        PartRow("K-02", "油网", "300 × 260 mm", "weak-suction", 2, "30.00"),
        PartRow("K-03", "LED 灯", "12 V 2 W", "lamp-out", 1, "20.00"),
    ),
    "": (
        PartRow("C-01", "电源线", "3 × 1.5 mm²", "", 1, "25.00"),
        PartRow("C-02", "保险丝", "T10A", "", 1, "2.00"),
        PartRow("C-03", "接线端子", "5 位", "", 1, "6.50"),
    ),
}
"""By product line; those under no line fit any product, and only a technician on site can tell that they are needed."""
