"""Which addresses may be asked: web addresses read strictly, and the deny list of network addresses.

A web address is taken apart once, here; the same parts are resolved, connected to and sent, so that no second reader
can understand it otherwise.
"""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

import idna

from map_app.errors import BlockedAddressError

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

MAX_URL_CHARS = 4000

DEFAULT_PORTS = {"http": 80, "https": 443}

#: Ports from 1024 up where other services than web servers listen and act on what a stranger writes to them. From the
#: Fetch standard's list (https://fetch.spec.whatwg.org/#port-blocking), and the usual ports of databases, caches,
#: queues and of what runs containers.
OTHER_SERVICES = frozenset(
    (
        *(1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697),
        *(10080, 1433, 1521, 1883, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 4369, 5432, 5671, 5672, 5900, 5984, 6379),
        *(6443, 8500, 9042, 9092, 9200, 9300, 10250, 11211, 15672, 26379, 27017, 27018),
    )
)

#: The networks that the switch for intranets opens; everything else below stays closed.
INTRANETS = {
    ipaddress.ip_network(network): what
    for network, what in (
        ("10.0.0.0/8", "a private address"),
        ("172.16.0.0/12", "a private address"),
        ("192.168.0.0/16", "a private address"),
        ("100.64.0.0/10", "an address behind a carrier's NAT"),
        ("127.0.0.0/8", "a loopback address"),
        ("::1/128", "a loopback address"),
        ("fc00::/7", "a private address"),
    )
}

#: Never asked. IANA's registries of special-purpose addresses (https://www.iana.org/assignments/
#: iana-ipv4-special-registry/ and iana-ipv6-special-registry/), and where clouds answer to their own machines.
#: `ipaddress.is_global` is not used: its answers differ between Python versions and miss several of these.
NEVER = {
    ipaddress.ip_network(network): what
    for network, what in (
        ("169.254.169.254/32", "a cloud's metadata service"),
        ("100.100.100.200/32", "a cloud's metadata service"),
        ("168.63.129.16/32", "a cloud's metadata service"),
        ("fd00:ec2::254/128", "a cloud's metadata service"),
        ("fd20:ce::254/128", "a cloud's metadata service"),
        ("0.0.0.0/8", "an unspecified address"),
        ("169.254.0.0/16", "a link-local address"),
        ("192.0.0.0/24", "reserved for protocols"),
        ("192.0.2.0/24", "an address for documentation"),
        ("192.88.99.0/24", "a 6to4 relay"),
        ("198.18.0.0/15", "an address for benchmarks"),
        ("198.51.100.0/24", "an address for documentation"),
        ("203.0.113.0/24", "an address for documentation"),
        ("224.0.0.0/4", "a multicast address"),
        ("255.255.255.255/32", "the broadcast address"),
        ("240.0.0.0/4", "a reserved address"),
        ("::/128", "an unspecified address"),
        ("::ffff:0:0/96", "an IPv4 address in another dress"),
        ("::ffff:0:0:0/96", "an IPv4 address in another dress"),
        ("::/96", "an IPv4 address in another dress"),
        ("64:ff9b::/96", "an IPv4 address behind NAT64"),
        ("64:ff9b:1::/48", "an IPv4 address behind NAT64"),
        ("100::/64", "an address that discards"),
        ("2001::/32", "an IPv4 address behind Teredo"),
        ("2001::/23", "reserved for protocols, benchmarks and ORCHID"),
        ("2001:db8::/32", "an address for documentation"),
        ("2002::/16", "an IPv4 address behind 6to4"),
        ("3ffe::/16", "an address of the ended 6bone"),
        ("3fff::/20", "an address for documentation"),
        ("fe80::/10", "a link-local address"),
        ("fec0::/10", "a site-local address"),
        ("ff00::/8", "a multicast address"),
    )
}

#: Smallest network first, for what says most about an address.
_BY_SIZE = sorted((NEVER | INTRANETS).items(), key=lambda rule: -rule[0].prefixlen)

#: All of IPv6 that is given out for use on the internet.
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")

#: Upper half of an interface identifier that carries an IPv4 address (ISATAP, RFC 5214, section 6.1).
_ISATAP = (0x00005EFE, 0x02005EFE)

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


