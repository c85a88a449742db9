"""Where numbers lie in the formats that models are kept in. A form reads; it runs, imports and unpickles nothing.

A form gives the same runs for the same bytes for ever: what was packed with it can be read only so. A form that is to
recognise more becomes a new one under a new name, beside the old one.
"""

from collections.abc import Callable, Mapping, Sequence

from everlearn.blobs.deltas.forms.archives import archive_runs
from everlearn.blobs.deltas.forms.arrays import npy_runs, safetensors_runs
from everlearn.blobs.deltas.forms.buffers import double_runs, single_runs
from everlearn.blobs.deltas.forms.onnx import onnx_runs
from everlearn.blobs.deltas.forms.text import text_runs
from everlearn.blobs.deltas.forms.ubjson import ubjson_runs
from everlearn.blobs.deltas.runs import Run

Form = Callable[[bytes], Sequence[Run]]
"""Gives the runs in a content, in order, without overlaps; none when it is of another form."""

FORMS: Mapping[int, Form] = {
    1: onnx_runs,
    2: safetensors_runs,
    3: npy_runs,
    4: archive_runs,
    5: ubjson_runs,
    6: text_runs,
}
"""The forms by the number that stands in containers. The first that finds something is taken."""

BUFFERS: Mapping[int, Form] = {64: single_runs, 65: double_runs}
"""What is tried on bytes of no known form."""
