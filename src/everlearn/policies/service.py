"""Setting and reading policies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import msgspec

from everlearn.core.actor import Actor
from everlearn.core.clock import Clock
from everlearn.core.errors import InvalidError
from everlearn.core.json import JSONObject
from everlearn.core.names import checked_name
from everlearn.db import Database, Tx
from everlearn.eventlog import EventLog
from everlearn.policies import store
from everlearn.policies.events import PolicySet
from everlearn.policies.model import KindUnknownError, unknown_fields

T = TypeVar("T")

EVERY_MODEL = "*"
"""The name under which a policy is set for all models of a project that have none of their own."""


@dataclass(frozen=True, slots=True)
class Policies:
    """The documents, checked against the type that their kind declares."""

    db: Database
    log: EventLog
    clock: Clock
    types: Mapping[str, type[Any]]  # kind -> frozen dataclass with defaults for every field

    def set(self, project: str, model: str, kind: str, document: JSONObject, *, actor: Actor) -> int:
        """Put a document in force; give its number. The same document again changes nothing.

        Raises
        ------
        KindUnknownError
            When there are no policies of this kind.
        InvalidError
            When the document does not fit its type.
        """
        checked_name(project, kind="project")
        if model != EVERY_MODEL:
            checked_name(model, kind="model")
        complete = self._completed(kind, document)
        with self.db.write() as tx:
            current = store.newest(tx, project, model, kind)
            if current is not None and current[1] == complete:
                return current[0]
            number = 1 if current is None else current[0] + 1
            store.insert(
                tx,
                project=project,
                model=model,
                kind=kind,
                number=number,
                document=complete,
                actor=actor,
                at=self.clock.now(),
            )
            event = PolicySet(project=project, model=model, kind=kind, number=number, document=complete)
            self.log.append(tx, event, actor=actor, subject=f"model:{project}/{model}")
            return number

    def get(self, tx: Tx, project: str, model: str, of: type[T]) -> T:
        """Give the policy in force: the model's, else that of all models, else the type's defaults."""
        in_force = self.every(tx, project, model, of)
        return in_force[-1] if in_force else msgspec.convert({}, of)

    def every(self, tx: Tx, project: str, model: str, of: type[T]) -> Sequence[T]:
        """Give the policy that is set for all models and the one that is set for this one, as far as they are set."""
        kind = next(kind for kind, declared in self.types.items() if declared is of)
        names = (EVERY_MODEL, model)
        found = [current for name in names if (current := store.newest(tx, project, name, kind)) is not None]
        return [msgspec.convert(document, of) for _, document in found]

    def all(self, project: str, model: str) -> dict[str, JSONObject]:
        """Give every kind's document in force, defaults filled in."""
        with self.db.read() as tx:
            set_by_someone = store.kinds(tx, project, EVERY_MODEL) | store.kinds(tx, project, model)
        return {
            kind: msgspec.to_builtins(msgspec.convert(set_by_someone.get(kind, {}), declared))
            for kind, declared in sorted(self.types.items())
        }

    def one(self, project: str, model: str, kind: str) -> JSONObject:
        """Give one kind's document in force, defaults filled in.

        Raises
        ------
        KindUnknownError
            When there are no policies of this kind.
        """
        declared = self._type(kind)
        with self.db.read() as tx:
            current = store.newest(tx, project, model, kind) or store.newest(tx, project, EVERY_MODEL, kind)
        complete: JSONObject = msgspec.to_builtins(msgspec.convert({} if current is None else current[1], declared))
        return complete

    def _type(self, kind: str) -> type[Any]:
        if kind not in self.types:
            raise KindUnknownError(f"no policies of kind {kind[:80]!r}; there are: {', '.join(sorted(self.types))}")
        return self.types[kind]

    def _completed(self, kind: str, document: JSONObject) -> JSONObject:
        declared = self._type(kind)
        allowed = sorted(field.name for field in fields(declared))
        if not isinstance(document, dict):
            raise InvalidError(f"a {kind} policy is a JSON object with any of {', '.join(allowed)}")
        if unknown := sorted(set(document) - set(allowed)):
            raise InvalidError(f"a {kind} policy has no {', '.join(unknown)[:200]}; it has {', '.join(allowed)}")
        try:
            complete: JSONObject = msgspec.to_builtins(msgspec.convert(document, declared, strict=True))
        except msgspec.ValidationError as error:
            raise InvalidError(f"not a {kind} policy: {error}") from error
        if deeper := list(unknown_fields(document, complete)):
            raise InvalidError(f"a {kind} policy has no {', '.join(deeper)[:200]}")
        return complete
