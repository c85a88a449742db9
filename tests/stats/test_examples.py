"""The examples in the docstrings run and print what they say."""

import doctest
import importlib
import pkgutil

import pytest

import everlearn.stats

MODULES = [f"everlearn.stats.{module.name}" for module in pkgutil.iter_modules(everlearn.stats.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_the_module_are_true(name: str) -> None:
    module = importlib.import_module(name)

    outcome = doctest.testmod(module)

    assert outcome.failed == 0
