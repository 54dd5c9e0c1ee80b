"""Makes models of the API in other languages, and holds them to rules that find what no compiler
here could: none for Swift and Dart can be had from the registries.

Usage: generators.py DOCUMENT FOLDER; FOLDER gets a folder of models for each language.
"""

import json
import pathlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import openapi_generator_cli

JAR = pathlib.Path(openapi_generator_cli.__file__).with_name("openapi-generator.jar")
# By language: the generator, the settings that README.md recommends, how the models' files end,
# and what stands for a value of which nothing is known.
LANGUAGES = {
    "swift": ("swift6", "enumUnknownDefaultCase=true,oneOfUnknownDefaultCase=true", ".swift",
              r"\b(JSONValue|AnyCodable)\b"),
    "kotlin": ("kotlin", "library=jvm-retrofit2,serializationLibrary=kotlinx_serialization,"
               "generateOneOfAnyOfWrappers=true,enumUnknownDefaultCase=true", ".kt",
               r"val \w+: [^=]*\bkotlin\.Any\b"),
    "dart": ("dart-dio", "enumUnknownDefaultCase=true", ".dart", r"\bJsonObject\b|\bdynamic\b"),
    "go": ("go", "packageName=broadsheet,withGoMod=false,useOneOfDiscriminatorLookup=true,"
           "enumClassPrefix=true,enumUnknownDefaultCase=true,"
           "disallowAdditionalPropertiesIfNotPresent=false", ".go",
           r"^\t(?!AdditionalProperties )[A-Z]\w* .*\binterface\{\}"),
}
# How each language tells the members of a union apart.
TOLD_APART = {
    "swift": "switch discriminatorValue",
    "kotlin": "when (discriminatorValue)",
    "dart": "switch (discValue)",
    "go": "use discriminator value",
}


def generate(language, document, folder):
    generator, settings, _, _ = LANGUAGES[language]
    parts = "models,modelDocs=false,modelTests=false"
    if language == "go":
        parts += ",supportingFiles=utils.go"
    command = ["java", "-jar", JAR, "generate", "-g", generator, "-i", document, "-o",
               folder / language, "--additional-properties", settings, "--global-property", parts]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{language}: {done.stderr[-2000:]}")


def closed(value):
    """The document without what Go's models take literally: that objects which are sent as well
    have no further member. In answers they may get one."""
    if isinstance(value, dict):
        return {k: closed(v) for k, v in value.items()
                if not (k == "additionalProperties" and v is False)}
    return [closed(v) for v in value] if isinstance(value, list) else value


def simple(name):
    """A name as it is in any language: `RelatedLinkInput` is Go's `model_related_link_input`."""
    return re.sub("[^a-z0-9]", "", name.lower())


def faults(language, schemas, folder):
    """What an app could not be written against."""
    _, _, suffix, unknown = LANGUAGES[language]
    files = {}
    for path in (folder / language).rglob(f"*{suffix}"):
        if language == "go" and not path.name.startswith("model_"):
            continue
        files[simple(path.stem.removeprefix("model_"))] = path.read_text()
    wanted = {simple(name): schema for name, schema in schemas.items()
              if any(part in schema for part in ("properties", "enum", "oneOf", "anyOf"))}
    for name in sorted(files.keys() - wanted.keys()):
        yield f"{language}: the type {name} has no name in the document"
    for name in sorted(wanted.keys() - files.keys()):
        yield f"{language}: there is no type {name}"
    for name, text in sorted(files.items()):
        if found := re.search(unknown, text, re.MULTILINE):
            yield f"{language}: in {name} is something of which nothing is known: {found[0].strip()}"
        schema = wanted.get(name, {})
        if "oneOf" in schema or "anyOf" in schema:
            if TOLD_APART[language] not in text:
                yield f"{language}: nothing tells the members of {name} apart"


def all_faults(document, folder):
    """Generates the models in every language; everything that is wrong with them."""
    folder.mkdir(parents=True, exist_ok=True)
    described = json.loads(pathlib.Path(document).read_text())
    open_document = folder / "open.json"
    open_document.write_text(json.dumps(closed(described)))
    sources = {language: document for language in LANGUAGES} | {"go": open_document}
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: generate(one, sources[one], folder), LANGUAGES))
    schemas = described["components"]["schemas"]
    return [fault for one in LANGUAGES for fault in faults(one, schemas, folder)]


if __name__ == "__main__":
    found = all_faults(sys.argv[1], pathlib.Path(sys.argv[2]).resolve())
    print("\n".join(found) or f"models: {', '.join(LANGUAGES)}")
    sys.exit(bool(found))
