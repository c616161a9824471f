"""Tables: columns of numbers, texts and categories with their missing values, their schema, and features made of them."""

import operator

import numpy as np

from tessera import _arrays, _core
from tessera._core import Error
from tessera._estimators import _text


class Table:
    """Columns of one length: numbers, texts or categories. It does not change; methods give another one.

    `Table(data)` takes a dict of columns (arrays or lists; None, and NaN among numbers, are missing), a pandas data frame, or whatever speaks Arrow's
    C stream interface (pyarrow, polars, DuckDB, pandas), of which nothing but the data is needed. `read_csv` and
    `read_table` read a file.

    `table["age"]` is a column: numbers as a float64 array that shows the table's own memory (read-only, NaN where missing), texts and
    categories as a list with None where missing.
    """

    def __init__(self, data, *, source="table"):
        if isinstance(data, _core.Table):
            self._core = data
        elif isinstance(data, Table):
            self._core = data._core
        elif hasattr(data, "__arrow_c_stream__"):
            self._core = _core.table_of_stream(_stream(data, source), source)
        elif hasattr(data, "keys") and hasattr(data, "__getitem__"):
            self._core = _core.table_of_columns([_column(str(name), data[name]) for name in data.keys()], source)
        else:
            raise Error(f"{source}: expected a dict of columns, a data frame or an Arrow table, found {type(data).__name__}")

    @property
    def names(self):
        """The names of the columns."""
        return self._core.names

    @property
    def source(self):
        """Where it comes from: begins the messages of errors."""
        return self._core.source

    @property
    def shape(self):
        return self._core.rows, len(self._core.names)

    def __len__(self):
        return self._core.rows

    def keys(self):
        return self.names

    def __contains__(self, name):
        return name in self._core.names

    def __getitem__(self, name):
        return self._core.values(name)

    def __repr__(self):
        columns = ", ".join(f"{name}: {self.type(name)}" for name in self.names)
        return f"<tessera.Table {self.source}: {len(self)} rows; {columns}>"

    def type(self, name):
        """'numbers', 'texts' or 'categories'."""
        return self._core.type(name)

    def missing(self, name):
        """A flag for each row: is the value missing?"""
        return np.array(self._core.missing(name), dtype=bool)

    def codes(self, name):
        """Of a column of categories: the position of each row's category, -1 where missing (int32, the table's own memory)."""
        return self._core.codes(name)

    def categories(self, name):
        """Of a column of categories: their names."""
        return self._core.categories(name)

    def with_categories(self, name, categories=()):
        """The table with this column as categories: the different values in order, or the given ones."""
        return Table(self._core.with_categories(name, list(categories)))

    def take_rows(self, positions):
        """These rows, in this order: positions, or a flag for each row of the table."""
        return Table(self._core.take_rows(_positions(positions, self._core)))

    def take_columns(self, names):
        """These columns, in this order."""
        return Table(self._core.take_columns(list(names)))

    def to_numpy(self, names=()):
        """Columns of numbers (all, or these) as float64 [rows, columns], NaN where missing."""
        return self._core.numbers(list(names))

    def to_csv(self):
        """The text of a CSV file."""
        return self._core.csv()

    def digest(self):
        """SHA-256, hexadecimal, of names, types and values: the same for the same records from any source."""
        return self._core.digest()

    def schema(self, names=()):
        """What a model that learns from these columns expects of a later table."""
        return Schema(self._core.schema(list(names)))

    def __arrow_c_stream__(self, requested_schema=None):
        """The table for pyarrow, polars and others: numbers are not copied."""
        return self._core.stream()


class Schema:
    """Names, types and categories of columns. `conform` makes a later table the same, or says what is wrong with it."""

    def __init__(self, json):
        self._json = _core.check_schema(json)

    @property
    def json(self):
        """One line of canonical JSON."""
        return self._json

    def conform(self, table, *, unseen="refuse", allow_missing=False):
        """The table with this schema's columns. `unseen` says what becomes of a new category: "refuse", "missing" or "other"."""
        return Table(Table(table)._core.conform(self._json, unseen, allow_missing))

    def __eq__(self, other):
        return isinstance(other, Schema) and self._json == other._json

    def __hash__(self):
        return hash(self._json)

    def __repr__(self):
        return f"tessera.Schema({self._json!r})"


