"""Whole numbers in as few bytes as they need: seven bits a byte, the lowest first (LEB128, as in protocol buffers)."""

from everlearn.blobs.deltas.errors import BadContainerError

_LONGEST = 10  # bytes of a number below 2**64


def written(number: int) -> bytes:
    """Write a number that is not negative."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def sized(content: bytes) -> bytes:
    """Write some bytes behind their number."""
    return written(len(content)) + content


class Reader:
    """Reads what the functions above wrote; whatever does not fit is refused."""

    __slots__ = ("content", "position")

    def __init__(self, content: bytes) -> None:
        self.content, self.position = content, 0

    def number(self) -> int:
        """Read a number."""
        value = 0
        for index in range(_LONGEST):
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << 7 * index
            if byte < 0x80:
                return value
        raise BadContainerError("a number does not end")

    def count(self, most: int) -> int:
        """Read a number that cannot be larger than this: memory is about to be set aside for so many."""
        number = self.number()
        if number > most:
            raise BadContainerError("a number is larger than it can be")
        return number

    def take(self, count: int) -> bytes:
        """Read so many bytes."""
        end = self.position + count
        if end > len(self.content):
            raise BadContainerError("the content ends too early")
        taken = self.content[self.position : end]
        self.position = end
        return taken

    def sized(self) -> bytes:
        """Read bytes behind their number."""
        return self.take(self.number())

    @property
    def at_end(self) -> bool:
        """Tell whether all is read."""
        return self.position == len(self.content)
