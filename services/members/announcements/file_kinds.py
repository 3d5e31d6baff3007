"""What may be attached: told by the name and by the content, which must agree (S16).

Formats in which a browser would run something (HTML, SVG) are not among them, nor are programs or office files with
macros. What is both a picture and something else stays a picture: it is sent as what its name says, to be saved."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from shared.errors import N_, Fault, InvalidInput

LONGEST_NAME = 120  # characters, without the ending
_ZIP, _OLE = (b"PK\x03\x04",), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)
_OPEN_XML = "application/vnd.openxmlformats-officedocument."
_MACROS = b"vbaProject.bin"


@dataclass(frozen=True)
class FileKind:
    """How content of a kind begins (one of `begins`) and what else is in it. Without either it is text."""

    media_type: str
    begins: tuple[bytes, ...] = ()
    holds: bytes = b""

    def fits(self, data: bytes) -> bool:
        return data.startswith(self.begins) and self.holds in data if self.begins else _is_text(data)


KINDS = {
    "pdf": FileKind("application/pdf", (b"%PDF-",)),
    "docx": FileKind(f"{_OPEN_XML}wordprocessingml.document", _ZIP, b"word/document.xml"),
    "xlsx": FileKind(f"{_OPEN_XML}spreadsheetml.sheet", _ZIP, b"xl/workbook.xml"),
    "pptx": FileKind(f"{_OPEN_XML}presentationml.presentation", _ZIP, b"ppt/presentation.xml"),
    "doc": FileKind("application/msword", _OLE),
    "xls": FileKind("application/vnd.ms-excel", _OLE),
    "ppt": FileKind("application/vnd.ms-powerpoint", _OLE),
    "jpg": FileKind("image/jpeg", (b"\xff\xd8\xff",)),
    "jpeg": FileKind("image/jpeg", (b"\xff\xd8\xff",)),
    "png": FileKind("image/png", (b"\x89PNG\r\n\x1a\n",)),
    "gif": FileKind("image/gif", (b"GIF87a", b"GIF89a")),
    "txt": FileKind("text/plain"),
    "csv": FileKind("text/csv"),
    "zip": FileKind("application/zip", _ZIP),
}


def media_type_of(name: str, data: bytes) -> str:
    """Raises InvalidInput where the kind is none of ours, or the content is not what the name says."""
    _, dot, ending = name.rpartition(".")
    kind = KINDS.get(ending)
    if kind is None or not dot:
        text = N_("“%(name)s” cannot be attached. Possible are: %(kinds)s.")
        raise _refused(text, name=name, kinds=", ".join(KINDS))
    if not kind.fits(data):
        text = N_("“%(name)s” is not what its name says. Please save it anew as .%(kind)s and try again.")
        raise _refused(text, name=name, kind=ending)
    if kind.begins == _ZIP and ending != "zip" and _MACROS in data:
        raise _refused(N_("“%(name)s” holds macros. Please save it without them."), name=name)
    return kind.media_type


def file_name(given: str) -> str:
    """A name without folders, control and direction marks, in the composed form that all systems show alike."""
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", given)[-1])
    name = "".join(" " if unicodedata.category(c)[0] in "CZ" else "_" if c in '<>:"|?*' else c for c in name)
    stem, dot, ending = " ".join(name.split()).rpartition(".")
    if not dot:
        stem, ending = ending, ""
    return f"{stem.strip(' .')[:LONGEST_NAME] or 'file'}{dot}{ending.strip().lower()[:10]}"


def _is_text(data: bytes) -> bool:
    if b"\0" in data:
        return False
    for encoding in ("utf-8", "cp932"):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False


def _refused(text: str, **params: str) -> InvalidInput:
    return InvalidInput(faults=[Fault(text, params, field="file")])
