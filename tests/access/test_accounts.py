import pytest
from tests.access.conftest import NOON, ROOT
from tests.access.record import events_of

from everlearn.access import Access, AccountKind, Role
from everlearn.access.model import AccountExistsError, AccountNotFoundError, Grant, LastAdminError
from everlearn.core.errors import InvalidError
from everlearn.db import Database


def test_a_person_and_a_service_act_under_their_own_kind(quick: Access) -> None:
    eve = quick.create_account("eve", AccountKind.PERSON, actor=ROOT)
    ci = quick.create_account("ci", AccountKind.SERVICE, actor=ROOT)

    assert (eve.actor, ci.actor) == ("user:eve", "service:ci")
    assert quick.account("eve") == eve
    assert eve.created_at == NOON


def test_a_name_is_given_once(access: Access) -> None:
    access.create_account("ada", AccountKind.PERSON, actor=ROOT)

    with pytest.raises(AccountExistsError, match="ada"):
        access.create_account("ada", AccountKind.SERVICE, actor=ROOT)


@pytest.mark.parametrize("name", ["", "Ada", "a/b", "../x", "a" * 64])
def test_a_name_that_is_no_name_is_refused(name: str, quick: Access) -> None:
    with pytest.raises(InvalidError):
        quick.create_account(name, AccountKind.PERSON, actor=ROOT)


def test_accounts_are_listed_by_name_in_pages(peopled: Access) -> None:
    first = peopled.accounts(limit=2)
    second = peopled.accounts(limit=2, after=first.next)

    assert [account.name for account in (*first.items, *second.items)] == ["ada", "ben", "robot"]
    assert second.next is None


def test_grants_are_listed_by_project(peopled: Access) -> None:
    assert peopled.grants("shop").items == [
        Grant(account="ben", project="shop", role=Role.VIEWER),
        Grant(account="robot", project="shop", role=Role.CONTRIBUTOR),
    ]
    assert peopled.roles("ada") == {"*": Role.ADMIN}


def test_a_grant_is_changed_and_taken(peopled: Access) -> None:
    peopled.grant("ben", "shop", Role.OPERATOR, actor=ROOT)
    changed = peopled.roles("ben")
    peopled.grant("ben", "shop", None, actor=ROOT)

    assert changed == {"shop": Role.OPERATOR}
    assert peopled.roles("ben") == {}


def test_the_last_admin_stays(peopled: Access) -> None:
    with pytest.raises(LastAdminError, match="only admin"):
        peopled.grant("ada", "*", Role.VIEWER, actor=ROOT)

    peopled.grant("ben", "*", Role.ADMIN, actor=ROOT)
    peopled.grant("ada", "*", None, actor=ROOT)

    assert peopled.roles("ada") == {}


@pytest.mark.parametrize("project", ["", "Shop", "**", "a b"])
def test_a_scope_is_a_project_or_all(project: str, quick: Access) -> None:
    with pytest.raises(InvalidError):
        quick.grant("ben", project, Role.VIEWER, actor=ROOT)


def test_who_is_unknown_can_be_given_nothing(quick: Access) -> None:
    with pytest.raises(AccountNotFoundError, match="everlearn access create"):
        quick.grant("nobody", "*", Role.VIEWER, actor=ROOT)
    with pytest.raises(AccountNotFoundError):
        quick.issue_token("nobody", actor=ROOT)


def test_each_change_is_an_event_and_no_change_is_none(db: Database, peopled: Access) -> None:
    before = len(events_of(db, peopled))

    peopled.grant("ben", "shop", Role.VIEWER, actor=ROOT)  # he has it already
    peopled.grant("ben", "shop", Role.ADMIN, actor=ROOT)

    (event,) = events_of(db, peopled)[before:]
    assert event == (
        "access.grant_changed",
        {"account": "ben", "project": "shop", "before": "viewer", "after": "admin"},
    )
