"""What users hand over, as arrays that the library reads: where it can be, the very same memory."""

import numpy as np

from tessera._core import Error

_READ_AS_THEY_ARE = (np.float64, np.float32, np.int64, np.uint8, np.bool_)


def array_of(values):
    """Of NumPy, of whatever NumPy reads (lists, buffers, data frames), or through DLPack; the same memory if it can be."""
    if hasattr(values, "__dlpack__") and not hasattr(values, "__array__"):
        return np.from_dlpack(values)
    return np.asarray(values)


def is_missing(value):
    """None, NaN and its kind, or pandas' NA, which answers NA when it is compared, and refuses to be true or false."""
    if value is None or type(value).__name__ == "NAType":
        return True
    different = value != value
    return isinstance(different, (bool, np.bool_)) and bool(different)


def _numbers(array):
    """Objects or texts as float64, NaN where missing; a TypeError or ValueError if one is no number."""
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError):
        objects = array.astype(object)
        values = [np.nan if is_missing(value) else value for value in objects.flat]
        return np.array(values, dtype=np.float64).reshape(array.shape)


def row_without_utf8(texts):
    """The first text that has no UTF-8, as one with half of a surrogate pair; None if there is none. What is no text does not count."""
    for row, text in enumerate(texts):
        if isinstance(text, str) and not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError:
                return row
    return None


def readable(array, what):
    """The array, or a copy of a type that the library reads. No value changes, but for whole numbers beyond 2**63."""
    if array.dtype.kind in "USOTMmcV" or array.dtype.kind not in "fiub":
        raise Error(f"{what}: expected numbers, found elements of type {array.dtype}")
    if array.dtype.type not in _READ_AS_THEY_ARE or not array.dtype.isnative:
        wanted = {"f": np.float32 if array.dtype.itemsize < 4 else np.float64, "b": np.bool_}.get(array.dtype.kind)
        if wanted is None:  # integers
            wanted = np.float64 if array.dtype.kind == "u" and array.dtype.itemsize == 8 else np.int64
        array = array.astype(wanted)
    in_place = array.flags.aligned and all(stride % array.itemsize == 0 for stride in array.strides)
    return array if in_place else array.copy()


def _first_text(array):
    for place, value in np.ndenumerate(array):
        try:
            float(np.nan if is_missing(value) else value)
        except (TypeError, ValueError):
            return place, str(value)
    return None


def features_of(x, estimator):
    """Features as [rows, columns] of numbers; None and pandas' NA are missing (NaN)."""
    if hasattr(x, "toarray") and hasattr(x, "nnz"):
        raise Error(f"{estimator}: found a sparse matrix, expected a dense one (x.toarray())")
    try:
        array = array_of(x)
    except ValueError:  # rows of different lengths
        raise Error(f"{estimator}: expected features [rows, columns], found rows of different lengths") from None
    if array.dtype.kind in "OUST":
        try:
            array = _numbers(array)
        except (TypeError, ValueError):
            found = _first_text(array)
            where = ", ".join(str(part) for part in found[0]) if found else "?"
            value = found[1] if found else "text"
            raise Error(f"{estimator}: features: element [{where}] is {value!r}, expected a number "
                        "(tessera.TableFeatures makes numbers of a table)") from None
    return readable(array, f"{estimator}: features")


def names_of_features(x):
    """The names of a data frame's columns, if all of them are texts."""
    columns = getattr(x, "columns", None)
    if columns is None or callable(columns):
        return None
    names = list(columns)
    return np.array(names, dtype=object) if names and all(isinstance(name, str) for name in names) else None


def target_of(y, estimator):
    """One value per row: a list, an array [N] or [N, 1], a column of a data frame or of a Table."""
    array = array_of(y)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise Error(f"{estimator}: expected a target [rows], one value per row of features, found shape {list(array.shape)}")
    return array


def numbers_of_target(y, estimator):
    array = target_of(y, estimator)
    if array.dtype.kind in "OUST":
        try:
            array = _numbers(array)
        except (TypeError, ValueError):
            found = _first_text(array)
            raise Error(f"{estimator}: target: row {found[0][0] if found else '?'} is "
                        f"{found[1] if found else 'text'!r}, expected a number") from None
    return readable(array, f"{estimator}: target")


def _comparable(array, estimator):
    """Labels as an array that can be sorted: texts, whole numbers, numbers or flags."""
    if array.dtype.kind == "T":
        array = array.astype(object)
    if array.dtype.kind == "O":
        for row, value in enumerate(array):
            if is_missing(value):
                raise Error(f"{estimator}: target: row {row} is missing, expected a class")
        kinds = {bool: "flags", np.bool_: "flags", str: "texts", np.str_: "texts", bytes: "bytes", np.bytes_: "bytes"}
        found = sorted({kinds.get(type(value), "numbers") for value in array})
        if len(found) > 1:
            raise Error(f"{estimator}: target: found {' and '.join(found)} among the classes, expected one kind")
        array = np.array(array.tolist())
    if array.dtype.kind == "S":
        raise Error(f"{estimator}: target: found bytes, expected classes that are texts (decode them), whole numbers or flags")
    if array.dtype.kind == "U":
        row = row_without_utf8(array.tolist())
        if row is not None:
            raise Error(f"{estimator}: target: row {row} is {str(array[row])!r}, which is no Unicode text (half of a surrogate pair)")
    if array.dtype.kind == "u" and array.dtype.itemsize == 8:
        large = np.flatnonzero(array > np.iinfo(np.int64).max)
        if large.size:
            raise Error(f"{estimator}: target: row {large[0]} is {array[large[0]]}, expected whole numbers below 2^63 as classes")
        array = array.astype(np.int64)
    if array.dtype.kind not in "Ufiub":
        raise Error(f"{estimator}: target: expected classes that are texts, whole numbers or flags, found {array.dtype}")
    if array.dtype.kind == "f":
        wrong = np.flatnonzero(~(np.isfinite(array) & (array == np.floor(array))))
        if wrong.size:
            value = array[wrong[0]]
            raise Error(f"{estimator}: target: row {wrong[0]} is {'missing (NaN)' if value != value else value}, "
                        "expected classes: texts, whole numbers or flags")
    return array


def encode_classes(y, estimator):
    """(the different classes in order, the position of each row's class)."""
    array = _comparable(target_of(y, estimator), estimator)
    classes, codes = np.unique(array, return_inverse=True)
    if len(classes) == 1:
        raise Error(f"{estimator}: expected at least two classes in the target, found only class {classes[0]}")
    return classes, np.ascontiguousarray(codes.reshape(-1), dtype=np.int64)


def positions_of(y, classes, estimator):
    """The position of each row's class; -1 for one that is not among the classes."""
    array = _comparable(target_of(y, estimator), estimator)
    if (array.dtype.kind == "U") != (classes.dtype.kind == "U"):
        return np.full(len(array), -1, dtype=np.int64)
    places = np.minimum(np.searchsorted(classes, array), len(classes) - 1)
    return np.where(classes[places] == array, places, -1).astype(np.int64)


def class_texts(classes):
    """(names, kind) as a saved estimator holds them."""
    kind = {"U": "text", "i": "integer", "u": "integer", "b": "flag", "f": "number"}[classes.dtype.kind]
    if kind == "flag":
        return [str(bool(value)).lower() for value in classes], kind
    return [repr(float(value)) if kind == "number" else str(value) for value in classes], kind


def classes_of_texts(names, kind, count):
    if not names:
        return np.arange(count)
    if kind == "flag":
        return np.array([name == "true" for name in names])
    return np.array(names, dtype={"text": str, "integer": np.int64, "number": np.float64}[kind])
