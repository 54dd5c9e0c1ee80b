"""The rules find the shapes that once cost apps a page."""

import json
import pathlib
import tempfile
import unittest

from generators import LANGUAGES, all_faults

CARD = {"type": "object", "required": ["headline"], "properties": {"headline": {"type": "string"}}}
SCHEMAS = {
    # A word, or an object of one member.
    "Mark": {"oneOf": [
        {"type": "string", "enum": ["strong"]},
        {"type": "object", "required": ["link"], "properties": {"link": {"type": "string"}}},
    ]},
    # The whole, or a part of it.
    "Answer": {"anyOf": [{"$ref": "#/components/schemas/Card"},
                         {"$ref": "#/components/schemas/Sparse"}]},
    "Card": CARD,
    "Sparse": {"type": "object", "additionalProperties": {}},
    # The card, written out once more; and a value of any type.
    "Thread": {"type": "object", "properties": {
        "data": {"type": "array", "items": CARD | {"description": "A card."}},
        "marks": {"type": "array", "items": {"$ref": "#/components/schemas/Mark"}},
        "anything": {},
    }},
}


def body(name):
    return {"description": "It.", "content": {"application/json": {
        "schema": {"$ref": f"#/components/schemas/{name}"}}}}


class OldShapes(unittest.TestCase):
    def test_are_found_in_every_language(self):
        document = {
            "openapi": "3.1.0", "info": {"title": "Old", "version": "1"},
            "paths": {"/answer": {"get": {"operationId": "get", "responses": {
                "200": body("Answer"), "201": body("Thread")}}}},
            "components": {"schemas": SCHEMAS},
        }
        with tempfile.TemporaryDirectory() as home:
            path = pathlib.Path(home) / "old.json"
            path.write_text(json.dumps(document))
            found = all_faults(path, pathlib.Path(home) / "models")
        for language in LANGUAGES:
            for fault in (
                "has no name in the document",
                "nothing tells the members of answer apart",
                "nothing tells the members of mark apart",
                "in thread is something of which nothing is known",
            ):
                self.assertTrue(
                    any(one.startswith(language) and fault in one for one in found),
                    f"{language}: {fault}: {found}")


if __name__ == "__main__":
    unittest.main()
