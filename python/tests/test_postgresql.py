"""Rows of a PostgreSQL server from Python: the answers of the command line, its errors, and no password anywhere. Skipped without a server."""

import os
import subprocess

import pytest
from conftest import ROOT
from test_same_bits import write_table

import tessera

SECRET = "hush42"
SERVER = ROOT / "tests" / "postgresql_server.sh"
COLUMNS = "a, b, amount, work, kind"


class Server:
    def __init__(self, folder, connection):
        self.folder, self.connection = folder, connection
        port = dict(word.split("=") for word in connection.split())["port"]
        self.place = f"127.0.0.1:{port}/postgres"
        self.uri = f"postgresql://tester@{self.place}"

    def sql(self, text):
        subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", self.connection, "-c", text], check=True)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server of its own with the table `people`, and the user `locked`, who needs a password."""
    folder = tmp_path_factory.mktemp("postgresql")
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o711)  # for the server's user
    started = subprocess.run([SERVER, "start", folder], capture_output=True, text=True, check=False)
    if started.returncode != 0:
        pytest.skip("no PostgreSQL server (Debian's package postgresql)")
    made = Server(folder, started.stdout.strip())
    try:
        try:
            tessera.read_table(made.uri, query="SELECT 1 AS a")
        except tessera.Error as error:
            pytest.skip(str(error))  # built without libpq, or it is not installed
        rules = folder / "cluster" / "data" / "pg_hba.conf"
        rules.write_text("host all locked 127.0.0.1/32 scram-sha-256\n" + rules.read_text())
        table = write_table(folder / "people.csv")
        made.sql("CREATE TABLE people (id serial, a float8, b float8, amount float8, work text, kind text);"
                 f"CREATE ROLE locked LOGIN PASSWORD '{SECRET}'; GRANT SELECT ON people TO locked")
        names = table.read_text().split("\n", 1)[0]
        subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", made.connection, "-c", f"\\copy people ({names}) FROM '{table}' WITH (FORMAT csv, HEADER)"],
                       check=True)
        made.sql("SELECT pg_reload_conf()")
        yield made
    finally:
        subprocess.run([SERVER, "stop", folder], capture_output=True, check=False)


@pytest.fixture(autouse=True)
def no_settings_of_libpq(monkeypatch):
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)


def test_new_rows_of_a_query_for_any_run(server, tmp_path, cli):
    path = write_table(tmp_path / "table.csv")
    rows = path.read_text().splitlines(keepends=True)
    some = tmp_path / "some.csv"
    some.write_text("".join(rows[:1] + rows[101:]))
    query = f"SELECT {rows[0].strip()} FROM people WHERE id > 100 ORDER BY id"
    of_file = tessera.fit("decision_tree_classifier", path, target="kind", store=tmp_path, name="csv")
    of_query = tessera.fit("decision_tree_classifier", server.uri, target="kind", store=tmp_path, name="query",
                           data__query=f"SELECT {rows[0].strip()} FROM people ORDER BY id")
    for run in (of_file, of_query):
        assert list(run.predict(server.uri, query=query)) == list(run.predict(some))
        assert (run.predict_proba(server.uri, query=query) == run.predict_proba(some)).all()
        assert (run.features(server.uri, query=query) == run.features(some)).all()
        said = subprocess.run([cli, "predict", run.folder, server.uri, "--query", query], capture_output=True, text=True, check=True).stdout
        assert run.predictions_csv(server.uri, query=query) == run.predictions_csv(some) == said
        said = subprocess.run([cli, "evaluate", run.folder, server.uri, "--query", query], capture_output=True, text=True, check=True)
        assert run.evaluate(server.uri, query=query) == said.stdout + said.stderr.removeprefix("note: ")
    assert len(of_query.predict(server.uri)) == 120 and "held out are used" in of_query.evaluate(server.uri)
    with pytest.raises(tessera.Error, match="expected one that says which rows to read") as caught:
        of_file.predict(server.uri)
    assert caught.value.code == 2
    for wrong in (of_file.predict, of_file.predict_proba, of_file.predictions_csv, of_file.features, of_file.evaluate):
        with pytest.raises(tessera.Error, match=r"found the query 'SELECT 1', but the file is no database"):
            wrong(some, query="SELECT 1")
        with pytest.raises(tessera.Error, match='relation "nobody" does not exist'):
            wrong(server.uri, query="SELECT * FROM nobody")
    with pytest.raises(tessera.Error, match="the rows are a Table; expected the path or the address of a database"):
        of_file.predict(tessera.read_csv(some), query="SELECT 1")


def test_no_password_is_written_or_said(server, tmp_path):
    store, query = tmp_path / "store", f"SELECT {COLUMNS} FROM people ORDER BY id"
    uri = f"postgresql://locked:{SECRET}@{server.place}"
    said = []

    def refused(action, *words, **more):
        with pytest.raises(tessera.Error) as caught:
            action(*words, **more)
        said.append(str(caught.value))
        return said[-1]

    first = tessera.fit("gaussian_nb", uri, target="kind", store=store, name="locked", data__query=query)
    tessera.search("k_neighbors_classifier", uri, target="kind", grid={"n_neighbors": [1, 3]}, store=store, data__query=query)
    assert "given already" in refused(tessera.fit, "gaussian_nb", uri, target="kind", store=store, settings={"data.query": query, "data.table": uri})
    run = tessera.load_run(first.folder)
    assert len(run.predict(uri)) == 120
    said += [run.evaluate(uri), run.predictions_csv(uri, query=query), repr(tessera.read_table(uri, query=query)), repr(run), str(run.settings)]
    found = run.verify(data_folder=uri)
    said += [found.message, *found.notes]
    assert found
    wrong = f"postgresql://locked:{SECRET}x@{server.place}"
    assert "password authentication failed" in refused(run.predict, wrong, query=query)
    assert "password authentication failed" in refused(run.evaluate, wrong)
    assert "password authentication failed" in refused(tessera.read_table, wrong, query=query)
    assert "does not exist" in refused(run.predict, uri, query="SELECT * FROM nobody")
    assert "expected a query" in refused(tessera.read_table, uri)
    assert "another spelling" in refused(run.predict, f"postgresql+psycopg2://locked:{SECRET}@{server.place}")
    assert "%40" in refused(run.evaluate, f"postgresql://locked:{SECRET}@@{server.place}")
    refused(run.verify, data_folder=f"postgresql+psycopg2://locked:{SECRET}@{server.place}")
    refused(tessera.fit, "gaussian_nb", "table.csv", target=uri, store=store)
    assert SECRET not in "".join(said)
    for path in store.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path
    assert "PGPASSWORD" not in os.environ


def test_rows_of_sqlite_are_chosen_by_a_query_too(tmp_path):
    import sqlite3

    path = write_table(tmp_path / "table.csv")
    run = tessera.fit("gaussian_nb", path, target="kind", store=tmp_path)
    table = tessera.read_csv(path)
    with sqlite3.connect(tmp_path / "people.sqlite") as database:
        database.execute(f"CREATE TABLE people ({', '.join(table.names)})")
        rows = zip(*(list(table[name]) for name in table.names))
        database.executemany(f"INSERT INTO people VALUES ({', '.join('?' * len(table.names))})", rows)
    database.close()
    query = "SELECT * FROM people WHERE rowid > 100"
    assert list(run.predict(tmp_path / "people.sqlite", query=query)) == list(run.predict(path))[100:]
    with pytest.raises(tessera.Error, match="expected one that says which rows to read"):
        run.predict(tmp_path / "people.sqlite")
