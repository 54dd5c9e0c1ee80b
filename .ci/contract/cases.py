"""Holds running servers to their document, once for every kind of caller; fails where one lies.

Usage: cases.py PROGRAM. Every caller has a server and a database of its own, so none finds what
another has wrecked.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

HERE = Path(__file__).resolve().parent
PASSWORD = "demo-newsroom"
SPARE = "spare@example.org"
CALLERS = {
    "admin": "admin@example.org",
    "editor": "editor@example.org",
    "author": "author@example.org",
    "moderator": "moderator@example.org",
    "ad_manager": "ads@example.org",
    "anyone": "",
}
# What a caller has the permission for, and cannot do all the same: the author has published nothing.
EXCEPT = {"author": {"read_edition", "restore_edition"}}
# At least so many cases in all; and so many of each kind that the generators make up at random.
CASES, EXAMPLES = 20_000, os.environ.get("EXAMPLES", "20")
# What random numbers start from: the same each time, so that a change is to blame for a failure.
SEED = os.environ.get("SEED", "20000")
# What a server is given beyond a database and an address: nothing here is held back.
SETTINGS = {"RUST_LOG": "warn", "TRUSTED_PROXIES": "127.0.0.1", **dict.fromkeys((
    "RATE_LIMIT_READS", "RATE_LIMIT_POSTS", "RATE_LIMIT_SIGN_IN", "RATE_LIMIT_MANAGEMENT"), "off")}


def broadsheet(program, folder, *command, **options):
    environment = {**os.environ, **SETTINGS, "DATABASE_URL": "sqlite:news.db"}
    environment |= options.pop("settings", {})
    return subprocess.Popen([program, *command], cwd=folder, env=environment, **options)


def done(process, given=None):
    process.communicate(given)
    if process.returncode:
        sys.exit(f"{process.args} failed")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def operations_for(server, document, email):
    """The ids of what this caller may do; the rest answers 403, which other tests see to."""
    if email:
        body = {"email": email, "password": PASSWORD}
        tokens = requests.post(f"{server}/manage/v1/session", json=body, timeout=30).json()
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        me = requests.get(f"{server}/manage/v1/me", headers=bearer, timeout=30).json()
        granted = set(me["permissions"])
    for operations in document["paths"].values():
        for operation in operations.values():
            security = operation.get("security") or []
            if not email and not security:
                yield operation["operationId"]
            elif email and security and granted.issuperset(security[0]["bearer"]):
                yield operation["operationId"]


def probe(program, template, role, email):
    """One caller: fills a folder, serves it, lets schemathesis loose, and reads its report."""
    folder = template.with_name(role)
    shutil.copytree(template, folder)
    spare_role = "author" if role == "anyone" else role
    add = ["user", "add", SPARE, "--name", "Spare", "--role", spare_role]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL}
    done(broadsheet(program, folder, *add, **pipes), f"{PASSWORD}\n".encode())
    port = free_port()
    server = f"http://127.0.0.1:{port}"
    log = (folder / "log").open("wb")
    settings = {"BIND_ADDR": f"127.0.0.1:{port}"}
    serving = broadsheet(program, folder, "serve", settings=settings, stdout=log, stderr=log)
    try:
        return run(folder, server, role, email, await_document(server, serving))
    finally:
        serving.terminate()
        serving.wait()


def await_document(server, serving):
    for _ in range(100):
        try:
            return requests.get(f"{server}/openapi.json", timeout=30).json()
        except requests.ConnectionError:
            if serving.poll() is not None:
                break
            time.sleep(0.1)
    sys.exit("the server does not start")


def run(folder, server, role, email, document):
    names = sorted(set(operations_for(server, document, email)) - EXCEPT.get(role, set()))
    command = [Path(sys.executable).with_name("schemathesis"), "--config-file",
               HERE / "schemathesis.toml", "run", f"{server}/openapi.json", "--no-color",
               "--max-examples", EXAMPLES, "--seed", SEED, "--report", "json",
               "--report-json-path", folder / "report.json"]
    for name in names:
        command += ["--include-operation-id", name]
    environment = os.environ | {"SERVER": server, "CALLER": email, "SPARE": SPARE,
                                "PASSWORD": PASSWORD, "HOOKS": str(HERE / "hooks.py")}
    with (folder / "output").open("wb") as output:
        code = subprocess.call(command, cwd=folder, env=environment, stdout=output, stderr=output)
    report = json.loads((folder / "report.json").read_text())
    cases, tested = report["test_cases"]["generated"], report["operations"]["tested"]
    print(f"{role}: {cases} cases of {tested} operations in {report['running_time']:.0f} s",
          flush=True)
    if code or tested != len(names) or report["operations"]["errored"] or report["errors"]:
        print((folder / "output").read_text())
        print(f"{role}: FAILED, {tested} of {len(names)} operations tested, from seed {SEED}")
        return names, cases, False
    return names, cases, True


def main(program):
    with tempfile.TemporaryDirectory() as home:
        home = Path(os.environ.get("KEEP", home))
        template = home / "newsroom"
        template.mkdir()
        done(broadsheet(program, template, "demo", "--fill-only", stdout=subprocess.DEVNULL))
        with ThreadPoolExecutor(max_workers=2) as pool:
            jobs = [pool.submit(probe, program, template, *caller) for caller in CALLERS.items()]
            probes = [job.result() for job in jobs]
    document = json.loads((HERE.parent.parent / "openapi" / "openapi.json").read_text())
    known = {operation["operationId"] for operations in document["paths"].values()
             for operation in operations.values()}
    tested = {name for names, _, _ in probes for name in names}
    cases = sum(cases for _, cases, _ in probes)
    print(f"{cases} cases of {len(tested)} operations in all")
    if untested := known - tested:
        sys.exit(f"nobody may, so nobody has tested: {sorted(untested)}")
    if cases < CASES:
        sys.exit(f"fewer than {CASES} cases")
    if not all(kept for _, _, kept in probes):
        sys.exit("the document does not say what the server does, or the server fails")


main(os.path.abspath(sys.argv[1]))
