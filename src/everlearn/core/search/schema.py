"""The terms in which a search says what it knows: identifiers, operators, types of values, keys to sort by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from everlearn.core.search.clause import Op

ORDERED = frozenset({Op.GREATER, Op.AT_LEAST, Op.LESS, Op.AT_MOST})
EQUALITY = frozenset({Op.EQUAL, Op.UNEQUAL})
LISTS = frozenset({Op.IN, Op.NOT_IN})
NULLS = frozenset({Op.IS_NULL, Op.IS_NOT_NULL})
PATTERNS = frozenset({Op.LIKE, Op.ILIKE})


class ValueType(StrEnum):
    """What a key is compared with."""

    TEXT = "a quoted string"
    NUMBER = "a number without quotes"
    WHOLE = "a whole number without quotes"
    JUDGEMENT = "a quoted string, or a number without quotes with > >= < <="  # what people and judges say of a trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """How one key may be asked about."""

    ops: frozenset[Op]
    type: ValueType = ValueType.TEXT

    def type_with(self, op: Op) -> ValueType:
        """Say what is compared under an operator."""
        if self.type is not ValueType.JUDGEMENT:
            return self.type
        return ValueType.NUMBER if op in ORDERED else ValueType.TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """What may stand before the first dot, and the keys that may follow it."""

    kind: str
    names: frozenset[str]  # the spellings of the kind
    fields: Mapping[str, Field] = field(default_factory=dict)  # keys that are fixed
    prefixes: Mapping[str, Field] = field(default_factory=dict)  # keys are free after these
    free: Field | None = None  # all other keys; None: there are none
    aliases: Mapping[str, str] = field(default_factory=dict)  # other spellings of fixed keys
    orderable: frozenset[str] = frozenset()  # keys to sort by; not all of them can be asked about
    is_orderable_by_any: bool = False

    @property
    def plural(self) -> str:
        """The word for its keys: "tags", but "metadata"."""
        return plural if (plural := f"{self.kind}s") in self.names else self.kind

    def canonical(self, key: str) -> str:
        """Give the one spelling of a key."""
        return self.aliases.get(key, key)

    def field_of(self, key: str) -> Field | None:
        """Give how a key may be asked about; None when it may not."""
        if key in self.fields:
            return self.fields[key]
        head = next((one for one in self.prefixes if key.startswith(one) and len(key) > len(one)), None)
        if head is not None:
            return self.prefixes[head]
        return self.free if key else None

    def orders(self, key: str) -> bool:
        """Say whether a key can be sorted by."""
        return key in self.orderable or (self.is_orderable_by_any and bool(key))

    def known_keys(self) -> list[str]:
        """List the keys that may be asked about, for those who mistyped one."""
        return sorted(self.fields) + [f"{head}<name>" for head in self.prefixes]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSchema:
    """All that one kind of search knows. Clients match the first words of some refusals, which differ by search."""

    entities: tuple[Entity, ...]  # the first is meant when no entity is written: the attributes
    refuses_repeated_orders: bool = False
    operator_refusal: str = "Invalid comparator"
    order_key_refusal: str = "Invalid attribute key"

    @property
    def attributes(self) -> Entity:
        """The entity of keys that stand alone."""
        return self.entities[0]

    def entity_named(self, name: str) -> Entity | None:
        """Find an entity by one of its spellings."""
        return next((entity for entity in self.entities if name in entity.names), None)

    def entity_names(self) -> list[str]:
        """List the spellings of all entities."""
        return sorted(name for entity in self.entities for name in entity.names)

    def kinds_with(self, ops: Iterable[Op]) -> list[str]:
        """Name the kinds whose free keys know one of these operators: "tags", "params"."""
        wanted = frozenset(ops)
        return [entity.plural for entity in self.entities if entity.free and entity.free.ops & wanted]
