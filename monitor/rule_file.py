"""Ring rules in a file of their own: the tables `[[rule]]` of the settings, and nothing else."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from pydantic import Field, ValidationError

from monitor.config_sections import RuleSettings, Section
from monitor.config_sources import Origin, sentence
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.calls.rules import RingRule


class _RuleFile(Section):
    """What such a file holds."""

    rule: tuple[RuleSettings, ...] = Field(min_length=1)


def read_rules(path: Path) -> tuple[RingRule, ...]:
    """The rules of a file, in its order.

    Raises:
        ConfigError: it cannot be read, is not TOML, holds no rule, something else, or one name and version twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); name a file with [[rule]] tables.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: this is not UTF-8 text; save it as UTF-8.") from error
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: this is not TOML ({error}); correct that line.") from error
    if not tree.get("rule"):
        raise ConfigError(f"{path}: there is no ring rule in it; write one as [[rule]], as docs/settings.md shows.")
    keys = {"": frozenset({"rule"}), "rule": frozenset(RuleSettings.model_fields)}
    try:
        found = _RuleFile.model_validate(tree)
    except ValidationError as error:
        origin = Origin(path=path, text=text, environ={}, flags={}, keys=keys)
        raise ConfigError("\n".join(sentence(fault, origin) for fault in error.errors())) from None
    rules = tuple(each.rule() for each in found.rule)
    labels = [rule.label for rule in rules]
    for label in labels:
        if labels.count(label) > 1:
            raise ConfigError(f"{path}: the rule {label} stands there twice; give one of them another name or version.")
    return rules
