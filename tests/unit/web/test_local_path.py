"""No open redirect (S39): only paths of this site are followed."""

from __future__ import annotations

import pytest

from shared.web.local_path import local_path

pytestmark = pytest.mark.rule("S39")

BYPASSES = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "/\\/evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "https://evil.example",
    "http:evil.example",
    "https:/evil.example",
    "https:evil.example",
    "HTTPS://evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "evil.example",
    "evil.example/path",
    "@evil.example",
    ".evil.example",
    "",
    " ",
    " /members",
    "\t//evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "/%09/evil.example",
    "/%0a/evil.example",
    "/%0d%0aLocation:%20https://evil.example",
    "/a\r\nSet-Cookie: x=1",
    "/%2f/evil.example",
    "/%2fevil.example",
    "/%2Fevil.example",
    "/%5cevil.example",
    "/%5Cevil.example",
    "/%252fevil.example",
    "/%255cevil.example",
    "%2f%2fevil.example",
    "/./\\evil.example",
    "/..//evil.example",
    "/a/..//evil.example",
    "/.//evil.example",
    "/a//evil.example",
    "/;//evil.example",
    "/\x00/evil.example",
    "/\x7f/evil.example",
    "/\u2028\\evil.example",
    "//evil.example/%2f..",
    "//evil%E3%80%82example",
    "/" + "a" * 3000,
]
GOOD = [
    "/",
    "/members/my/",
    "/billing/my/invoices?page=2&sort=-due",
    "/a/b-c_d.e~f",
    "/a?next=https%3A%2F%2Fx",
    "/a#part",
    "/日本",
]


@pytest.mark.parametrize("wanted", BYPASSES)
def test_nothing_leads_elsewhere(wanted: str) -> None:
    assert local_path(wanted, "/home") == "/home"


@pytest.mark.parametrize("wanted", GOOD)
def test_paths_of_ours_are_kept(wanted: str) -> None:
    assert local_path(wanted, "/home") == wanted
