"""Whether a version may be deployed, and what it lacks.

Deployed is only what is on record: an ONNX model whose signature, profile and holdout were checked when it was
registered. What mlflow's clients register is in the catalogue alone; this tells them what stands between the two.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from everlearn.promotion.ports import Inspected, Inspector
from everlearn.registry import Catalogue
from everlearn.registry.sources import tree_of_source


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """One thing that a version has not."""

    condition: str  # stable, for machines: "signature", "input_example", "safe_format", "files", "on_record"
    remedy: str  # what to do about it


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitness:
    """Whether a version may be deployed."""

    number: int
    is_deployable: bool
    lacks: tuple[Lack, ...]  # empty when it may


_SHOWN = 10  # unsafe files that are named

_ON_RECORD = Lack(
    condition="on_record",
    remedy="let a pipeline package it as ONNX with its profile and holdout, or register that over the API",
)
_SIGNATURE = Lack(condition="signature", remedy="log the model with signature=infer_signature(inputs, outputs)")
_EXAMPLE = Lack(condition="input_example", remedy="log the model with input_example=")
_FILES = Lack(condition="files", remedy="log the model to this server: no MLmodel file is where the version points")


@dataclass(frozen=True, slots=True)
class FitnessChecks:
    """Looks at versions without loading them."""

    catalogue: Catalogue
    inspector: Inspector

    def of(self, project: str, model: str, number: int) -> Fitness:
        """Tell what a version lacks; raises VersionNotFoundError."""
        is_on_record = self.catalogue.is_on_record(project, model, number)
        lacks = () if is_on_record else tuple(self._lacks(project, model, number))
        return Fitness(number=number, is_deployable=is_on_record, lacks=lacks)

    def _lacks(self, project: str, model: str, number: int) -> Iterator[Lack]:
        folder = tree_of_source(self.catalogue.files_of(project, model, number))
        found = self.inspector.inspect(project, folder) if folder else None
        yield from (_FILES, _SIGNATURE, _EXAMPLE) if found is None else _of_files(found)
        yield _ON_RECORD


def _of_files(found: Inspected) -> Iterator[Lack]:
    if not found.has_signature:
        yield _SIGNATURE
    if not found.has_input_example:
        yield _EXAMPLE
    if found.unsafe_files:
        named = ", ".join(found.unsafe_files[:_SHOWN])
        yield Lack(condition="safe_format", remedy=f"save it in a format that runs no code, such as ONNX: {named}")
