import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from map_app.errors import BlockedAddressError
from map_app.fetch.addresses import INTRANETS, NEVER, looks_like_address, read_address, why_denied

DENIED = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:7f00:1::",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "3ffe::1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fdff::1",
    "fe80::1",
    "febf::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "2606:4700::5efe:10.0.0.1",
    "2606:4700::200:5efe:7f00:1",
]

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "93.184.215.14",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.1.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2001:200::1",
    "2a00:1450:4001:82f::200e",
    "2400:cb00::1",
    "2003::1",
]


@pytest.mark.parametrize("address", DENIED)
def test_addresses_that_lead_inside_are_denied(address: str) -> None:
    assert why_denied(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_internet_are_not(address: str) -> None:
    assert why_denied(ipaddress.ip_address(address)) == ""


@pytest.mark.parametrize("address", DENIED)
def test_the_switch_for_intranets_opens_intranets_alone(address: str) -> None:
    ip = ipaddress.ip_address(address)
    metadata = {"100.100.100.200", "fd00:ec2::254", "fd20:ce::254"}
    opened = any(ip in network for network in INTRANETS) and address not in metadata
    assert (why_denied(ip, allow_private=True) == "") is opened


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_what_python_knows_to_be_private_is_denied_wherever_it_lies(ip: ipaddress.IPv4Address) -> None:
    if not ip.is_global or ip.is_multicast or ip.is_reserved or ip.is_link_local:
        # AS112 and AMT: anycast on the internet that Python's newer versions leave out of the global addresses.
        anycast = ("192.31.196.0/24", "192.52.193.0/24", "192.175.48.0/24", "2620:4f:8000::/48")
        assert why_denied(ip) or any(ip in ipaddress.ip_network(network) for network in anycast)


@given(st.sampled_from([*NEVER, *INTRANETS]), st.data())
def test_every_address_of_every_network_on_the_list_is_denied(
    network: ipaddress.IPv4Network, data: st.DataObject
) -> None:
    first, last = int(network.network_address), int(network.broadcast_address)
    number = data.draw(st.integers(first, last))
    assert why_denied(type(network.network_address)(number))


REFUSED = [
    *(
        "file:///etc/passwd",
        "file://localhost/etc/passwd",
        "FILE:///etc/passwd",
        "gopher://e.org:70/_x",
        "ftp://e.org/",
    ),
    *("dict://e.org:11211/stat", "ldap://e.org", "jar:http://e.org!/", "data:text/html,x", "javascript:alert(1)"),
    *(
        "netdoc:///etc/passwd",
        "unix:///run/docker.sock",
        "view-source:http://e.org",
        "ws://e.org/",
        "//e.org/",
        "e.org",
    ),
    *(
        "/etc/passwd",
        "",
        " ",
        "http:",
        "http:/",
        "http://",
        "http:///",
        "http:///etc/passwd",
        "http:e.org",
        "http:/e.org",
    ),
    *("http://user@e.org/", "http://user:secret@e.org/", "http://e.org@127.0.0.1/"),
    *(
        "http://@e.org/",
        "http://e.org:80@127.0.0.1/",
        "http://e.org\\@127.0.0.1/",
        "http:\\\\127.0.0.1\\",
        "http://e.org\\",
    ),
    *(
        "http://e.org\t/",
        "http://127.0.0.1\n.e.org/",
        "http://e.org/\r\nHost: x",
        "http://e.org/\0",
        "http://e.org/\x7f",
    ),
    *("http://0x7f.1/", "http://0x7f000001/", "http://2130706433/", "http://017700000001/", "http://0177.0.0.1/"),
    *("http://127.1/", "http://127.0.1/", "http://0/", "http://1.2.3.4.5/", "http://256.1.1.1/", "http://127.0.0.01/"),
    *("http://0x7f.0x0.0x0.0x1/", "http://4294967296/", "http://e.org.1/", "http://1/", "http://0x/", "http://e.0x7f/"),
    *(
        "http://[::1%25lo]/",
        "http://[fe80::1%eth0]/",
        "http://[::1",
        "http://::1/",
        "http://[127.0.0.1]/",
        "http://[]/",
    ),
    *("http://[::1]e.org/", "http://[v1.x]/", "http://e.org:22/", "http://e.org:25/", "http://e.org:6379/"),
    *("http://e.org:11211/", "http://e.org:3306/", "http://e.org:2375/", "http://e.org:0/", "http://e.org:65536/"),
    *(
        "http://e.org:-1/",
        "http://e.org:8o/",
        "http://e.org:²/",
        "http://e.org:80:80/",
        "http://.e.org/",
        "http://e..org/",
    ),
    *("http://-e.org/", "http://e-.org/", "http://e%2eorg/", "http://127%2e0.0.1/", "http://e_%.org/", "http://e org/"),
    *("http://" + "a" * 64 + ".org/", "http://" + "a." * 130 + "org/", "http://e.org/" + "a" * 5000, "http://e.org../"),
    *(
        "http://\u2100.org/",
        "http://e.org\uff0f@x/",
        "http://\ud800.org/",
        "http://*.e.org/",
        "http://e.org;x/",
        "http://<b>/",
    ),
]


@pytest.mark.parametrize("url", REFUSED)
def test_what_is_not_plainly_a_web_address_is_refused(url: str) -> None:
    with pytest.raises(BlockedAddressError):
        read_address(url)


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("HTTP://E.ORG", "http://e.org/"),
        (" https://e.org/a b?c=d e#f\n", "https://e.org/a%20b?c=d%20e"),
        ("https://e.org:443/", "https://e.org/"),
        ("http://e.org:8080", "http://e.org:8080/"),
        ("https://e.org./x", "https://e.org/x"),
        ("https://e.org?q=1", "https://e.org/?q=1"),
        ("https://e.org/%7Ea/ü?q=ü%20", "https://e.org/%7Ea/%C3%BC?q=%C3%BC%20"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://новини.укр/", "https://xn--b1amarcd.xn--j1amh/"),
        ("http://①②⑦.⓪.⓪.①/", "http://127.0.0.1/"),
        ("http://１２７.0.0.1/", "http://127.0.0.1/"),
        ("http://127。0。0。1/", "http://127.0.0.1/"),
        ("http://ｌｏｃａｌｈｏｓｔ/", "http://localhost/"),
        ("http://[0:0::1]:8080/", "http://[::1]:8080/"),
        ("http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/"),
        ("http://my_host.e.org/", "http://my_host.e.org/"),
        ("http://e.org/\ud800?\udfff", "http://e.org/%3F??"),
    ],
)
def test_a_web_address_is_read_one_way(url: str, read: str) -> None:
    assert str(read_address(url)) == read


