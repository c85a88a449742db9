"""From what happened to what is told, in the protocol's shapes."""

from collections.abc import Mapping
from datetime import datetime

from everlearn.core.json import JSONObject, canonical_json
from everlearn.eventlog import Event
from everlearn.registry.events import (
    AliasMoved,
    ModelCreated,
    TagDeleted,
    TagSet,
    VersionCatalogued,
    VersionRegistered,
)
from everlearn.webhooks.model import Action, Entity, Topic

IS_PROMPT, PROMPT_TYPE, PROMPT_TEXT = "mlflow.prompt.is_prompt", "_mlflow_prompt_type", "mlflow.prompt.text"
TOLD: tuple[type[Event], ...] = (ModelCreated, VersionCatalogued, VersionRegistered, TagSet, TagDeleted, AliasMoved)

Told = tuple[Topic, JSONObject]


def told_of(event: Event, *, is_prompt: bool) -> Told | None:  # noqa: PLR0911  # one for each kind of event
    """Give what is told of an event; None when nothing is. `is_prompt`: its model is a prompt's name."""
    match event:
        case ModelCreated():
            entity = Entity.PROMPT if is_prompt else Entity.REGISTERED_MODEL
            tags = _without_marks(event.tags) if is_prompt else event.tags
            return Topic(entity, Action.CREATED), {
                "name": event.model,
                "tags": {**tags},
                "description": event.description or None,
            }
        case VersionCatalogued():
            return _prompt_version(event) if is_prompt else _version(event)
        case VersionRegistered():
            return Topic(Entity.MODEL_VERSION, Action.CREATED), {
                "name": event.model,
                "version": str(event.version),
                "source": f"runs:/{event.run_id}",
                "run_id": event.run_id,
                "tags": {},
                "description": None,
            }
        case TagSet():
            return _tag(event, Action.SET, {"key": event.key, "value": event.value}, is_prompt=is_prompt)
        case TagDeleted():
            return _tag(event, Action.DELETED, {"key": event.key}, is_prompt=is_prompt)
        case AliasMoved():
            entity = Entity.PROMPT_ALIAS if is_prompt else Entity.MODEL_VERSION_ALIAS
            named: JSONObject = {"name": event.model, "alias": event.alias}
            if event.after is None:
                return Topic(entity, Action.DELETED), named
            return Topic(entity, Action.CREATED), named | {"version": str(event.after)}
        case _:
            return None


def envelope(topic: Topic, said: JSONObject, *, at: datetime) -> str:
    """Write the text that is sent, and signed."""
    what: JSONObject = {"entity": str(topic.entity), "action": str(topic.action)}
    return canonical_json(what | {"timestamp": at.isoformat(), "data": said})


def example(topic: Topic) -> JSONObject:  # noqa: PLR0911  # one for each kind of entity
    """Give what a test sends."""
    made: JSONObject = {"name": "example", "tags": {"example_key": "example_value"}, "description": "An example"}
    version: JSONObject = {"version": "1"}
    tag: JSONObject = {"name": "example", "key": "example_key"}
    alias: JSONObject = {"name": "example", "alias": "example_alias"}
    match topic.entity:
        case Entity.REGISTERED_MODEL | Entity.PROMPT:
            return made
        case Entity.MODEL_VERSION:
            return made | version | {"source": "models:/123", "run_id": "abcd1234abcd5678"}
        case Entity.PROMPT_VERSION:
            return made | version | {"template": "Hello {{name}}!"}
        case Entity.MODEL_VERSION_TAG | Entity.PROMPT_VERSION_TAG:
            return tag | version | ({"value": "example_value"} if topic.action is Action.SET else {})
        case Entity.PROMPT_TAG:
            return tag | ({"value": "example_value"} if topic.action is Action.SET else {})
        case Entity.MODEL_VERSION_ALIAS | Entity.PROMPT_ALIAS:
            return alias | (version if topic.action is Action.CREATED else {})
        case Entity.BUDGET_POLICY:
            return {
                "budget_policy_id": "example",
                "budget_unit": "USD",
                "budget_amount": 100.0,
                "current_spend": 105.5,
                "duration_unit": "MONTHS",
                "duration_value": 1,
                "target_scope": "ENDPOINT",
                "workspace": "default",
                "target_value": "example",
                "window_start": 1_704_067_200_000,
            }


def _version(event: VersionCatalogued) -> Told:
    return Topic(Entity.MODEL_VERSION, Action.CREATED), {
        "name": event.model,
        "version": str(event.version),
        "source": event.source,
        "run_id": event.run_id or None,
        "tags": {**event.tags},
        "description": event.description or None,
    }


def _prompt_version(event: VersionCatalogued) -> Told:
    return Topic(Entity.PROMPT_VERSION, Action.CREATED), {
        "name": event.model,
        "version": str(event.version),
        "template": event.tags.get(PROMPT_TEXT),
        "tags": {**_without_marks(event.tags)},
        "description": event.description or None,
    }


def _tag(event: TagSet | TagDeleted, action: Action, said: JSONObject, *, is_prompt: bool) -> Told | None:
    """Tags of models are not told: the protocol has no word for them, only for those of prompts."""
    if event.version is None:
        return (Topic(Entity.PROMPT_TAG, action), {"name": event.model, **said}) if is_prompt else None
    entity = Entity.PROMPT_VERSION_TAG if is_prompt else Entity.MODEL_VERSION_TAG
    named: JSONObject = {"name": event.model, "version": str(event.version)}
    return Topic(entity, action), named | said


def _without_marks(tags: Mapping[str, str]) -> Mapping[str, str]:
    return {key: value for key, value in tags.items() if key not in {IS_PROMPT, PROMPT_TYPE, PROMPT_TEXT}}
