"""The kinds of sheets that can be imported, as data."""

from aftersales.cli.sheets.cells import (
    Cell,
    customer_id,
    read_choice,
    read_code,
    read_codes,
    read_currency,
    read_degrees,
    read_email,
    read_given_serial,
    read_money,
    read_name,
    read_serial,
    read_term,
    read_text,
    read_whole,
    read_yes,
    zone_name,
)
from aftersales.cli.sheets.compulsory import ASKS, CHANNELS, INSTEAD, REACHED, REQUEST_KINDS
from aftersales.cli.sheets.days import read_day, read_minute, read_moment, read_until
from aftersales.cli.sheets.kinds import Column, Kind, Required
from aftersales.cli.sheets.phones import read_phone
from aftersales.cli.sheets.synonyms import WORDS

_LINE = read_text(200)
_PRICED = ("repair", "installation", "commissioning", "maintenance", "training", "consultation", "recall", "travel")
_READ_WORK = read_choice(*_PRICED, words={**WORDS["kind"], **WORDS["work"]})
_CLASSES = ("technical", "quality", "usage")
_BRANCH = Column("branch", "网点 網點", read_code, "the branch's code")


def _point(required: Required) -> tuple[Column, ...]:
    return (
        Column("lat", "纬度 緯度", read_degrees(90), "latitude in degrees, WGS 84", "location.lat", required),
        Column("lon", "经度 經度", read_degrees(180), "longitude", "location.lon", required),
    )


def _person(to: str = "", rest: str = "", address: Required = "always") -> tuple[Column, ...]:
    return (
        Column("name", "姓名", read_name, "the customer's name", f"{to}name"),
        Column(
            "phone",
            "电话 電話",
            read_phone,
            "without a country code it is a Chinese one; empty: there is another way to reach the customer",
            f"{to}phone",
            "never",
            may_be_unknown=True,
            rest=rest,
        ),
        Column("email", "电子邮箱 電子郵箱", read_email, "e-mail address", f"{to}email", "never", may_be_unknown=True),
        Column("chat_id", "聊天账号 聊天帳號", read_text(100), "account in a chat", f"{to}chat_id", "never"),
        Column(
            "unreachable", "无法联系原因 無法聯絡原因", _LINE, "why nobody can be reached", f"{to}unreachable", "never"
        ),
        Column("address", "地址", _LINE, "street and city", f"{to}address", address),
    )


def _product(to: str, required: Required, read: Cell = read_serial) -> tuple[Column, ...]:
    return (
        Column("serial", "序列号 序號", read, "the product's serial number", f"{to}serial", required),
        Column("model", "型号 型號", read_term, "its model, e.g. BCD-470", f"{to}model", required),
        Column(
            "line", "产品线 產品線", read_term, "its product line, e.g. refrigerator or 冰箱", f"{to}line", required
        ),
        Column("purchased_on", "购买日期 購買日期", read_day, "e.g. 2026-03-01", f"{to}purchased_on", "never"),
    )


