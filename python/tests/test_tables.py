"""Tables from files, columns, Arrow and data frames; schema and features."""

import gzip
import pickle
import sqlite3

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tessera

TEXT = "age,work,height\n39,office,1.5\n50,,NA\n45,field,2\n"


def table():
    return tessera.parse_csv(TEXT, source="people.csv", missing=["NA"])


def test_a_file_becomes_columns(tmp_path):
    (tmp_path / "people.csv").write_text(TEXT)
    with gzip.open(tmp_path / "people.csv.gz", "wt") as file:
        file.write(TEXT.replace(",", ";"))
    found = tessera.read_csv(tmp_path / "people.csv", missing=["NA"])
    packed = tessera.read_csv(tmp_path / "people.csv.gz", missing=["NA"], separator="detect")
    assert found.names == ["age", "work", "height"] and found.shape == (3, 3) and len(found) == 3 and "age" in found
    assert found.digest() == packed.digest() == tessera.digest(table())
    assert [found.type(name) for name in found.names] == ["numbers", "texts", "numbers"]
    assert list(found["age"]) == [39, 50, 45] and found["work"] == ["office", None, "field"]
    assert list(found.missing("height")) == [False, True, False] and np.isnan(found["height"][1])
    assert tessera.parse_csv(found.to_csv()).digest() == found.digest()
    assert found.to_numpy(["height", "age"]).tolist()[0] == [1.5, 39]
    assert found.take_rows([2, 0]).take_columns(["work"])["work"] == ["field", "office"]
    assert "age: numbers" in repr(found)


FLAGS = [True, False, True]


@pytest.mark.parametrize("rows", [FLAGS, np.array(FLAGS), [0, 2], np.array([0, 2]), np.array([0, 2], dtype=np.uint8), (row for row in (0, 2))],
                         ids=["flags", "array_of_flags", "positions", "array", "small", "generator"])
def test_rows_are_positions_or_flags(rows):
    assert table().take_rows(rows)["age"].tolist() == [39, 45]


def test_features_learn_from_flagged_rows():
    by_positions = tessera.TableFeatures(scale=True).fit(table(), ["age"], rows=[0, 2]).transform(table())
    assert np.array_equal(tessera.TableFeatures(scale=True).fit(table(), ["age"], rows=table()["age"] < 50).transform(table()), by_positions)


@pytest.mark.parametrize("rows, sentence", [
    ([True, False], "people.csv: found 2 flags, expected one for each of the 3 rows"),
    (np.ones(4, dtype=bool), "people.csv: found 4 flags, expected one for each of the 3 rows"),
    (np.ones(0, dtype=bool), "people.csv: found 0 flags, expected one for each of the 3 rows"),
    ([True, 0, 1], "people.csv: rows: element 0 is True, expected a position, a whole number .or a flag for every row"),
    ([0, 1.5], "people.csv: rows: element 1 is 1.5, expected a position, a whole number"),
    (np.array([0.0]), "people.csv: rows: element 0 is 0.0, expected a position"),
    (["0"], "people.csv: rows: element 0 is '0', expected a position"),
    ([None], "people.csv: rows: element 0 is None, expected a position"),
    ([-1], "people.csv: row -1 was asked for, expected 0 to 2"),
    ([2**70], "people.csv: row 1180591620717411303424 was asked for, expected 0 to 2"),
    (np.ones((1, 3), dtype=bool), "people.csv: expected rows as positions or flags, found 2 axes"),
    (1, "people.csv: expected rows as positions or flags, found int"),
])
def test_other_rows_are_refused(rows, sentence):
    with pytest.raises(tessera.Error, match=sentence):
        table().take_rows(rows)
    with pytest.raises(tessera.Error, match=sentence):
        tessera.TableFeatures().fit(table(), rows=rows)


def test_files_of_other_kinds(tmp_path):
    np.save(tmp_path / "matrix.npy", np.array([[1, 2], [3, 4.5]]))
    assert tessera.read_table(tmp_path / "matrix.npy").to_numpy().tolist() == [[1, 2], [3, 4.5]]
    with sqlite3.connect(tmp_path / "people.sqlite") as database:
        database.execute("CREATE TABLE people (age REAL, work TEXT, height REAL)")
        database.executemany("INSERT INTO people VALUES (?, ?, ?)", [(39, "office", 1.5), (50, None, None), (45, "field", 2)])
    assert tessera.read_table(tmp_path / "people.sqlite", query="SELECT * FROM people").digest() == table().digest()
    with pytest.raises(tessera.Error, match="people.sqlite"):
        tessera.read_table(tmp_path / "people.sqlite")