class TableFeatures:
    """Numbers for estimators, made of the columns of a table; what that needs is learned from the training rows.

    categories  "one_hot" (a feature for each category), "ordinal" (its position), or an encoder (docs/encoders.md): "count", "hashing", "two_hash",
                "target", "m_estimate", "james_stein", "woe", "leave_one_out", "catboost", "embedding"
    missing     what stands for a missing number: "mean", "median", "zero", "keep" (NaN), or "refuse"
    scale       every feature is standardised
    encoder     parameters of the encoder: {"cv": 3}

    Encoders that look at the target never show a training row its own: what `fit_transform` gives is for learning, what `transform` gives
    is for other rows.
    """

    def __init__(self, *, categories="one_hot", missing="mean", scale=False, most_categories=1000, encoder=None):
        texts = {name: _text(value) for name, value in (encoder or {}).items()}
        self._options = {"categories": categories, "missing": missing, "scale": scale, "most_categories": most_categories, "encoder": texts}
        self._numbers = False
        self._core = _core.Features(**self._options, numbers=False)

    def _learn(self, table, columns, rows, target):
        y = None
        self._numbers = False
        if target is not None and self._core.looks_at_target:
            y = _arrays.target_of(target, "features")
            self._numbers = y.dtype.kind == "f"
            y = _arrays.numbers_of_target(y, "features") if self._numbers else _arrays.encode_classes(y, "features")[1]
        settings = _core.Features(**self._options, numbers=self._numbers)
        core = Table(table)._core
        self._core, matrix = settings.fit(core, None if columns is None else list(columns), None if rows is None else _positions(rows, core), y)
        return matrix

    def fit(self, table, columns=None, rows=None, target=None):
        """Learns from these columns (default: all) of these rows (default: all; positions, or a flag for each row of the table).

        `target` is that of these rows, for encoders that look at it.
        """
        self._learn(table, columns, rows, target)
        return self

    def fit_transform(self, table, columns=None, rows=None, target=None):
        """The same, and what the rows that it learns from become: float64 [rows, features]."""
        return self._learn(table, columns, rows, target)

    def transform(self, table):
        """float64 [rows, features] for other rows; the columns may be in any order, more are left out."""
        return self._core.transform(Table(table)._core)

    @property
    def names(self):
        """A name for each feature: 'age', 'work=Private'."""
        return self._core.names()

    @property
    def schema(self):
        return Schema(self._core.schema())

    def __repr__(self):
        return f"TableFeatures({', '.join(f'{name}={value!r}' for name, value in self._options.items())})"

    def __getstate__(self):
        try:
            learned = self._core.schema(), self._core.state_bytes()
        except Error:  # nothing was learned yet
            learned = None
        return {"options": self._options, "numbers": self._numbers, "learned": learned}

    def __setstate__(self, state):
        self.__init__(**state["options"])
        self._numbers = state["numbers"]
        if state["learned"] is not None:
            settings = _core.Features(**self._options, numbers=self._numbers)
            self._core = settings.restored(*state["learned"])


def _positions(rows, table):
    """Rows of a table as whole numbers: positions as they are, flags as the positions of those that are set."""
    try:
        values = rows.tolist() if isinstance(rows, np.ndarray) else list(rows)
    except TypeError:
        raise Error(f"{table.source}: expected rows as positions or flags, found {type(rows).__name__}") from None
    if getattr(rows, "ndim", 1) != 1:
        raise Error(f"{table.source}: expected rows as positions or flags, found {rows.ndim} axes")
    flags = [isinstance(value, (bool, np.bool_)) for value in values]
    if (flags and all(flags)) or (isinstance(rows, np.ndarray) and rows.dtype.kind == "b"):
        if len(values) != table.rows:
            raise Error(f"{table.source}: found {len(values)} flags, expected one for each of the {table.rows} rows")
        return np.flatnonzero(np.array(values, dtype=bool)).tolist()
    found = []
    for place, value in enumerate(values):
        try:
            if flags[place]:
                raise TypeError
            found.append(operator.index(value))
        except TypeError:
            raise Error(f"{table.source}: rows: element {place} is {value!r}, expected a position, a whole number"
                        + (" (or a flag for every row)" if any(flags) else "")) from None
        if not 0 <= found[-1] < table.rows:
            raise Error(f"{table.source}: row {found[-1]} was asked for, expected 0 to {table.rows - 1}")
    return found