BRANCHES = Kind(
    "branches",
    "intake",
    "PUT /branches/{code}",
    (
        Column("code", "网点编码 網點編碼", read_code, "e.g. sh-01", "{code}"),
        Column("name", "网点名称 網點名稱", _LINE, "its name"),
        Column("zone", "时区 時區", zone_name, "e.g. Asia/Shanghai"),
        *_point("always"),
        Column("address", "地址", _LINE, "its address, for slips; empty: as it is", required="never"),
        Column("phone", "电话 電話", read_phone, "its own phone; empty: as it is", required="never"),
    ),
    "Branches: new ones are opened, known ones become as the file says.",
    turn=("code",),
)
TECHNICIANS = Kind(
    "technicians",
    "dispatch",
    "PUT /technicians/{code}",
    (
        Column("code", "工号 工號", read_code, "e.g. T-01", "{code}"),
        Column("name", "姓名", _LINE, "name"),
        _BRANCH,
        Column("skills", "技能", read_codes(1000), "product lines, with ; between them", required="never"),
        Column("licence_until", "证书有效期 證書有效期", read_until, "last day of the licence"),
        Column("shift_start", "上班时间 上班時間", read_minute, "e.g. 08:00", "shift.start", "together"),
        Column("shift_end", "下班时间 下班時間", read_minute, "e.g. 20:00", "shift.end", "together"),
        Column("shift_zone", "班次时区 班次時區", zone_name, "empty: Asia/Shanghai", "shift.zone", "never"),
        Column("suspended", "停用", read_yes, "yes or no", required="never"),
    ),
    "Technicians: new ones are entered, known ones become as the file says; their orders stay theirs.",
    turn=("code",),
)
PARTS = Kind(
    "parts",
    "inventory",
    "PUT /parts/{code}",
    (
        Column("code", "配件编码 配件編碼", read_code, "e.g. P-100", "{code}"),
        Column("name", "配件名称 配件名稱", _LINE, "name"),
        Column("model", "型号 型號", _LINE, "model", required="never"),
        Column("specification", "规格 規格", _LINE, "specification", required="never"),
        Column(
            "lines",
            "适用产品线 適用產品線",
            read_codes(50),
            "product lines it fits, with ; between them",
            required="never",
        ),
        Column("faults", "适用故障 適用故障", read_codes(50), "faults it mends on these lines", required="never"),
        Column("quantity_per_job", "单次用量 單次用量", read_whole(1, 1_000_000), "empty: 1", required="never"),
        Column("price", "单价 單價", read_money, "in yuan, e.g. 128.50", "price.amount", "never"),
    ),
    "Parts: new ones are entered, known ones become as the file says.",
    turn=("code",),
)
STOCK = Kind(
    "stock",
    "inventory",
    "POST /imports/receipts",
    (
        _BRANCH,
        Column("part", "配件编码 配件編碼", read_code, "the part's code"),
        Column("lot", "批次", read_code, "lot number"),
        Column("bin", "库位 庫位", read_code, "where it lies, e.g. A-01-02"),
        Column("quantity", "数量 數量", read_whole(1, 1_000_000), "how many came in"),
        Column("received_at", "入库时间 入庫時間", read_moment, "e.g. 2026-11-22 10:15; empty: now", required="never"),
    ),
    "Goods received: each row adds to the stock.",
    turn=("branch", "part"),
    adds=True,
    batches=True,
)
PRICES = Kind(
    "prices",
    "intake",
    "PUT /prices/labour/{code}",
    (
        Column("code", "收费编码 收費編碼", read_code, "e.g. RF-VISIT", "{code}"),
        Column("line", "产品线 產品線", read_term, "e.g. refrigerator or 冰箱; empty: every line", required="never"),
        Column("work", "工作类型 工作類型", _READ_WORK, "e.g. installation or travel; empty: repair", required="never"),
        Column("name_zh", "收费项目 收費項目", _LINE, "the name in simplified Chinese", "names.zh-Hans", "never"),
        Column("name_zh_hant", "繁体名称 繁體名稱", _LINE, "in traditional Chinese", "names.zh-Hant", "never"),
        Column("name_en", "英文名称 英文名稱", _LINE, "in English", "names.en", "never"),
        Column("price", "单价 單價", read_money, "e.g. 128.50", "price.amount"),
        Column("currency", "币种 幣種", read_currency, "e.g. HKD; empty: CNY", "price.currency", "never"),
        Column("valid_from", "生效日期", read_day, "first day of the price, e.g. 2026-03-01"),
    ),
    "Prices for labour, the same in all branches: each row is a price from a day on; earlier ones stay on record.",
    turn=("code", "valid_from"),
    either=("name_zh", "name_zh_hant", "name_en"),
)
CUSTOMERS = Kind(
    "customers",
    "intake",
    "POST /imports/customers",
    (
        _BRANCH,
        *_person(),
        Column(
            "class",
            "客户等级 客戶等級",
            read_choice("A", "B", "C"),
            "A, B or C; empty: as it is",
            "customer_class",
            "never",
        ),
        Column("member_level", "会员等级 會員等級", read_text(100), "e.g. 金卡 or gold", "membership.level", "never"),
        Column("member_number", "会员编号 會員編號", read_text(100), "of the card", "membership.number", "never"),
        Column("member_since", "入会日期 入會日期", read_day, "e.g. 2024-03-01", "membership.since", "never"),
        Column("member_until", "会员到期日 會員到期日", read_day, "the last day", "membership.until", "never"),
        *_product("products.0.", "together"),
    ),
    "Customers and what they own, one product a row: found again by phone, they become as the file says.",
    turn=("phone", "email", "chat_id"),
    either=REACHED,
    either_cell=("address",),
    batches=True,
)
PRODUCTS = Kind(
    "products",
    "intake",
    "POST /imports/products",
    (
        Column("phone", "电话 電話", read_phone, "of the owner, who is in the archive", required="never"),
        Column("customer_id", "客户编号 客戶編號", customer_id, "or the owner's id", "customer", "never"),
        *_product("", "always"),
        Column("batch", "批次 批號", read_code, "the production batch", required="never"),
        Column("sold_by", "销售商 經銷商", read_text(100), "who sold it", required="never"),
        Column("invoice", "发票号 發票號", read_text(100), "the invoice's number", required="never"),
    ),
    "Products of customers who are in the archive: new ones are entered, the owner's become as the file says.",
    turn=("serial",),
    either=("phone", "customer_id"),
    batches=True,
)
REQUESTS = Kind(
    "requests",
    "intake",
    "POST /imports/requests",
    (
        _BRANCH,
        Column("channel", "渠道", read_choice(*CHANNELS, words=WORDS["channel"]), ", ".join(CHANNELS)),
        *_person("customer.", "description", "never"),
        *_product("product.", "never", read_given_serial),
        Column(
            "kind",
            "需求类型 需求類型",
            read_choice(*REQUEST_KINDS, words=WORDS["kind"]),
            f"{', '.join(REQUEST_KINDS)}; empty: repair",
            required="never",
        ),
        Column(
            "problem_class",
            "问题类别 問題類別",
            read_choice(*_CLASSES, words=WORDS["problem_class"]),
            ", ".join(_CLASSES),
            required="never",
        ),
        Column(
            "fault",
            "故障代码 故障代碼",
            read_term,
            "e.g. no-cooling or 不制冷; a repair needs this or a description",
            required="never",
        ),
        Column("description", "故障描述", read_text(50_000), "the customer's own words", required="never"),
        Column("topic", "培训内容 培訓內容", _LINE, "what a training is about", "details.topic", "never"),
        Column("reason", "原因", _LINE, "why something is returned, exchanged, claimed", "details.reason", "never"),
        Column("platform", "平台", read_text(50), "the online shop, e.g. taobao", "order.platform", "never"),
        Column(
            "order_number", "网购订单号 網購訂單號", read_text(64), "the order's number there", "order.number", "never"
        ),
        Column("order_account", "旺旺号 旺旺號", read_text(64), "the buyer's account there", "order.account", "never"),
        Column("new_address", "新地址", _LINE, "for a change of address", "details.new_address", "never"),
        Column("recall", "召回编号 召回編號", _LINE, "which recall or upgrade", "details.recall", "never"),
        Column(
            "urgency",
            "紧急程度 緊急程度",
            read_whole(1, 3, WORDS["urgency"]),
            "1 can wait, 3 is pressing; empty: 2",
            required="never",
        ),
        Column("danger", "有危险 有危險", read_yes, "yes: somebody may be hurt", required="never"),
        Column("rush", "加急", read_yes, "yes: ordered as rush work", required="never"),
        Column("major", "重大故障", read_yes, "yes: a major fault, which may take longer", required="never"),
        Column("far", "偏远 偏遠", read_yes, "yes or no; empty: as the address says", required="never"),
        Column("wanted_at", "期望时间 期望時間", read_moment, "when somebody is wanted", required="never"),
        *_point("together"),
        Column("owner", "受理人", read_code, "who took the contact; empty: nobody", required="never"),
        Column(
            "number", "原单号 原單號", read_text(100), "its number in the other system", "elsewhere.number", "never"
        ),
        Column(
            "status",
            "状态 狀態",
            read_choice("open", "closed", "cancelled", words=WORDS["status"]),
            "open (or empty): registered now; closed or cancelled: history only",
            "elsewhere.state",
            "never",
        ),
        Column(
            "registered_at", "登记时间 登記時間", read_moment, "when it came in", "elsewhere.registered_at", "never"
        ),
        Column(
            "closed_at",
            "关闭时间 關閉時間",
            read_moment,
            "when it was finished: it becomes history",
            "elsewhere.closed_at",
            "never",
        ),
    ),
    "Service requests: each row registers one.",
    turn=("phone", "email", "chat_id"),
    either=REACHED,
    either_cell=("address",),
    asks=("kind", ASKS),
    instead=INSTEAD,
    identity=("number", "branch", "phone", "serial"),
    adds=True,
    batches=True,
)
KINDS = {kind.name: kind for kind in (BRANCHES, TECHNICIANS, PARTS, PRICES, STOCK, CUSTOMERS, PRODUCTS, REQUESTS)}
