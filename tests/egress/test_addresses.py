"""Which addresses are anybody's, and which spellings of them are taken for addresses at all."""

import ipaddress

import pytest

from everlearn.egress import AddressRefusedError, Allowed, BadAllowanceError, Egress, parsed_destination
from everlearn.egress.addresses import is_public

# from IANA's special-purpose address registries, and where clouds answer with a machine's credentials
INSIDE = [
    "0.0.0.0",  # noqa: S104  # judged, not bound to
    "10.0.0.1",
    "100.64.0.1",  # shared by a carrier's customers
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",  # metadata of AWS, Azure, Google
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",  # compatible
    "::ffff:10.0.0.1",  # mapped
    "::ffff:169.254.169.254",
    "64:ff9b::10.0.0.1",  # NAT64
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",  # 6to4 of 127.0.0.1
    "2001:0:4136:e378:8000:63bf:80ff:fffe",  # Teredo of 127.0.0.1
    "2001:db8::1",
    "fc00::1",
    "fd00:ec2::254",  # metadata of AWS
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
]
OUTSIDE = ["1.1.1.1", "93.184.216.34", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_somebodys_network_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", OUTSIDE)
def test_other_addresses_are(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "   ",
        "ftp://example.com/",
        "file:///etc/passwd",
        "//example.com",
        "https://",
        "https:///path",
        "https://user@example.com/",
        "https://example.com@127.0.0.1/",
        "https://127.0.0.1#@example.com/",
        "https://example.com\\@127.0.0.1/",
        "https://exa mple.com/",
        "https://example.com/\r\nHost: x",
        "https://ex\u0430mple.com/",  # a Cyrillic letter
        "https://example.com:0/",
        "https://example.com:99999/",
        "http://[invalid",
        "https://2130706433/",  # 127.0.0.1 as one number
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://127.0.0.1./",
        "https://0/",
        "https://1.2.3.4.5/",
        f"https://example.com/{'x' * 2_000}",
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(url: str) -> None:
    with pytest.raises(AddressRefusedError):
        parsed_destination(url)


@pytest.mark.parametrize("address", [*INSIDE[:5], "[::1]", "[::ffff:10.0.0.1]", "[64:ff9b::a9fe:a9fe]", "localhost"])
def test_a_destination_inside_is_refused_whatever_it_is_called(address: str) -> None:
    egress = Egress(resolver=lambda _: ["127.0.0.1"])

    with pytest.raises(AddressRefusedError, match="must not resolve to a non-public address"):
        egress.check(f"https://{address}/hook")


def test_one_private_address_among_public_ones_refuses_the_name() -> None:
    with pytest.raises(AddressRefusedError):
        Egress(resolver=lambda _: ["93.184.216.34", "10.0.0.1"]).check("https://example.com/")


def test_plain_http_is_for_what_is_allowed_by_name() -> None:
    def found(_: str) -> list[str]:
        return ["93.184.216.34"]

    with pytest.raises(AddressRefusedError, match="Allowed schemes are: https"):
        Egress(resolver=found).check("http://example.com/")
    Egress(allowed=Allowed.parsed(["example.com"]), resolver=found).check("http://EXAMPLE.com/")


def test_a_name_that_has_no_addresses_now_is_judged_when_it_is_sent_to() -> None:
    def nobody(_: str) -> list[str]:
        raise OSError("no such name")

    assert Egress(resolver=nobody).check("https://example.com/hook").host == "example.com"


@pytest.mark.parametrize(
    ("entries", "url", "address"),
    [
        (["10.1.0.0/16"], "https://any.name/", "10.1.2.3"),
        (["10.1.2.3"], "http://10.1.2.3:8080/", "10.1.2.3"),
        (["hooks.corp.example"], "http://Hooks.Corp.example/", "192.168.0.1"),
        (["fd00::/8"], "https://[fd00::1]/", "fd00::1"),
        (["127.0.0.0/8"], "https://[::ffff:127.0.0.1]/", "127.0.0.1"),
    ],
)
def test_hosts_and_networks_of_ones_own_are_allowed(entries: list[str], url: str, address: str) -> None:
    Egress(allowed=Allowed.parsed(entries), resolver=lambda _: [address]).check(url)
    with pytest.raises(AddressRefusedError):
        Egress(resolver=lambda _: [address]).check(url)


@pytest.mark.parametrize(
    "entry", ["10.0.0.0/33", "10.0.0.1/8", "hooks.example/path", "http://x", "127.1", "\u0430.example"]
)
def test_an_allowance_that_is_none_is_refused(entry: str) -> None:
    with pytest.raises(BadAllowanceError):
        Allowed.parsed([entry])
