"""XML of unknown origin, read as a stream: nothing is expanded, nothing is fetched.

The parser is the one of the standard library; a document type, which is where entities and
addresses would be declared, ends the reading. What is left of it then are elements and text.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Protocol
from xml.parsers import expat

from admin.imports.refusals import FileRefused

LONGEST_TOKEN: Final = 1024 * 1024
"""Bytes of one tag or comment: the parser has to hold it whole."""


class Reader(Protocol):
    """What is told of the elements and texts of a document, names without their prefix."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None: ...
    def end(self, name: str) -> None: ...
    def text(self, text: str) -> None: ...


def read_markup(chunks: Iterable[bytes], reader: Reader) -> Iterator[None]:
    """Tell `reader` what the chunks hold, one chunk at each step. Raises FileRefused."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_document_type
    _listen(parser, reader)
    fed = 0
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
            fed += len(chunk)
            if fed - parser.CurrentByteIndex > LONGEST_TOKEN:
                raise FileRefused("xml_bomb")
            yield
        parser.Parse(b"", True)
        yield
    except expat.ExpatError:
        raise FileRefused("damaged") from None


def read_whole(chunks: Iterable[bytes], reader: Reader) -> None:
    """Tell `reader` what a small document holds. Raises FileRefused."""
    for _ in read_markup(chunks, reader):
        pass


def _listen(parser: expat.XMLParserType, reader: Reader) -> None:
    """Tell the reader of elements; where the first one has a prefix, all lose theirs."""

    def first(name: str, attributes: dict[str, str]) -> None:
        prefixed = ":" in name
        parser.StartElementHandler = start if prefixed else reader.start
        parser.EndElementHandler = end if prefixed else reader.end
        parser.StartElementHandler(name, attributes)

    def start(name: str, attributes: dict[str, str]) -> None:
        reader.start(name.rpartition(":")[2], attributes)

    def end(name: str) -> None:
        reader.end(name.rpartition(":")[2])

    parser.StartElementHandler = first
    parser.CharacterDataHandler = reader.text


def _refuse_document_type(*_: object) -> None:
    raise FileRefused("xml_bomb")