@dataclass(frozen=True, slots=True)
class WebAddress:
    """A web address in its parts, each ready to be sent: ASCII, no credentials, no fragment."""

    #: "http" or "https".
    scheme: str
    #: A name in lower case without a trailing dot, or an IP address as `ipaddress` writes it, without brackets.
    host: str
    port: int
    #: Path and query, starting with a slash.
    target: str

    @property
    def host_header(self) -> str:
        """The host as a request names it: with brackets and with the port where they are needed."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host_header}{self.target}"


def looks_like_address(text: str) -> bool:
    """Whether a word that a person gave is meant as an address rather than a path: it starts with a scheme.

    One letter is a drive of Windows, not a scheme.
    """
    return _SCHEME.match(text.lstrip()) is not None


def read_address(url: str) -> WebAddress:
    """The parts of a web address; raises BlockedAddressError for everything that is not plainly one.

    Refused are other schemes than http and https, credentials, ports of other services, whitespace and control
    characters, backslashes, and IP addresses in odd spellings, which readers understand differently.
    """
    url = url.strip(" \t\r\n")
    shown = repr(url if len(url) <= 80 else f"{url[:79]}…")
    if len(url) > MAX_URL_CHARS:
        raise BlockedAddressError(f"the address {shown} is longer than {MAX_URL_CHARS:,} characters")
    if any(ord(c) < 32 or ord(c) == 127 or c == "\\" for c in url):
        raise BlockedAddressError(f"the address {shown} holds control characters or backslashes")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as e:
        raise BlockedAddressError(f"{shown} is not a web address: {e}") from e
    scheme = parts.scheme.lower()
    if scheme not in DEFAULT_PORTS or not url[len(scheme) :].startswith("://"):
        raise BlockedAddressError(f"{shown} does not start with http:// or https://, and nothing else is fetched")
    if "@" in parts.netloc:
        raise BlockedAddressError(f"the address {shown} carries credentials, which are never sent: take them out")
    host = _read_host(parts.netloc, shown)
    port = DEFAULT_PORTS[scheme] if port is None else port
    if (port < 1024 and port not in DEFAULT_PORTS.values()) or port in OTHER_SERVICES:
        raise BlockedAddressError(f"the address {shown} names port {port}, which is another service's than the web's")
    # Anything that may not stand in a request is written in percent; what already is in percent stays.
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~[]|", errors="replace")
    if parts.query:
        target += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~[]|?{}^`", errors="replace")
    return WebAddress(scheme, host, port, target)


def joined(base: WebAddress, location: str) -> WebAddress:
    """Where a redirect leads; raises BlockedAddressError like `read_address`."""
    # urljoin would drop line breaks without a word.
    if any(ord(c) < 32 for c in location):
        raise BlockedAddressError("the redirect's address holds control characters")
    location = location.strip(" ")
    try:
        # urljoin would take "http:///x" for a path on the same host.
        return read_address(location if _SCHEME.match(location) else urljoin(str(base), location))
    except ValueError as e:
        raise BlockedAddressError(f"the redirect leads to {location[:80]!r}, which is not a web address") from e


def why_denied(address: IPAddress, *, allow_private: bool = False) -> str:
    """What speaks against connecting to this network address, or nothing."""
    for network, what in _BY_SIZE:
        if address in network:
            return "" if allow_private and network in INTRANETS else what
    if isinstance(address, ipaddress.IPv6Address):
        if address not in _GLOBAL_UNICAST:
            return "not an address of the internet"
        if (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
            return "an IPv4 address behind ISATAP"
    return ""


def _read_host(netloc: str, shown: str) -> str:
    """The host of "host:port", folded; urlsplit has made sure that brackets match and the port is a number."""
    if netloc.startswith("["):
        inside, _, rest = netloc[1:].partition("]")
        if rest and not rest.startswith(":"):
            raise BlockedAddressError(f"the address {shown} has something between its host and its port")
        try:
            if "%" in inside:
                raise ValueError("it names a network card")
            return str(ipaddress.IPv6Address(inside))
        except ValueError as e:
            raise BlockedAddressError(f"the address {shown} does not name an IPv6 address: {e}") from e
    host = netloc.partition(":")[0].lower()
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True, std3_rules=True).decode("ascii").lower()
        except (idna.IDNAError, UnicodeError) as e:
            raise BlockedAddressError(f"the address {shown} has a host name that cannot exist: {e}") from e
    host = host.removesuffix(".")
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise BlockedAddressError(f"the address {shown} has no host name that could be asked for")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError as e:
            raise BlockedAddressError(f"the address {shown} spells an IP address oddly; write it as 1.2.3.4") from e
    return host
