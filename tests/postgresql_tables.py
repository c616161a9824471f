#!/usr/bin/env python3
"""Tables of a PostgreSQL server with the command-line tool: fitted, searched, analysed, predicted, evaluated, shown, reported, verified, killed and
resumed; the same predictions as from CSV; new rows for a run that learned from a file; changed rows are found; nobody is asked who only stands in a record, and each
answer is asked for once; no password in a record or an output; what is wrong is a sentence. Skipped without a server (Debian's package postgresql), or in a
program without PostgreSQL, but for what needs none.

Usage: postgresql_tables.py PROGRAM
"""

import json
import os
import subprocess
import sys
import time

import journey
from journey import expect, seal_of

SECRET = "hush42"
QUERY = "SELECT age, kind, stay, gone FROM stays ORDER BY id"
ROWS = [(i, 20 + i * 7 % 60, "abc"[i * 5 % 3], round(i * 7 % 60 / 8 + i * 5 % 3, 3), "yes" if i * 7 % 60 > 25 + i % 9 else "no") for i in range(240)]
NOWHERE = "postgresql://me@127.0.0.1:1/clinic?connect_timeout=2"


class Server:
    """A server of its own, with the user tester and the user locked, who needs a password."""

    def __init__(self, folder):
        self.folder, self.script = folder, journey.ROOT / "tests" / "postgresql_server.sh"
        folder.mkdir()
        folder.parent.chmod(0o711)
        with (folder / "connection").open("w") as out:
            self.there = subprocess.run([self.script, "start", folder], stdout=out, stderr=subprocess.DEVNULL, check=False).returncode == 0
        if not self.there:
            return
        self.connection = (folder / "connection").read_text().strip()
        port = dict(word.split("=") for word in self.connection.split())["port"]
        self.place = f"127.0.0.1:{port}/postgres"
        self.uri = f"postgresql://tester@{self.place}"
        rules = folder / "cluster" / "data" / "pg_hba.conf"
        self.log = folder / "cluster" / "log"
        rules.write_text("host all locked 127.0.0.1/32 scram-sha-256\n" + rules.read_text())
        values = ",".join(f"({i},{age},'{kind}',{stay},'{gone}')" for i, age, kind, stay, gone in ROWS)
        self.sql("CREATE TABLE stays (id int, age int, kind text, stay float8, gone text);"
                 f"INSERT INTO stays VALUES {values}; CREATE ROLE locked LOGIN PASSWORD '{SECRET}';"
                 "GRANT SELECT ON stays TO locked;")
        self.sql("ALTER SYSTEM SET log_connections = on")
        self.sql("SELECT pg_reload_conf()")
        time.sleep(0.5)

    def sql(self, text):
        subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", self.connection, "-c", text], stdout=subprocess.DEVNULL, check=True)

    def connections(self):
        return self.log.read_text(errors="replace").count("connection authorized")

    def stop(self):
        if self.there:
            subprocess.run([self.script, "stop", self.folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


class Outputs:
    """The tool, with everything that it ever said."""

    def __init__(self, program, store):
        self.tessera, self.said = journey.Tessera(program, store), ""
        for name in [name for name in self.tessera.environment if name.startswith("PG")]:
            del self.tessera.environment[name]

    def run(self, *words, **options):
        result = self.tessera.run(*words, **options)
        self.said += result.stdout + result.stderr
        return result


def fit_words(table, *more):
    return ["fit", "decision_tree_classifier", table, "--target", "gone", "--set", f"data.query={QUERY}", "--quiet", *more]


def check_errors(tool, store):
    store = ["--store", store]
    run = lambda *words, status=2: tool.run(*words, status=status).stderr
    expect("a PostgreSQL database, expected a query" in run("fit", "gaussian_nb", NOWHERE, "--target", "a", *store), "no query is not said")
    expect("a database needs --query" in run("analyse", NOWHERE), "analyse: no query is not said")
    expect("--format is for files" in run("analyse", NOWHERE, "--format", "csv", "--query", "SELECT 1"), "a format is taken")
    odd = f"postgresql://me:{SECRET}@x@127.0.0.1:1/clinic"
    message = run("fit", "gaussian_nb", odd, "--target", "a", "--set", f"data.query={QUERY}", *store)
    expect("%40" in message and SECRET not in message, message)
    message = run(*fit_words(f"postgres://me:{SECRET}@127.0.0.1:1/clinic?connect_timeout=2", *store), status=1)
    if "built without it" in message or "libpq.so.5 is not installed" in message:
        print(f"a program without PostgreSQL says: {message.strip()}")
        return False
    expect("PostgreSQL: " in message and "onnection refused" in message, message)
    return True


def check_fit(tool, server, scratch, store):
    table = scratch / "stays.csv"
    table.write_text("age,kind,stay,gone\n" + "".join(f"{age},{kind},{stay},{gone}\n" for _, age, kind, stay, gone in ROWS))
    here = ["--store", store]
    printed = tool.run(*fit_words(server.uri, *here, "--name", "plain"))
    expect("note:" not in printed.stderr, printed.stderr)
    tool.run("fit", "decision_tree_classifier", table, "--target", "gone", "--quiet", *here, "--name", "csv")
    predicted = tool.run("predict", "csv", table, *here).stdout
    expect(tool.run("predict", "plain", server.uri, *here).stdout == predicted, "other predictions than from CSV")
    expect(tool.run("predict", "plain", table, *here).stdout == predicted, "other predictions of the CSV")
    evaluated = tool.run("evaluate", "plain", server.uri, *here)
    expect("only the 48 that were held out are used" in evaluated.stderr, evaluated.stderr)
    expect(evaluated.stdout == tool.run("evaluate", "csv", table, *here).stdout, "another evaluation than from CSV")
    expect("identical: " in tool.run("verify", "plain", *here, "--quiet", "--threads", "3").stdout, "the run does not verify")
    expect(seal_of(store / "plain") != seal_of(store / "csv"), "a query is part of the claim")
    claim = json.loads((store / "plain" / "claim.json").read_text())
    expect(claim["configuration"]["found.table"] == json.loads((store / "csv" / "claim.json").read_text())["configuration"]["found.table"],
           "another digest of the records than from CSV")
    unordered = tool.run("fit", "ridge", server.uri, "--target", "stay", "--set", "data.query=SELECT * FROM stays", "--quiet", *here)
    expect("has no ORDER BY" in unordered.stderr, unordered.stderr)
    message = tool.run("fit", "ridge", server.uri, "--target", "stay", "--set", "data.query=SELECT * FROM stay", *here, status=1).stderr
    expect('relation "stay" does not exist' in message, message)
    analysed = tool.run("analyse", server.uri, "--query", QUERY, "--target", "gone").stdout
    expect("age" in analysed and "240" in analysed, analysed)
    print("fitted, predicted, evaluated and verified as from CSV")


def check_search(tool, server, store):
    here = ["--store", store]
    words = ["search", "random_forest_classifier", server.uri, "--target", "gone", "--set", f"data.query={QUERY}", "--quiet",
             "--set", "n_estimators=2000", "--grid", "max_depth=1,2,3,4,5,6,7,8,9,10"]
    tool.run(*words, *here, "--name", "searched")
    killed = journey.kill_in_the_middle(tool.tessera, "killed", *words)
    tool.run("resume", killed, *here, "--quiet", "--threads", "2")
    expect(seal_of(store / killed) == seal_of(store / "searched"), "the search that was killed has another seal")
    expect("identical: " in tool.run("verify", killed, *here, "--quiet").stdout, "the search does not verify")
    print("searched, killed and resumed with one seal")


def check_password(tool, server, store):
    here = ["--store", store]
    uri = f"postgresql://locked:{SECRET}@{server.place}?application_name=tests"
    tool.run(*fit_words(uri, *here, "--name", "locked"))
    expect(seal_of(store / "locked") == seal_of(store / "plain"), "the way to the database shows in the seal")
    tool.run("predict", "locked", uri, *here)
    tool.run("evaluate", "locked", f"postgresql://{server.place}?user=locked&password={SECRET}", *here)
    tool.run("analyse", uri, "--query", QUERY)
    message = tool.run("verify", "locked", *here, "--quiet", status=3).stderr
    expect("no password supplied" in message and "PGPASSWORD" in message, message)
    with_password = {"PGPASSWORD": SECRET}
    expect("identical: " in tool.run("verify", "locked", *here, "--quiet", env=with_password).stdout, "the locked run does not verify")
    expect("identical: " in tool.run("verify", "locked", *here, "--quiet", "--data", server.uri).stdout, "not verified at another place")
    tool.run("show", "locked", *here, env=with_password)
    tool.run("report", "locked", *here, "--output", store / "page.html", "--data", uri)
    expect("held out" in (store / "page.html").read_text(), "the page does not judge by the rows of --data")
    tool.run("diff", "locked", "plain", *here, "--quiet", status=None, env=with_password)
    wrong = tool.run(*fit_words(f"postgresql://locked:{SECRET}x@{server.place}", *here), status=1).stderr
    expect("password authentication failed" in wrong, wrong)
    shown = tool.run("show", "locked", *here).stdout
    expect(f"postgresql://locked@{server.place}" in (store / "locked" / "circumstances.json").read_text(), shown)
    for path in store.rglob("*"):
        expect(not path.is_file() or SECRET.encode() not in path.read_bytes(), f"the password is in {path}")
    expect(SECRET not in tool.said, "the password is in an output")
    print("no password in a record, a page or an output; PGPASSWORD supplies it later")


def check_change(tool, server, store):
    here = ["--store", store]
    server.sql("UPDATE stays SET age = age + 1 WHERE id = 7")
    message = tool.run("verify", "plain", *here, "--quiet", status=4).stderr
    expect("the rows of the query have changed" in message, message)
    tool.run("report", "plain", *here, "--output", store / "changed.html", "--data", server.uri)
    expect("the rows of the query have changed" in (store / "changed.html").read_text(), "the page judges by other rows")
    server.sql("UPDATE stays SET age = age - 1 WHERE id = 7")
    expect("identical: " in tool.run("verify", "plain", *here, "--quiet").stdout, "the rows are as they were")
    every = tool.run("fit", "decision_tree_classifier", server.uri, "--target", "gone", "--set", "data.query=SELECT * FROM stays ORDER BY id", "--quiet",
                     *here, "--name", "every")
    expect("note:" not in every.stderr, every.stderr)
    server.sql("CREATE TABLE kept AS SELECT * FROM stays")
    for change in ("DELETE FROM stays", "DELETE FROM stays WHERE id > 9", "UPDATE stays SET gone = 'no'", "UPDATE stays SET gone = NULL WHERE id = 3",
                   "ALTER TABLE stays DROP COLUMN kind", "ALTER TABLE stays DROP COLUMN gone"):
        server.sql(change)
        message = tool.run("verify", "every", *here, "--quiet", status=4).stderr
        expect("the rows of the query have changed" in message, f"{change}: {message}")
        server.sql("DROP TABLE stays; CREATE TABLE stays AS SELECT * FROM kept")
    server.sql("ALTER TABLE stays DROP COLUMN age")
    message = tool.run("verify", "plain", *here, "--quiet", status=3).stderr
    expect('column "age" does not exist' in message and "password" not in message, message)
    print("changed rows are found, whatever was changed")


def check_asking(tool, server, scratch, store):
    """Whom a command asks, and how often."""
    here = ["--store", store]
    since = server.connections()
    asked = lambda: server.connections() - since
    tool.run("report", "plain", *here, "--output", store / "unasked.html")
    expect("which only the record names" in (store / "unasked.html").read_text(), "the page does not say why it does not judge")
    new = scratch / "new.csv"
    new.write_text("age,kind,stay,gone\n" + "".join(f"{age + 0.5},{kind},{stay},{gone}\n" for _, age, kind, stay, gone in ROWS))
    note = tool.run("evaluate", "plain", new, *here).stderr
    expect("which only the record names" in note, note)
    tool.run("show", "plain", *here)
    expect(asked() == 0, f"{asked()} connections to a server that only the record names")
    tool.run("evaluate", "plain", server.uri, *here)
    expect(asked() == 1, f"{asked()} connections to evaluate the run's own table")
    tool.run("report", "plain", *here, "--output", store / "asked.html", "--data", server.uri)
    expect(asked() == 2, f"{asked() - 1} connections for a page")
    said = tool.run("verify", "plain", *here, "--quiet").stderr
    port = server.place.split(":")[1].split("/")[0]
    expect(f"asking PostgreSQL at host 127.0.0.1, port {port}, database postgres, user tester\n" in said, said)
    message = tool.run("verify", "plain", *here, "--quiet", "--data", "/nonexistent", status=2).stderr
    expect("expected the address of a database" in message, message)
    message = tool.run("verify", "plain", *here, "--quiet", "--data", f"jdbc:{server.uri}?password={SECRET}", status=2).stderr
    expect("an address in another spelling" in message, message)
    print("nobody is asked who only stands in a record, and nobody twice")


def check_new_rows(tool, server, scratch, store):
    here = ["--store", store]
    some = scratch / "some.csv"
    some.write_text("age,kind,stay,gone\n" + "".join(f"{age},{kind},{stay},{gone}\n" for i, age, kind, stay, gone in ROWS if i > 200))
    query = ["--query", QUERY.replace("ORDER", "WHERE id > 200 ORDER")]
    for run in ("plain", "csv"):
        expect(tool.run("predict", run, server.uri, *query, *here).stdout == tool.run("predict", run, some, *here).stdout, f"{run}: other predictions")
        by_query, by_file = tool.run("evaluate", run, server.uri, *query, *here), tool.run("evaluate", run, some, *here)
        expect(by_query.stdout == by_file.stdout, f"{run}: another evaluation")
        expect("of the 39 rows are equal to rows that the run learned from" in by_query.stderr, by_query.stderr)
    expect("(--query" in tool.run("predict", "csv", server.uri, *here, status=2).stderr, "no query is not said")
    own = tool.run("evaluate", "csv", server.uri, "--query", QUERY, *here).stderr
    expect("only the 48 that were held out are used" in own, own)
    print("new rows of a query for any run")


def tables(program, scratch, _):
    store = scratch / "runs"
    tool = Outputs(program, store)
    if not check_errors(tool, store):
        return journey.SKIPPED
    server = Server(scratch / "server")
    try:
        if not server.there:
            print("skipped: no PostgreSQL server (Debian's package postgresql)")
            return journey.SKIPPED
        check_fit(tool, server, scratch, store)
        check_search(tool, server, store)
        check_password(tool, server, store)
        check_asking(tool, server, scratch, store)
        check_new_rows(tool, server, scratch, store)
        check_change(tool, server, store)
    finally:
        server.stop()
    return 0


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(journey.main(tables, __doc__))
