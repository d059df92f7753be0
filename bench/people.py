"""Made-up customers by the million, each with a product, as the archive stores them."""

import random
from collections.abc import Iterator
from datetime import date
from functools import cache
from itertools import accumulate, permutations
from typing import NamedTuple

from aftersales.common.mongo import Document, to_document
from aftersales.intake.archive.domain import search
from aftersales.intake.archive.domain.caller import NamedCaller
from aftersales.intake.archive.domain.customer import enrol_customer
from aftersales.intake.archive.domain.product import Owner, archive_product
from aftersales.intake.archive.domain.statement import MatchedProduct, ProductForm
from aftersales.values import uuid7

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏"
    "钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文单仇"
)
_CHARS = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰红梅建国志文小晓海燕春秋云飞鹏宇浩然子轩梓涵欣怡佳琪雨桐诗"
PLACES = (
    *("北京市朝阳区", "北京市海淀区", "北京市丰台区", "北京市通州区", "上海市浦东新区", "上海市静安区", "上海市徐汇区"),
    *("广州市天河区", "深圳市南山区", "杭州市西湖区", "成都市武侯区", "重庆市渝中区", "武汉市洪山区", "西安市雁塔区"),
)
ROADS = [
    a + b + c for a in "建中人解和新长东西南北青文光花" for b in "国华民放平安江风门城湖山明阳园" for c in "路街巷"
]
BRANCHES = 40
GIVEN = [*_CHARS, *map("".join, random.Random(1).sample([*permutations(_CHARS, 2)], 300))]
_OFTEN = [*accumulate(1 / (rank + 3) for rank in range(len(SURNAMES)))]
_DAY = date(2026, 11, 23)
Documents = dict[str, Document]
"""One customer's, by collection."""


class Person(NamedTuple):
    id: str
    branch: str
    name: str
    phone: str
    road: str
    house: tuple[int, int, int]
    serial: str
    model: str

    @property
    def address(self) -> str:
        house, block, flat = self.house
        return f"{self.road}{house}号{block}号楼{flat}"


def people(first: int, count: int) -> Iterator[Person]:
    """The same numbers give the same people, but for their ids."""
    chance = random.Random(first)
    for number in range(first, first + count):
        yield Person(
            id=uuid7(),
            branch=f"sh-{number % BRANCHES:02}",
            name=chance.choices(SURNAMES, cum_weights=_OFTEN)[0] + chance.choice(GIVEN),
            phone=f"+8613{chance.randrange(10):1}{number:08}",
            road=chance.choice(PLACES) + chance.choice(ROADS),
            house=(chance.randrange(1, 400), chance.randrange(1, 30), chance.randrange(101, 2500)),
            serial=f"RF{chance.randrange(10**5):05}{number:08}",
            model=f"BCD-{chance.randrange(100, 400)}",
        )


def as_intake_does(person: Person) -> Documents:
    """What intake itself would store: the truth, and ten times as slow as `documents`."""
    caller = NamedCaller(name=person.name, phone=person.phone, address=person.address)
    customer, (contact,) = enrol_customer(person.id, caller, person.branch)
    form = ProductForm(serial=person.serial, model=person.model, line="refrigerator")
    product = archive_product(None, MatchedProduct(form), Owner(person.id, person.branch), _DAY)
    stored = (customer, contact, search.search_entry(customer), product)
    return {one.COLLECTION: to_document(one.but(version=1)) for one in stored}


_MODEL = as_intake_does(next(people(0, 1)))


def documents(person: Person) -> Documents:
    """The same as `as_intake_does`, from a model document and what is known of the name and the road."""
    tails = (person.phone[1:][-length:] for length in range(4, 12))
    likeness = "=" + search._digest(person.name, person.address)
    tokens = {search.branch_token(person.branch), likeness, *_name(person.name), *_road(person.road), *tails}
    tokens.update(map(str, person.house), (f"{person.road[-2:]}{person.house[0]}",))
    shared = {"branch": person.branch, "customer": person.id}
    customer = _MODEL["customers"]
    phone, address = (
        customer["phones"][0] | {"number": person.phone},
        customer["addresses"][0] | {"text": person.address},
    )
    said = {"name": person.name, "phone": person.phone, "address": person.address, "branch": person.branch}
    serial = {"_id": person.serial, "backwards": person.serial[::-1], "model": person.model}
    return {
        "customers": customer | said | {"_id": person.id, "phones": (phone,), "addresses": (address,)},
        "contact_points": _MODEL["contact_points"] | shared | {"_id": person.phone},
        "search_entries": _MODEL["search_entries"] | shared | {"_id": person.id, "tokens": tuple(sorted(tokens))},
        "products": _MODEL["products"] | shared | serial,
    }


def archived(first: int, count: int) -> Iterator[Documents]:
    """What a search reads of these people."""
    for person in people(first, count):
        stored = documents(person)
        del stored["contact_points"]
        yield stored


@cache
def _name(name: str) -> frozenset[str]:
    return frozenset(search.name_tokens(name))


@cache
def _road(road: str) -> frozenset[str]:
    return frozenset(search.text_tokens(road))
