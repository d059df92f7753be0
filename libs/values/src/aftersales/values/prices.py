"""Prices: amounts in a known currency that are not negative (INV-15), and how people read them. Pure."""

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator

from . import Money

_TWO = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP
CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR
IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN
NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP
STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ZWG"""
_NONE, _THREE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF", "BHD IQD JOD KWD LYD OMR TND"
DIGITS = {code: digits for digits, codes in ((0, _NONE), (2, _TWO), (3, _THREE)) for code in codes.split()}
"""Digits after the point, by currency in use (ISO 4217)."""


def _check_price(price: Money) -> Money:
    if price.currency not in DIGITS:
        raise ValueError("money.currency_unknown")
    if not 0 <= price.amount < _MOST:
        raise ValueError("money.not_a_price")
    return price


_MOST = 10**15
Price = Annotated[Money, AfterValidator(_check_price)]
"""An amount from 0 (free) in a currency that is in use."""


def price_words(price: Money, locale: str) -> str:
    """Return a price as people read it: `120.50 元`, `CNY 1,280.00`."""
    digits = DIGITS.get(price.currency, 2)
    number = f"{Decimal(price.amount).scaleb(-digits):,.{digits}f}"
    return f"{number} 元" if price.currency == "CNY" and locale.startswith("zh") else f"{price.currency} {number}"
