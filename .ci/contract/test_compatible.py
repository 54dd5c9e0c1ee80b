"""What the comparison of two documents has to find, and what it has to let pass."""

import copy
import unittest

from compatible import Comparison, line


def named(name):
    return {"$ref": f"#/components/schemas/{name}"}


def json(schema):
    return {"content": {"application/json": {"schema": schema}}}


DOCUMENT = {
    "paths": {
        "/ships": {
            "get": {
                "parameters": [{"in": "query", "name": "flag", "schema": {"type": "string"}}],
                "responses": {"200": {"headers": {"ETag": {}}, **json(named("Ship"))}},
            },
            "post": {
                "requestBody": {"required": True, **json(named("Order"))},
                "responses": {"201": json(named("Ship"))},
            },
        },
    },
    "components": {
        "schemas": {
            "Ship": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string"}, "kind": named("Kind")},
            },
            "Order": {
                "type": "object",
                "required": ["name"],
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string", "maxLength": 40},
                    "kind": named("Kind"),
                    "load": {"oneOf": [named("Cars"), named("Sheep")]},
                },
            },
            "Kind": {"type": "string", "enum": ["ferry", "tug"]},
            "Cars": {"type": "object", "properties": {"cars": {"type": "integer"}}},
            "Sheep": {"type": "object", "properties": {"sheep": {"type": "integer"}}},
        }
    },
}

BREAKING = """
an operation is gone:      del ships["get"]
a parameter is gone:       ships["get"]["parameters"].pop()
a parameter is required:   ships["get"]["parameters"][0]["required"] = True
a token is needed:         ships["get"]["security"] = [{"bearer": []}]
a header is gone:          del ships["get"]["responses"]["200"]["headers"]["ETag"]
a status is gone:          del ships["post"]["responses"]["201"]
another type is taken:     order["properties"]["name"]["type"] = "integer"
less is taken:             order["properties"]["name"]["maxLength"] = 5
a value is not taken:      schemas["Kind"]["enum"].pop()
a kind is not taken:       order["properties"]["load"]["oneOf"].pop()
a member is not taken:     del order["properties"]["kind"]
a member is required:      order["required"].append("kind")
a member is gone:          del ship["properties"]["kind"]
a member may be left out:  ship["required"].clear()
a member may be null:      ship["properties"]["name"]["type"] = ["string", "null"]
"""
COMPATIBLE = """
nothing:                   pass
one operation more:        ships["put"] = ships["post"]
one parameter more:        ships["get"]["parameters"].append({"in": "query", "name": "age"})
one member more:           ship["properties"]["age"] = {"type": "integer"}
one more is taken:         order["properties"]["age"] = {"type": "integer"}
longer ones are taken:     order["properties"]["name"]["maxLength"] = 400
a member is not required:  order["required"].clear()
"""


def breaks(change):
    """What breaks where this is done to the document."""
    changed = copy.deepcopy(DOCUMENT)
    schemas = changed["components"]["schemas"]
    names = {"ships": changed["paths"]["/ships"], "schemas": schemas}
    exec(change, names | {"order": schemas["Order"], "ship": schemas["Ship"]})
    comparison = Comparison(DOCUMENT, changed)
    comparison.operations()
    return comparison.breaks


def cases(table):
    for case in table.strip().splitlines():
        name, change = case.split(":", 1)
        yield name, change.strip()


class Compatible(unittest.TestCase):
    def test_what_breaks_clients_is_found(self):
        for name, change in cases(BREAKING):
            with self.subTest(name):
                self.assertTrue(breaks(change))

    def test_what_does_not_is_let_pass(self):
        for name, change in cases(COMPATIBLE):
            with self.subTest(name):
                self.assertEqual(breaks(change), [])

    def test_the_version_announces_breaks(self):
        self.assertEqual(line("0.1.0"), line("0.1.9"))
        self.assertNotEqual(line("0.1.9"), line("0.2.0"))
        self.assertEqual(line("1.1.0"), line("1.2.0"))
        self.assertNotEqual(line("1.9.0"), line("2.0.0"))