def _stream(data, source):
    try:
        return data.__arrow_c_stream__()
    except ImportError as error:  # pandas without pyarrow
        raise Error(f"{source}: {type(data).__name__} needs pyarrow to hand out its columns: {error}") from None


def _column(name, values):
    """(name, numbers, rows without a value) or (name, texts)."""
    array = np.ma.asarray(values) if isinstance(values, np.ma.MaskedArray) else np.asarray(values)
    absent = np.flatnonzero(np.ma.getmaskarray(array)) if isinstance(array, np.ma.MaskedArray) else np.array([], dtype=np.int64)
    array = np.ma.getdata(array)
    if array.ndim != 1:
        raise Error(f"table: the column '{name}' has {array.ndim} axes, expected 1")
    texts = array.dtype.kind in "UST"
    if texts:
        array = array.astype(object)
    if array.dtype.kind == "O":
        gone = np.array([_arrays.is_missing(value) for value in array], dtype=bool)
        gone[absent] = True
        if not texts and not any(isinstance(value, (str, bytes)) for value in array[~gone]):
            try:
                array = np.array([np.nan if lost else float(value) for value, lost in zip(array, gone)], dtype=np.float64)
            except (TypeError, ValueError, OverflowError):
                kinds = sorted({type(value).__name__ for value in array[~gone]})
                raise Error(f"table: the column '{name}': expected numbers or texts, found {', '.join(kinds)}") from None
        else:
            return name, _texts(name, [None if lost else value for value, lost in zip(array, gone)])
    array = _arrays.readable(array, f"table: the column '{name}'")
    if array.dtype.kind == "f":
        absent = np.union1d(absent, np.flatnonzero(np.isnan(array)))
    return name, array, [int(row) for row in absent]


def _texts(name, values):
    """Texts that have UTF-8, and None; bytes are read as UTF-8."""
    texts = []
    for row, value in enumerate(values):
        try:
            texts.append(value if value is None else value.decode() if isinstance(value, bytes) else str(value))
        except UnicodeDecodeError:
            raise Error(f"table: the column '{name}': row {row} is {value!r}, expected bytes that are UTF-8") from None
    row = _arrays.row_without_utf8(texts)
    if row is not None:
        raise Error(f"table: the column '{name}': row {row} is {texts[row]!r}, which is no Unicode text (half of a surrogate pair)")
    return texts


def read_csv(path, *, separator=",", header=True, text_columns=(), missing=(), trim=False):
    """The table of a CSV file (also packed with gzip).

    separator     one character, or "detect"
    header        False: the columns are called column_1, column_2, ...
    text_columns  columns that are texts although all their fields are numbers
    missing       fields that stand for a missing value beside the empty one: ["?", "NA"]
    trim          blanks around fields do not count
    """
    return Table(_core.read_csv(str(path), separator, header, list(text_columns), list(missing), trim))


def read_table(path, *, query="", separator=",", header=True, text_columns=(), missing=(), trim=False):
    """The table of a file of any kind that is read here, told apart by its first bytes: CSV, NPY, NPZ, or an SQLite database with a query; or of
    a PostgreSQL database, postgresql://USER@HOST/DATABASE, with one."""
    return Table(_core.read_table(str(path), query, separator, header, list(text_columns), list(missing), trim))


def parse_csv(text, *, source="text", separator=",", header=True, text_columns=(), missing=(), trim=False):
    """The same for a text; `source` begins the messages of errors."""
    return Table(_core.parse_csv(text, source, separator, header, list(text_columns), list(missing), trim))