def test_numbers_are_shown_where_they_lie():
    found = table()
    age = found["age"]
    assert not age.flags.writeable and np.shares_memory(age, found["age"])
    del found
    assert list(age) == [39, 50, 45]


def test_categories():
    found = table().with_categories("work")
    assert found.type("work") == "categories" and found.categories("work") == ["field", "office"]
    assert list(found.codes("work")) == [1, -1, 0] and found.codes("work").dtype == np.int32
    with pytest.raises(tessera.Error, match="'age' has numbers, expected categories"):
        found.codes("age")


@pytest.mark.parametrize("make, sentence", [
    (lambda: tessera.read_csv("nowhere.csv"), "nowhere.csv"),
    (lambda: tessera.parse_csv("a,b\n1\n", source="x.csv"), "x.csv:2: "),
    (lambda: tessera.parse_csv('a\n"1\n', source="x.csv"), "x.csv:2: "),
    (lambda: tessera.parse_csv(""), "text"),
    (lambda: tessera.parse_csv("a\n1\n", separator="::"), "separator: expected one character or 'detect', found '::'"),
    (lambda: table()["agee"], "did you mean 'age'"),
    (lambda: table().take_rows([3]), "people.csv: row 3 was asked for, expected 0 to 2"),
    (lambda: table().to_numpy(["work"]), "people.csv"),
    (lambda: tessera.Table({"a": [1, 2], "b": [1]}), "the column 'b' has 1 rows and 'a' has 2"),
    (lambda: tessera.Table({"a": [[1], [2]]}), "the column 'a' has 2 axes, expected 1"),
    (lambda: tessera.Table({"a": [1j]}), "the column 'a': expected numbers, found elements of type complex128"),
    (lambda: tessera.Table({"a": [1, {}]}), "the column 'a': expected numbers or texts, found dict, int"),
    (lambda: tessera.Table({"a": ["b", "\ud800"]}), "the column 'a': row 1 is .* which is no Unicode text"),
    (lambda: tessera.Table({"a": [b"b", b"\xff"]}), "the column 'a': row 1 is .* expected bytes that are UTF-8"),
    (lambda: tessera.Table({"": [1]}), "expected different names"),
    (lambda: tessera.Table(3), "expected a dict of columns, a data frame or an Arrow table, found int"),
    (lambda: tessera.Schema("{"), "schema"),
    (lambda: tessera.TableFeatures(missing="men"), "missing: expected one of 'mean', 'median', .* found 'men'"),
    (lambda: tessera.TableFeatures().transform(table()), "nothing was learned yet"),
    (lambda: tessera.TableFeatures().fit(table(), rows=[5]), "row 5 was asked for"),
])
def test_what_is_wrong_is_told_in_a_sentence(make, sentence):
    with pytest.raises(tessera.Error, match=sentence):
        make()


def test_columns_of_python_and_numpy():
    made = tessera.Table({"age": [39, 50, 45], "work": ["office", None, "field"], "height": [1.5, None, 2]})
    assert made.digest() == table().digest()
    again = tessera.Table({"age": np.array([39, 50, 45], dtype=np.int16), "work": np.array(["office", "", "field"]),
                           "height": np.ma.array([1.5, 9, 2], mask=[0, 1, 0])})
    assert again.digest() == made.digest()
    coded = np.array([b"office", b"", b"field"])
    for texts in (coded, coded.astype(object), list(coded)):
        assert tessera.Table({"work": texts}).digest() == made.take_columns(["work"]).digest()
    hidden = np.ma.array(["office", "sea", "field"], mask=[0, 1, 0])
    assert tessera.Table({"work": hidden})["work"] == made["work"] and tessera.Table({"work": hidden[1:2]}).type("work") == "texts"
    assert tessera.Table({"work": np.array([], dtype="S1")}).type("work") == tessera.Table({"work": np.array([], dtype=str)}).type("work") == "texts"
    assert tessera.Table(made).digest() == made.digest() and tessera.Table({name: made[name] for name in made.keys()}).digest() == made.digest()


