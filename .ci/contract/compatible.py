"""Whether clients of one version of the API go on working with another.

Usage: compatible.py OLD NEW, two OpenAPI documents. Prints what breaks, and fails if anything does
that the new version's number does not announce.

What callers may send must not get less, and what they get must not lack anything: that is all it
knows. New values of an enum and new members of a union do not count in an answer: clients have to
expect them. It is our own because of those that are packaged for Python and Node, openapi-diff
cannot read OpenAPI 3.1, api-smart-diff finds hundreds of breaks where one operation was added, and
api-diff-sentinel does not look into schemas.
"""

import json
import sys

BOUNDS = {"minimum": max, "minLength": max, "minItems": max, "minProperties": max,
          "maximum": min, "maxLength": min, "maxItems": min, "maxProperties": min}


class Comparison:
    def __init__(self, old, new):
        self.old, self.new, self.breaks = old, new, []

    def broken(self, place, what):
        self.breaks.append(f"{place}: {what}")

    def operations(self):
        for path, operations in self.old["paths"].items():
            for method, operation in operations.items():
                place = f"{method.upper()} {path}"
                there = self.new["paths"].get(path, {}).get(method)
                if there is None:
                    self.broken(place, "is gone")
                    continue
                self.security(place, operation, there)
                self.parameters(place, operation, there)
                self.request(place, operation.get("requestBody"), there.get("requestBody"))
                self.responses(place, operation["responses"], there["responses"])

    def security(self, place, old, new):
        def needed(operation):
            return [set(one.get("bearer", ())) for one in operation.get("security") or []]

        if needed(new) and not needed(old):
            self.broken(place, "needs a token")
        elif needed(new) and needed(new)[0] - needed(old)[0]:
            self.broken(place, "needs another permission")

    def parameters(self, place, old, new):
        def named(operation, document):
            found = (resolve(one, document) for one in operation.get("parameters", ()))
            return {(one["in"], one["name"]): one for one in found}

        before, after = named(old, self.old), named(new, self.new)
        for (where, name), parameter in after.items():
            known = before.get((where, name))
            if parameter.get("required") and not (known and known.get("required")):
                self.broken(place, f"the {where} parameter {name} is required")
        for (where, name), parameter in before.items():
            there = after.get((where, name))
            if there is None:
                self.broken(place, f"the {where} parameter {name} is gone")
            else:
                self.narrower(f"{place}: {name}", parameter["schema"], there["schema"])

    def request(self, place, old, new):
        if new and new.get("required") and not (old and old.get("required")):
            self.broken(place, "a body is required")
        for kind, content in (old or {}).get("content", {}).items():
            there = (new or {}).get("content", {}).get(kind)
            if there is None:
                self.broken(place, f"no body of {kind} is taken")
            else:
                self.narrower(f"{place}: body", content["schema"], there["schema"])

    def responses(self, place, old, new):
        for status, response in old.items():
            if status >= "400":
                continue
            response = resolve(response, self.old)
            there = resolve(new.get(status, {}), self.new)
            if not there:
                self.broken(place, f"no longer answers {status}")
                continue
            for name in response.get("headers", {}):
                if name not in there.get("headers", {}):
                    self.broken(place, f"{status} has no header {name}")
            for kind, content in response.get("content", {}).items():
                got = there.get("content", {}).get(kind)
                if got is None:
                    self.broken(place, f"{status} is no longer {kind}")
                else:
                    self.poorer(f"{place}: {status}", content["schema"], got["schema"])

    def narrower(self, place, old, new, seen=frozenset()):
        """Whether something that could be sent cannot be any more."""
        pair = (old.get("$ref"), new.get("$ref"))
        if all(pair) and pair in seen:
            return
        seen |= {pair}
        old, new = resolve(old, self.old), resolve(new, self.new)
        self.types(place, old, new, "is not taken any more")
        lost = set(map(str, values(old))) - set(map(str, values(new)))
        if values(new) and (lost or not values(old)):
            self.broken(place, f"not every value is taken any more: {sorted(lost)}")
        for bound, tighter in BOUNDS.items():
            if bound in new and (bound not in old or tighter(old[bound], new[bound]) != old[bound]):
                self.broken(place, f"{bound} is {new[bound]} now")
        for rule in ("pattern", "format", "uniqueItems", "multipleOf"):
            if new.get(rule) and new[rule] != old.get(rule):
                self.broken(place, f"{rule} is {new[rule]} now")
        closed = new.get("additionalProperties") is False
        for name, member in old.get("properties", {}).items():
            there = new.get("properties", {}).get(name)
            if there is not None:
                self.narrower(f"{place}/{name}", member, there, seen)
            elif closed:
                self.broken(f"{place}/{name}", "is not taken any more")
        for name in set(new.get("required", ())) - set(old.get("required", ())):
            self.broken(f"{place}/{name}", "is required")
        self.inside(self.narrower, place, old, new, seen)

    def poorer(self, place, old, new, seen=frozenset()):
        """Whether something that could be counted on in an answer cannot be any more."""
        pair = (old.get("$ref"), new.get("$ref"))
        if all(pair) and pair in seen:
            return
        seen |= {pair}
        old, new = resolve(old, self.old), resolve(new, self.new)
        self.types(place, new, old, "may be answered now")
        for name, member in old.get("properties", {}).items():
            there = new.get("properties", {}).get(name)
            if there is None:
                self.broken(f"{place}/{name}", "is gone")
                continue
            if name in old.get("required", ()) and name not in new.get("required", ()):
                self.broken(f"{place}/{name}", "may be left out now")
            self.poorer(f"{place}/{name}", member, there, seen)
        self.inside(self.poorer, place, old, new, seen)

    def types(self, place, wide, narrow, what):
        """Every type that `wide` has must be one that `narrow` has, if that says any."""
        lost = types(wide) - types(narrow)
        if types(narrow) and (lost or not types(wide)):
            self.broken(place, f"{', '.join(sorted(lost)) or 'anything'} {what}")

    def inside(self, compare, place, old, new, seen):
        for part in ("items", "additionalProperties", "propertyNames"):
            if isinstance(old.get(part), dict) and isinstance(new.get(part), dict):
                compare(f"{place}/{part}", old[part], new[part], seen)
        for union in ("oneOf", "anyOf", "allOf"):
            there = {label(one, place, self.new): one for one in new.get(union, ())}
            for index, member in enumerate(old.get(union, ())):
                name = label(member, place, self.old)
                if name in there:
                    compare(f"{place}/{name}", member, there[name], seen)
                elif compare == self.narrower:
                    self.broken(f"{place}/{name}", "is not taken any more")
        if any(union in new for union in ("oneOf", "anyOf", "allOf")) and not any(
            union in old for union in ("oneOf", "anyOf", "allOf")
        ):
            self.broken(place, "is one of several now")


def resolve(value, document):
    while "$ref" in value:
        target = document
        for name in value["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        value = target
    return value


def types(schema):
    named = schema.get("type", [])
    named = {named} if isinstance(named, str) else set(named)
    return named | {"integer"} if "number" in named else named


def values(schema):
    return [schema["const"]] if "const" in schema else schema.get("enum", [])


def label(member, place, document):
    """What a member of a union is known by: its name, or what it looks like."""
    if "$ref" in member:
        return member["$ref"].rsplit("/", 1)[-1]
    tag = [v for p in member.get("properties", {}).values() for v in values(resolve(p, document))]
    return str(tag or values(member) or sorted(member.get("properties", ())) or sorted(types(member)))


def line(version):
    """The part of a version that has to move where clients may break (semver.org)."""
    major, minor, *_ = version.split(".")
    return (major, minor) if major == "0" else major


if __name__ == "__main__":
    before, after = (json.load(open(name)) for name in sys.argv[1:])
    comparison = Comparison(before, after)
    comparison.operations()
    print("\n".join(comparison.breaks) or "nothing breaks")
    versions = [document["info"]["version"] for document in (before, after)]
    moved = line(versions[0]) != line(versions[1])
    sys.exit(bool(comparison.breaks) and not moved)
