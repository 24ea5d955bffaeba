"""What the Hub checks of a card's front matter, as far as its documentation tells and this program's cards use it.

Stricter in one thing: a name without a rule here is a fault, which the Hub would pass over, as it would a slip.

https://huggingface.co/docs/hub/model-cards and https://huggingface.co/docs/hub/spaces-config-reference
"""

import re
from numbers import Real

import yaml

_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?", re.ASCII)
_COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
_LICENCES = {"mit", "apache-2.0", "cc-by-4.0", "cc-by-nc-4.0", "cc0-1.0", "openrail", "unknown", "other"}  # of many


def _text(value):
    return isinstance(value, str) and bool(value.strip())


def _texts(value):
    return isinstance(value, list) and bool(value) and all(map(_text, value))


def _names(value):
    return _texts(value) and all(map(_NAME.fullmatch, value))


def _version(value):
    return isinstance(value, str) and bool(re.fullmatch(r"\d+(\.\d+)+", value))  # 3.10 without quotes would be 3.1


def _results(value):
    """A model-index: models, each with results of a task on a data set by metrics."""
    return all(
        _text(model["name"])
        and _text(result["task"]["type"])
        and _text(result["dataset"]["type"])
        and _text(result["dataset"]["name"])
        and _text(metric["type"])
        and isinstance(metric["value"], Real)
        for model in value
        for result in model["results"]
        for metric in result["metrics"]
    )


_BOTH = {
    "license": _LICENCES.__contains__,
    "license_name": lambda value: bool(re.fullmatch(r"[a-z0-9.-]+", value)),
    "license_link": lambda value: value in ("LICENSE", "LICENSE.md") or value.startswith("https://"),
    "tags": _texts,
}
_MODEL = _BOTH | {
    "library_name": _text,
    "pipeline_tag": lambda value: value == "unconditional-image-generation",  # one of the Hub's fifty tasks
    "datasets": _names,
    "metrics": _texts,
    "model-index": _results,
}
_SPACE = _BOTH | {
    "title": _text,
    "emoji": lambda value: _text(value) and len(value) <= 2 and not value.isascii(),
    "colorFrom": _COLOURS.__contains__,
    "colorTo": _COLOURS.__contains__,
    "sdk": {"gradio", "docker", "static"}.__contains__,
    "sdk_version": _version,
    "python_version": _version,
    "app_file": _text,
    "models": _names,
    "datasets": _names,
    "preload_from_hub": lambda value: (
        _texts(value) and all(re.fullmatch(r"\S+( \S+( [0-9a-f]{40})?)?", one) for one in value)
    ),
    "short_description": lambda value: _text(value) and len(value) <= 60,
}


def faults_in(card: str, kind: str) -> list[str]:
    """What is wrong with the card of a "model" or "space": a sentence each, none for a good one."""
    found = re.match(r"---\n(.*?)\n---\n", card, re.DOTALL)
    if not found:
        return ["there is no metadata"]
    try:
        values = yaml.safe_load(found[1])
    except yaml.YAMLError as error:
        return [f"the metadata is not YAML: {error}"]
    if not isinstance(values, dict):
        return ["the metadata is not an object"]
    rules = {"model": _MODEL, "space": _SPACE}[kind]
    needed = ["sdk"] if kind == "space" else []
    needed += ["license_name", "license_link"] if values.get("license") == "other" else []
    faults = [f"{name} is required" for name in needed if name not in values]
    return faults + [f"{name} is not what it must be" for name in values if not _keeps(rules, name, values[name])]


def _keeps(rules, name, value):
    try:
        return name in rules and rules[name](value)
    except (AttributeError, IndexError, KeyError, TypeError):
        return False