def test_a_schema_makes_later_tables_conform():
    training = table().with_categories("work")
    schema = training.schema()
    assert tessera.Schema(schema.json) == schema
    later = tessera.parse_csv("work,height,age,more\nfield,3,20,1\nsea,4,21,2\n", source="new.csv")
    with pytest.raises(tessera.Error, match="new.csv:3: .*'sea'"):
        schema.conform(later)
    assert list(schema.conform(later, unseen="missing").codes("work")) == [0, -1]
    assert schema.conform(later, unseen="other").names == ["age", "work", "height"]
    with pytest.raises(tessera.Error, match="new.csv: there is no column 'age', expected numbers as at training"):
        schema.conform(later.take_columns(["work", "height"]))
    with pytest.raises(tessera.Error, match="unseen: expected one of 'refuse', 'missing', 'other', found 'ignore'"):
        schema.conform(later, unseen="ignore")


def test_features_learn_from_the_training_rows_alone():
    features = tessera.TableFeatures(scale=False).fit(table(), ["age", "work", "height"], rows=[0, 2])
    assert features.names == ["age", "work=field", "work=office", "height"]
    expected = [[39, 0, 1, 1.5], [50, 0, 0, 1.75], [45, 1, 0, 2]]
    assert features.transform(table()).tolist() == expected
    for other in (pickle.loads(pickle.dumps(features)), pickle.loads(pickle.dumps(tessera.TableFeatures(scale=True).fit(table())))):
        assert other.transform(table()).shape == (3, 4)
    assert pickle.loads(pickle.dumps(features)).transform(table()).tolist() == expected
    with pytest.raises(tessera.Error, match="there is no column 'work'"):
        features.transform(table().take_columns(["age", "height"]))
    unfitted = pickle.loads(pickle.dumps(tessera.TableFeatures(categories="ordinal")))
    assert unfitted.fit_transform(table())[:, 1].tolist() == [1, -1, 0]


def test_an_encoder_never_shows_a_row_its_own_target():
    rows = 60
    people = tessera.Table({"work": [["office", "field", "sea"][i % 3] for i in range(rows)], "age": list(range(rows))})
    target = np.array(["yes" if i % 7 < 3 else "no" for i in range(rows)])
    for encoding in ("target", "leave_one_out"):
        features = tessera.TableFeatures(categories=encoding, encoder={"cv": 3} if encoding == "target" else None)
        before = features.fit_transform(people, ["work"], target=target)
        changed = target.copy()
        changed[10] = "no" if target[10] == "yes" else "yes"
        after = tessera.TableFeatures(categories=encoding, encoder={"cv": 3} if encoding == "target" else None).fit_transform(people, ["work"], target=changed)
        assert before[10, 0] == after[10, 0] and not np.array_equal(before, after)
        again = pickle.loads(pickle.dumps(features))
        assert np.array_equal(again.transform(people), features.transform(people))
    with pytest.raises(tessera.Error, match="there is no encoding of categories 'targett'.*did you mean 'target'"):
        tessera.TableFeatures(categories="targett")


def test_arrow_tables_of_pyarrow():
    pa = pytest.importorskip("pyarrow")
    arrow = pa.table({"age": pa.array([39, 50, 45], pa.int32()), "work": ["office", None, "field"], "height": [1.5, None, 2.0]})
    assert tessera.Table(arrow).digest() == table().digest()
    pieces = pa.concat_tables([arrow.slice(0, 1), arrow.slice(1, 1), arrow.slice(2)])
    assert pieces.column("age").num_chunks == 3 and tessera.Table(pieces).digest() == table().digest()
    kinds = pa.table({"k": pa.chunked_array([pa.array(["a", "b", None]).dictionary_encode(), pa.array(["b", "a", "b"]).dictionary_encode()])})
    back = tessera.Table(kinds)
    assert back["k"] == ["a", "b", None, "b", "a", "b"]
    out = pa.table(table().with_categories("work"))
    assert out.column("work").to_pylist() == ["office", None, "field"] and out.column("height").null_count == 1
    assert pa.types.is_dictionary(out.schema.field("work").type)
    assert tessera.Table(out).digest() == table().with_categories("work").digest()
    with pytest.raises(tessera.Error, match="dates: .*format"):
        tessera.Table(pa.table({"d": pa.array([1], pa.date32())}), source="dates")
    assert len(tessera.Table(arrow.slice(0, 0))) == 0


def test_numbers_handed_to_arrow_are_not_copied():
    pa = pytest.importorskip("pyarrow")
    found = table()
    out = pa.table(found).column("age").chunk(0).to_numpy(zero_copy_only=True)
    assert np.shares_memory(out, found["age"])


@pytest.mark.parametrize("name", ["polars", "pandas"])
def test_data_frames(name):
    frames = pytest.importorskip(name)
    if name == "pandas":
        pytest.importorskip("pyarrow")  # hands out its columns
    frame = frames.DataFrame({"age": [39, 50, 45], "work": ["office", None, "field"], "height": [1.5, None, 2.0]})
    assert tessera.Table(frame).digest() == table().digest()
    assert tessera.Table({column: frame[column] for column in frame.columns}).digest() == table().digest()


