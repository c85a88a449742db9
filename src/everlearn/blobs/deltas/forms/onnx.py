"""ONNX: the tensors of a graph and the lists of its attributes (of which tree ensembles consist).

The file is walked as protocol buffers along the few message types of `onnx.proto` that lead to numbers; whatever else
there is stays as it is. Lists are not packed in ONNX: each number stands behind its own tag.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from everlearn.blobs.deltas import varints
from everlearn.blobs.deltas.runs import Run, Style

_FEWEST = 8  # numbers of a list
_MOST_TEXTS = 256


class _Message(StrEnum):
    MODEL = "model"
    GRAPH = "graph"
    NODE = "node"
    ATTRIBUTE = "attribute"
    TENSOR = "tensor"


_LEADS_TO: Mapping[_Message, Mapping[int, _Message]] = {
    _Message.MODEL: {7: _Message.GRAPH},
    _Message.GRAPH: {1: _Message.NODE, 5: _Message.TENSOR},
    _Message.NODE: {5: _Message.ATTRIBUTE},
    _Message.ATTRIBUTE: {5: _Message.TENSOR, 6: _Message.GRAPH, 10: _Message.TENSOR, 11: _Message.GRAPH},
    _Message.TENSOR: {},
}
# TensorProto.DataType: bytes of an element, whether it is a float
_ELEMENTS = {1: (4, True), 11: (8, True), 10: (2, True), 16: (2, True), 7: (8, False), 6: (4, False), 5: (2, False)}
_RAW_DATA, _FLOAT_DATA, _DOUBLE_DATA, _DATA_TYPE, _NAME = 9, 4, 10, 2, 8
_FLOATS_TAG, _INTS_TAG, _STRINGS_TAG = 7 << 3 | 5, 8 << 3 | 0, 9 << 3 | 2
_DEEPEST = 24


class _NoProtobufError(ValueError):
    pass


def onnx_runs(content: bytes) -> Sequence[Run]:
    """Find tensors and lists."""
    if content[:1] != b"\x08":  # ir_version comes first
        return []
    walker = _Walker(content, [], {})
    try:
        walker.walk(_Message.MODEL, 0, len(content), b"", 0)
    except (ValueError, IndexError):
        return []
    return walker.runs


@dataclass(frozen=True, slots=True)
class _Field:
    number: int
    wire: int
    tag_at: int
    start: int  # of the value
    end: int


@dataclass(frozen=True, slots=True)
class _Walker:
    content: bytes
    runs: list[Run]
    seen: dict[bytes, int]

    def walk(self, message: _Message, start: int, end: int, path: bytes, depth: int) -> None:
        if depth > _DEEPEST:
            raise _NoProtobufError
        if message is _Message.TENSOR:
            self._tensor(start, end, path)
            return
        position = start
        while position < end:
            if message is _Message.ATTRIBUTE and (run := self._list(position, end, path)):
                self.runs.append(run)
                position = run.end
                continue
            field = self._field(position, end)
            position = field.end
            if field.wire == 2 and (inner := _LEADS_TO[message].get(field.number)):
                self.walk(inner, field.start, field.end, path + bytes((field.number,)), depth + 1)

    def _tensor(self, start: int, end: int, path: bytes) -> None:
        fields = list(self._fields(start, end))
        kind = next((self._varint(each.start, end)[0] for each in fields if each.number == _DATA_TYPE), 0)
        name = next((self.content[each.start : each.end] for each in fields if each.number == _NAME), b"")
        for field in fields:
            width, is_float = _ELEMENTS.get(kind, (0, False)) if field.number == _RAW_DATA else (0, False)
            if field.number in {_FLOAT_DATA, _DOUBLE_DATA}:
                width, is_float = (4 if field.number == _FLOAT_DATA else 8), True
            size = field.end - field.start
            if field.wire == 2 and width and size >= _FEWEST * width and size % width == 0:
                key = self._key(path + name)
                self.runs.append(Run(field.start, field.end, key, Style.LITTLE, width, is_float))

    def _list(self, position: int, end: int, path: bytes) -> Run | None:
        tag = self.content[position]
        match tag:
            case 0x3D:
                stop, style, width, extra = self._fixed_end(position, end), Style.FIXED, 4, bytes((tag,))
            case 0x40:
                stop, style, width, extra = self._varint_end(position, end), Style.VARINT, 8, bytes((tag,))
            case 0x4A:
                stop, extra = self._strings_end(position, end)
                style, width = Style.STRING, 1
            case _:
                return None
        if stop - position < _FEWEST * (1 + (width if style is Style.FIXED else 1)):
            return None
        return Run(position, stop, self._key(path + extra[:1]), style, width, style is Style.FIXED, extra)

    def _fixed_end(self, position: int, end: int) -> int:
        count = (end - position) // 5
        tags = np.frombuffer(self.content, dtype=np.uint8, count=5 * count, offset=position)[::5]
        others = np.flatnonzero(tags != _FLOATS_TAG)
        return position + 5 * (int(others[0]) if len(others) else count)

    def _varint_end(self, position: int, end: int) -> int:
        while position < end and self.content[position] == _INTS_TAG:
            _, stop = self._varint(position + 1, end)
            if stop - position > 2 and self.content[stop - 1] == 0:
                break  # longer than it need be: would not be written so again
            position = stop
        return position

    def _strings_end(self, position: int, end: int) -> tuple[int, bytes]:
        texts: dict[bytes, None] = {}
        while position + 1 < end and self.content[position] == _STRINGS_TAG and self.content[position + 1] < 0x80:
            stop = position + 2 + self.content[position + 1]
            text = self.content[position:stop]
            if stop > end or (text not in texts and len(texts) == _MOST_TEXTS):
                break
            texts[text] = None
            position = stop
        return position, b"".join(map(varints.sized, texts))

    def _fields(self, start: int, end: int) -> Iterator[_Field]:
        while start < end:
            field = self._field(start, end)
            yield field
            start = field.end

    def _field(self, position: int, end: int) -> _Field:
        tag, start = self._varint(position, end)
        number, wire = tag >> 3, tag & 7
        match wire:
            case 0:
                stop = self._varint(start, end)[1]
            case 1:
                stop = start + 8
            case 2:
                size, start = self._varint(start, end)
                stop = start + size
            case 5:
                stop = start + 4
            case _:
                raise _NoProtobufError
        if stop > end or not number:
            raise _NoProtobufError
        return _Field(number, wire, position, start, stop)

    def _varint(self, position: int, end: int) -> tuple[int, int]:
        value = shift = 0
        while position < end and shift < 64:
            byte = self.content[position]
            value |= (byte & 0x7F) << shift
            position, shift = position + 1, shift + 7
            if byte < 0x80:
                return value, position
        raise _NoProtobufError

    def _key(self, path: bytes) -> bytes:
        number = self.seen[path] = self.seen.get(path, 0) + 1
        return path + b"/%d" % number
