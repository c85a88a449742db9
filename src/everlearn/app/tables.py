"""Every table of the platform, declared by importing the packages that own them."""

import importlib
import importlib.util
import pkgutil

import everlearn

for _package in sorted(module.name for module in pkgutil.iter_modules(everlearn.__path__) if module.ispkg):
    if importlib.util.find_spec(f"everlearn.{_package}.tables"):
        importlib.import_module(f"everlearn.{_package}.tables")