class NAType:
    """As pandas' NA behaves: neither equal nor different, neither true nor false, and no number."""

    def __eq__(self, other):
        return self

    def __ne__(self, other):
        return self

    def __bool__(self):
        raise TypeError("boolean value of NA is ambiguous")


def test_what_behaves_as_pandas_na_is_missing():
    na = NAType()
    made = tessera.Table({"age": [39, 50, 45], "work": ["office", na, "field"], "height": [1.5, na, 2]})
    assert made.digest() == table().digest()
    assert tessera.Table({"flag": [True, na, None]})["flag"].tolist()[:1] == [1]
    model, x = tessera.HistGradientBoostingClassifier(max_iter=2), np.array([[1, 2], [na, 3], [4, np.nan], [5, None]], dtype=object)
    numbers = np.array([[1, 2], [np.nan, 3], [4, np.nan], [5, np.nan]])
    assert model.fit(x, [0, 1, 1, 0]).digest() == tessera.HistGradientBoostingClassifier(max_iter=2).fit(numbers, [0, 1, 1, 0]).digest()
    with pytest.raises(tessera.Error, match=r"gaussian_nb: features: row 1, column 0 is missing \(NaN\)"):
        tessera.GaussianNB().fit(x, [0, 1, 1, 0])
    with pytest.raises(tessera.Error, match=r"gaussian_nb: features: element \[1, 1\] is 'x', expected a number"):
        tessera.GaussianNB().fit(np.array([[na, 1], [2, "x"]], dtype=object), [0, 1])
    for target in (["a", na, "b"], [1, na, 0], [True, na, False]):
        with pytest.raises(tessera.Error, match="gaussian_nb: target: row 1 is missing"):
            tessera.GaussianNB().fit([[1.0], [2.0], [3.0]], target)
    with pytest.raises(tessera.Error, match="ridge: target: row 1, column 0 is missing"):
        tessera.Ridge().fit([[1.0], [2.0], [3.0]], [1, na, 0])


@pytest.mark.parametrize("kind, values, expected", [
    ("Int64", [7, None, 0], [7, np.nan, 0]), ("Float64", [2.0, None, 0], [2, np.nan, 0]), ("boolean", [True, None, False], [1, np.nan, 0]),
    ("string", ["x", None, "y"], ["x", None, "y"]), ("object", ["x", None, "y"], ["x", None, "y"])])
def test_columns_of_pandas_with_its_na(kind, values, expected):
    pandas = pytest.importorskip("pandas")
    column = pandas.Series([pandas.NA if value is None else value for value in values], dtype=kind)
    with pytest.raises(tessera.Error, match="gaussian_nb: target: row 1 is missing"):
        tessera.GaussianNB().fit([[1.0], [2.0], [3.0]], column)
    made = tessera.Table({"a": column})
    assert list(made.missing("a")) == [False, True, False]
    if isinstance(expected[0], str):
        assert made["a"] == expected
        return
    assert np.array_equal(made["a"], expected, equal_nan=True)
    frame = pandas.DataFrame({"a": column, "b": [1.0, 2.0, 3.0]})
    numbers = np.array([expected, [1, 2, 3]]).T
    fits = [tessera.HistGradientBoostingRegressor(max_iter=2, min_samples_leaf=1).fit(x, [1.0, 2.0, 4.0]) for x in (frame, numbers)]
    assert fits[0].digest() == fits[1].digest() and np.array_equal(fits[0].predict(frame), fits[1].predict(numbers))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.one_of(st.none(), st.floats(allow_nan=False)),
                          st.one_of(st.none(), st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1))), min_size=1, max_size=20))
def test_any_column_comes_back_through_arrow_and_csv(rows):
    made = tessera.Table({"number": np.array([np.nan if n is None else n for n, _ in rows]), "text": np.array([t for _, t in rows], dtype=object)})
    assert [None if lost else n for n, lost in zip(made["number"].tolist(), made.missing("number"))] == [n for n, _ in rows]
    if any(t is not None for _, t in rows):
        assert made["text"] == [t for _, t in rows]
        assert tessera.Table(made.take_rows(range(len(made)))).digest() == made.digest()
        again = tessera.parse_csv(made.to_csv(), text_columns=["text"])
        if any(n is not None for n, _ in rows):
            assert again.digest() == made.digest()