WORDS = st.sampled_from(
    [
        "http://",
        "https://",
        "file://",
        "//",
        "/",
        "\\",
        "@",
        ":",
        "#",
        "?",
        "%",
        ".",
        "[",
        "]",
        "::",
        "127",
        "0",
        "1",
        "e.org",
        "localhost",
        "0x7f",
        "①",
        "\t",
        "\n",
        "80",
        "22",
        "8080",
        "::ffff:",
    ]
)


@given(
    st.one_of(
        st.lists(WORDS, max_size=10).map("".join),
        st.text(st.characters(), max_size=60),
        st.from_regex(r"https?://[!-~]{1,40}"),
    )
)
def test_what_is_read_is_fit_to_be_sent_and_is_read_the_same_again(url: str) -> None:
    try:
        address = read_address(url)
    except BlockedAddressError:
        return
    assert read_address(str(address)) == address
    assert address.scheme in ("http", "https")
    for part in (address.host, address.target, address.host_header):
        assert part.isascii()
        assert part.isprintable()
        assert not set(part) & set(" @\\") - ({"@"} if part is address.target else set())
    try:
        packed = socket.inet_aton(address.host)
    except OSError:
        return
    # Where the system would take a name for an IPv4 address, it is one in its usual spelling, and is judged as one.
    assert str(ipaddress.IPv4Address(packed)) == address.host


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("https://e.org", True),
        ("file:///etc/passwd", True),
        ("javascript:alert(1)", True),
        ("C:\\news\\a.txt", False),
        ("news/a.txt", False),
        ("-", False),
    ],
)
def test_a_word_with_a_scheme_is_meant_as_an_address(text: str, is_one: bool) -> None:
    assert looks_like_address(text) is is_one
