"""What strings of a JSON schema's `format` look like, as patterns of ECMA's syntax.

Each lets through valid texts only. Some are narrower than their standard: dates begin with the year
1000, names of hosts are ASCII and have at most
seven parts, addresses have no user and no IPvFuture host.
"""

from __future__ import annotations

_LEAP = r"([1-9][0-9](0[48]|[2468][048]|[13579][26])|([2468][048]|[13579][26])00)-02-29"
_DATE = (
    r"([1-9][0-9]{3}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
    r"|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
    rf"|{_LEAP})"
)
_TIME = (
    r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?"
    r"([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
)
_BYTE = r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"{_BYTE}(\.{_BYTE}){{3}}"
_HEX = "[0-9A-Fa-f]{1,4}"


def _ipv6() -> str:
    forms = [f"({_HEX}:){{7}}{_HEX}", f"({_HEX}:){{6}}{_IPV4}", f"({_HEX}:){{1,7}}:"]
    forms += [f":(:{_HEX}){{1,7}}", "::", f"::({_HEX}:){{0,5}}{_IPV4}"]
    for after in range(1, 7):
        forms.append(f"({_HEX}:){{1,{7 - after}}}(:{_HEX}){{1,{after}}}")
    for before in range(1, 6):
        rest = f"({_HEX}:){{0,{5 - before}}}" if before < 5 else ""
        forms.append(f"({_HEX}:){{{before}}}:{rest}{_IPV4}")
    return f"({'|'.join(forms)})"


_IPV6 = _ipv6()
_LABEL = "[A-Za-z0-9](-?[A-Za-z0-9]){0,13}"
_HOST = rf"[A-Za-z0-9](-?[A-Za-z0-9]){{0,30}}(\.{_LABEL}){{0,6}}"
_ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_EMAIL = rf"{_ATOM}(\.{_ATOM})*@{_HOST}"
_ESC = "%[0-9A-Fa-f]{2}"
_PCHAR = rf"([A-Za-z0-9._~!$&'()*+,;=:@-]|{_ESC})"
_QUERY = rf"([A-Za-z0-9._~!$&'()*+,;=:@/?-]|{_ESC})*"
_TAIL = rf"(\?{_QUERY})?(#{_QUERY})?"
_SCHEME = "[A-Za-z][A-Za-z0-9+.-]*"
_REGNAME = rf"([A-Za-z0-9._~!$&'()*+,;=-]|{_ESC})*"
_AUTHORITY = rf"(\[{_IPV6}\]|{_REGNAME})(:[0-9]*)?"
_PATHS = rf"(//{_AUTHORITY}(/{_PCHAR}*)*|/({_PCHAR}+(/{_PCHAR}*)*)?|{_PCHAR}+(/{_PCHAR}*)*)"
_URI = rf"{_SCHEME}:{_PATHS}{_TAIL}"
_NOCOLON = rf"([A-Za-z0-9._~!$&'()*+,;=@-]|{_ESC})"
_RELATIVE = (
    rf"(//{_AUTHORITY}(/{_PCHAR}*)*|/({_PCHAR}+(/{_PCHAR}*)*)?|{_NOCOLON}+(/{_PCHAR}*)*)?{_TAIL}"
)
_NAME = rf"([A-Za-z0-9_]|{_ESC})(\.?([A-Za-z0-9_]|{_ESC}))*"
_VARIABLE = rf"{_NAME}(:[1-9][0-9]{{0,3}}|\*)?"
_TEMPLATE = rf"([A-Za-z0-9._~!$&()*+,;=:@/?#-]|{_ESC}|\{{[+#./;?&]?{_VARIABLE}(,{_VARIABLE})*\}})*"
_POINTER = r"(/([^/~]|~[01])*)*"
_DURATION_TIME = r"T([0-9]{1,9}H([0-9]{1,9}M([0-9]{1,9}S)?)?|[0-9]{1,9}M([0-9]{1,9}S)?|[0-9]{1,9}S)"
_DURATION = (
    rf"P([0-9]{{1,9}}Y([0-9]{{1,9}}M([0-9]{{1,9}}D)?)?({_DURATION_TIME})?"
    rf"|[0-9]{{1,9}}M([0-9]{{1,9}}D)?({_DURATION_TIME})?|[0-9]{{1,9}}D({_DURATION_TIME})?"
    rf"|[0-9]{{1,9}}W|{_DURATION_TIME})"
)
_PLAIN = r"[A-Za-z0-9 _,;:=<>@#%&~'`\"/!-]"
_REGEX = rf"({_PLAIN}|\\[dDwWsSnrt.?*+()|^$\[\]{{}}/\\-]|\.|\[\^?[A-Za-z0-9_ ]+\]|\({_PLAIN}+\))*"

FORMATS = {
    "date": _DATE,
    "time": _TIME,
    "date-time": f"{_DATE}[Tt]{_TIME}",
    "duration": _DURATION,
    "email": _EMAIL,
    "idn-email": _EMAIL,
    "hostname": _HOST,
    "idn-hostname": _HOST,
    "ipv4": _IPV4,
    "ipv6": _IPV6,
    "uri": _URI,
    "iri": _URI,
    "uri-reference": rf"({_URI}|{_RELATIVE})",
    "iri-reference": rf"({_URI}|{_RELATIVE})",
    "uri-template": _TEMPLATE,
    "json-pointer": _POINTER,
    "relative-json-pointer": rf"(0|[1-9][0-9]{{0,8}})(#|{_POINTER})",
    "uuid": "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",
    "regex": _REGEX,
}
"""By name; a format that isn't here is a remark, as the standard has it."""
SYNONYMS = {"ip-address": "ipv4", "host-name": "hostname", "url": "uri", "guid": "uuid"}
"""Names of early drafts and of other tools."""
