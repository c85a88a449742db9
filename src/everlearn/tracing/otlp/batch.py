"""What a request brought: spans that can be kept, a count of those that cannot, and what was cut."""

from dataclasses import dataclass, field

from everlearn.tracing.model import LONGEST_NAME, LONGEST_TEXT, MOST_SPANS, BadTraceError, Span

STATUSES = {0: "UNSET", 1: "OK", 2: "ERROR"}


class BadOtlpError(BadTraceError):
    """A body that is not the protocol's, or is over its bounds."""

    code = "tracing.bad_otlp"


class BadSpanError(BadTraceError):
    """A span that cannot be kept; the others of its request can."""

    code = "tracing.bad_span"


@dataclass(slots=True)
class Batch:
    """Spans as they are read, one after the other."""

    spans: list[Span] = field(default_factory=list)
    rejected: int = 0
    reason: str = ""  # why the first one was rejected
    cut: int = 0  # texts that were too long

    def add(self, span: Span) -> None:
        """Take one span in.

        Raises
        ------
        BadOtlpError
            When there are too many.
        """
        if len(self.spans) == MOST_SPANS:
            raise BadOtlpError(f"one request brings at most {MOST_SPANS} spans; send them in several")
        self.spans.append(span)

    def reject(self, why: str) -> None:
        """Count a span that cannot be kept."""
        self.rejected += 1
        self.reason = self.reason or why

    def text(self, text: str) -> str:
        """Give a text within its bound."""
        if len(text) <= LONGEST_TEXT:
            return text
        self.cut += 1
        return f"{text[:LONGEST_TEXT]}… [cut: {len(text)} characters]"

    def warning(self) -> str:
        """Say what the sender should know; empty when all went well."""
        said = []
        if self.rejected:
            said.append(f"{self.rejected} spans were rejected: {self.reason}")
        if self.cut:
            said.append(f"{self.cut} texts of over {LONGEST_TEXT} characters were cut")
        return "; ".join(said)


def checked_ids(trace_id: str, span_id: str, parent_id: str) -> None:
    """Check ids in hexadecimal.

    Raises
    ------
    BadSpanError
        When one has another length, or is all zeros, which means that there is none.
    """
    if len(trace_id) != 32 or not trace_id.strip("0"):
        raise BadSpanError("trace_id is 16 bytes, not all of them zero")
    if len(span_id) != 16 or not span_id.strip("0"):
        raise BadSpanError("span_id is 8 bytes, not all of them zero")
    if len(parent_id) not in {0, 16}:
        raise BadSpanError("parent_span_id is 8 bytes, or empty")


def named(name: str) -> str:
    """Give a name that every engine can keep."""
    return name[:LONGEST_NAME].replace("\x00", "\ufffd")
