#!/usr/bin/env python3
"""Reads a record and all that is derived from it with real parsers.

Usage: derived_formats.py FOLDER SCHEMA

FOLDER holds junit.xml, gradescope.json, autolab.txt, github.txt and
result.json, each of a record whose messages hold any bytes. Prints one
line for each file that is not well-formed or not of its schema; exit
status 1 then.
"""

import json
import pathlib
import subprocess
import sys
import xml.etree.ElementTree as xml

import jsonschema

folder = pathlib.Path(sys.argv[1])
schema = json.loads(pathlib.Path(sys.argv[2]).read_text("utf-8"))
faults = []


def check(name, body):
    try:
        body((folder / name).read_bytes())
    except Exception as fault:  # each parser has its own
        faults.append(f"{name}: {type(fault).__name__}: {fault}")


def junit(data):
    subprocess.run(["xmllint", "--noout", "-"], input=data, check=True,
                   capture_output=True)
    for suite in xml.fromstring(data).iter("testsuite"):
        cases = suite.findall("testcase")
        assert len(cases) == int(suite.get("tests")), suite.get("name")
        failed = suite.findall("testcase/failure")
        assert len(failed) == int(suite.get("failures"))
        for each in failed:
            assert each.get("message") and each.text, each.get("type")


def gradescope(data):
    whole = json.loads(data.decode("utf-8"))
    json.dumps(whole, ensure_ascii=False).encode("utf-8")
    number = {"type": "number"}
    text = {"type": "string"}
    jsonschema.validate(whole, {
        "type": "object",
        "required": ["score", "tests"],
        "properties": {
            "score": number, "execution_time": number, "output": text,
            "tests": {"type": "array", "items": {
                "type": "object",
                "required": ["name", "score", "max_score", "status"],
                "properties": {
                    "name": text, "number": text, "output": text,
                    "score": number, "max_score": number,
                    "status": {"enum": ["passed", "failed"]},
                    "visibility": {"enum": [
                        "visible", "hidden", "after_due_date",
                        "after_published"]}}}}}})


def autolab(data):
    lines = data.decode("utf-8").splitlines()
    scores = json.loads(lines[-1])["scores"]
    assert all(isinstance(each, (int, float))
               for each in scores.values())


def github(data):
    for line in data.decode("utf-8").split("\n"):
        assert line == "" or line.startswith("::error file="), line
        assert "\r" not in line, line


def result(data):
    whole = json.loads(data.decode("utf-8"))
    json.dumps(whole, ensure_ascii=False).encode("utf-8")
    jsonschema.validators.validator_for(schema).check_schema(schema)
    jsonschema.validate(whole, schema,
                        format_checker=jsonschema.FormatChecker())


check("junit.xml", junit)
check("gradescope.json", gradescope)
check("autolab.txt", autolab)
check("github.txt", github)
check("result.json", result)
print("\n".join(faults) or "all are well-formed")
sys.exit(1 if faults else 0)
