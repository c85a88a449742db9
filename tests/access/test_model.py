import pytest
from hypothesis import given
from hypothesis import strategies as st

from everlearn.access.model import Principal, Role, RoleMissingError, checked_label, require
from everlearn.core.actor import Actor
from everlearn.core.errors import InvalidError

ORDER = [Role.VIEWER, Role.CONTRIBUTOR, Role.OPERATOR, Role.APPROVER, Role.ADMIN]
roles = st.sampled_from(ORDER)


def principal(**grants: Role) -> Principal:
    named = {"*" if scope == "everywhere" else scope: role for scope, role in grants.items()}
    return Principal(actor=Actor("user:ada"), name="ada", grants=named)


@given(held=roles, needed=roles)
def test_a_role_includes_itself_and_those_before_it(held: Role, needed: Role) -> None:
    assert held.includes(needed) == (ORDER.index(held) >= ORDER.index(needed))


@given(here=st.none() | roles, everywhere=st.none() | roles)
def test_the_higher_of_two_grants_counts(here: Role | None, everywhere: Role | None) -> None:
    given_roles = {"shop": here, "everywhere": everywhere}
    who = principal(**{scope: role for scope, role in given_roles.items() if role})

    expected = max((role for role in (here, everywhere) if role), key=ORDER.index, default=None)

    assert who.role_in("shop") is expected


def test_a_role_in_one_project_says_nothing_of_another() -> None:
    assert principal(shop=Role.ADMIN).role_in("farm") is None
    assert principal(shop=Role.ADMIN).role_in("*") is None


def test_a_refusal_says_what_is_held_what_is_needed_and_how_to_get_it() -> None:
    with pytest.raises(RoleMissingError) as refused:
        require(principal(shop=Role.VIEWER), "shop", Role.OPERATOR)

    message = refused.value.message
    assert "has the role viewer in project shop" in message
    assert "needs operator or higher" in message
    assert "everlearn access grant ada operator --project 'shop'" in message
    assert refused.value.details == {"project": "shop", "needed": "operator", "held": "viewer"}


def test_who_has_no_role_is_told_so() -> None:
    with pytest.raises(RoleMissingError, match="has no role in the whole platform"):
        require(principal(), "*", Role.VIEWER)


@pytest.mark.parametrize("label", ["x" * 201, "two\nlines", "\x00"])
def test_labels_that_no_table_could_show_are_refused(label: str) -> None:
    with pytest.raises(InvalidError):
        checked_label(label)
