"""JUnit XML for CI services: a suite per student and exercise, a case per check."""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from xml.etree import ElementTree

from ..gradebook import Row

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def lines(rows: Iterable[Row]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="utf-8"?>\n<testsuites name="dlkit">\n'
    for row in rows:
        yield ElementTree.tostring(_suite(row), encoding="unicode") + "\n"
    yield "</testsuites>\n"


def _suite(row: Row) -> ElementTree.Element:
    result = row.result or {}
    checks = [*(result.get("checks") or [_whole(row, result)]), *_forbidden(result)]
    suite = ElementTree.Element("testsuite", _clean({"name": f"{row.student} {row.name}", "tests": len(checks)}))
    kinds = {"failed": "failure", "error": "error", "skipped": "skipped"}
    for kind, plural in (("failed", "failures"), ("error", "errors"), ("skipped", "skipped")):
        suite.set(plural, str(sum(c["status"] == kind for c in checks)))
    suite.set("time", str(result.get("duration_s", 0)))
    for check in checks:
        case = ElementTree.SubElement(suite, "testcase", _clean({"classname": row.name, "name": check["name"]}))
        if check["status"] in kinds:
            words = check["message"] or result.get("message", "")
            child = ElementTree.SubElement(case, kinds[check["status"]], _clean({"message": words[:300]}))
            child.text = _NOT_XML.sub("", words)
    return suite


def _whole(row: Row, result: dict[str, Any]) -> dict[str, Any]:
    """A submission without checks (it could not be read, or has no verdict) is one case."""
    status = "skipped" if row.status == "pending" else "failed"
    return {"name": "submission", "status": status, "message": result.get("message", "there is no verdict yet")}


def _forbidden(result: dict[str, Any]) -> list[dict[str, Any]]:
    """A shortcut that makes the score 0 is a failure of its own: the checks may all have passed."""
    flags = result.get("flags") or []
    words = "; ".join(str(f["message"]) for f in flags)
    return [{"name": "forbidden", "status": "failed", "message": words}] if flags else []


def _clean(attributes: dict[str, Any]) -> dict[str, str]:
    return {k: _NOT_XML.sub("", str(v)) for k, v in attributes.items()}
