"""Data sets: the right numbers, honest splits, and damaged files refused."""

import gzip
import hashlib
import itertools
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import linclf_helpers.datasets
from linclf_helpers.datasets import Dataset, load_digits, load_four_penguins, load_mnist, load_penguins, make_blobs

DATA = Path(linclf_helpers.datasets.__file__).parent / "data"
ALL_FEATURES = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")


def small(N=5, D=2):
    X = np.random.default_rng(0).normal(size=(N, D))
    return Dataset(X, np.arange(N) % 3, tuple("abcdefg"[:D]), ("x", "y", "z"), "small", "here")


# --- penguins ---


def test_penguins():
    data = load_penguins()
    assert data.X.shape == (342, 2)
    assert data.X.dtype == np.float64
    assert data.labels.dtype.kind == "i"
    assert data.class_names == ("Adelie", "Chinstrap", "Gentoo")
    assert np.bincount(data.labels).tolist() == [151, 68, 123]
    assert data.feature_names == ("bill length (mm)", "bill depth (mm)")
    assert data.X[0].tolist() == [39.1, 18.7]  # the first bird of the table
    assert data.X[-1].tolist() == [50.2, 18.7]  # and the last
    np.testing.assert_allclose(data.X.mean(axis=0), [43.92193, 17.15117], atol=5e-6)
    assert "10.1371/journal.pone.0090081" in data.source
    assert repr(data).startswith("Dataset(N=342, D=2, K=3: penguins")


def test_penguins_by_an_independent_reader():
    rows = [line.split(",") for line in (DATA / "penguins.csv").read_text(encoding="utf-8").splitlines()]
    header, birds = rows[0], [row for row in rows[1:] if row[2] != "NA"]
    assert len(rows) - 1 == 344
    for names in [ALL_FEATURES, ("body_mass_g",), ("flipper_length_mm", "bill_length_mm")]:
        expected = [[float(bird[header.index(name)]) for name in names] for bird in birds]
        np.testing.assert_array_equal(load_penguins(names).X, expected)
    species = [bird[header.index("species")] for bird in birds]
    data = load_penguins(list(ALL_FEATURES))
    assert [data.class_names[label] for label in data.labels] == species
    assert data.feature_names[3] == "body mass (g)"


def test_each_load_is_a_fresh_copy():
    for load in (load_penguins, load_digits, load_four_penguins):
        load().X[:] = 0
        assert load().X.any()


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (("bill_length",), r"features: expected different names out of bill_length_mm, .*, got \('bill_length',\)"),
        (("bill_depth_mm", "bill_depth_mm"), r"features: expected different names out of"),
        ((), r"features: expected different names out of .*, got \(\)"),
        ("bill_length_mm", r"features: expected several strings, got 'bill_length_mm'"),
        (None, r"features: expected several strings, got None"),
        ([["bill_length_mm"]], r"features: expected only strings, got"),
    ],
)
def test_unknown_features_are_refused(features, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        load_penguins(features)


FOUR_IN_MILLIMETRES = np.array([[39.1, 18.7], [46.1, 13.2], [50.0, 19.5], [50.0, 16.3]])


def test_the_four_penguins():
    everyone, four = load_penguins(), load_four_penguins()
    assert four.X.shape == (4, 2)
    assert four.labels.tolist() == [0, 2, 1, 2]
    assert len(four.class_names) == 3
    assert all("standardised" in name for name in four.feature_names)
    raw = four.X * everyone.X.std(axis=0) + everyone.X.mean(axis=0)
    np.testing.assert_allclose(raw, FOUR_IN_MILLIMETRES, rtol=1e-12)
    for bird, label in zip(FOUR_IN_MILLIMETRES, four.labels, strict=True):  # real birds of the right species
        assert label in everyone.labels[(bird == everyone.X).all(axis=1)]


# --- digits ---


def test_digits():
    data = load_digits()
    assert data.X.shape == (1797, 64)
    assert data.X.flags.c_contiguous
    assert np.bincount(data.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert sorted(set(data.X.ravel())) == list(range(17))
    assert data.feature_names[0] == "pixel 0,0"
    assert data.feature_names[10] == "pixel 1,2"
    assert data.class_names == tuple("0123456789")
    assert "CC BY 4.0" in data.source


def test_digits_by_an_independent_reader():
    lines = gzip.decompress((DATA / "digits.csv.gz").read_bytes()).split()
    table = [[float(entry) for entry in line.split(b",")] for line in lines]
    data = load_digits()
    np.testing.assert_array_equal(data.X, [row[:64] for row in table])
    np.testing.assert_array_equal(data.labels, [row[64] for row in table])
    zero = data.X[0].reshape(8, 8)  # the first image is a 0: ink around an empty middle
    assert data.labels[0] == 0
    assert zero[3:5, 3:5].sum() == 0 < zero[2:6, 2].min()


# --- a damaged file is an error, never wrong data ---


@pytest.mark.parametrize(("name", "load"), [("penguins.csv", load_penguins), ("digits.csv.gz", load_digits)])
@pytest.mark.parametrize("damage", ["one bit", "cut short", "one byte more", "empty", "line ends"])
def test_a_damaged_file_is_refused(name, load, damage, tmp_path, monkeypatch):
    shutil.copytree(DATA, tmp_path / "data")
    content = (DATA / name).read_bytes()
    middle = len(content) // 2
    damaged = {
        "one bit": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        "cut short": content[:-1],
        "one byte more": content + b"\n",
        "empty": b"",
        "line ends": content.replace(b"\n", b"\r\n"),
    }[damage]
    monkeypatch.setattr(linclf_helpers._files.resources, "files", lambda package: tmp_path)
    load()  # the copy is fine
    (tmp_path / "data" / name).write_bytes(damaged)
    found = hashlib.sha256(damaged).hexdigest()
    with pytest.raises(
        ValueError, match=rf"^{name}: expected the file with sha256 [0-9a-f]{{64}}, got {found}\. The fi"
    ):
        load()


# --- Dataset ---


def test_lists_become_arrays_and_tuples():
    data = Dataset([[1, 2], [3, 4], [5, 6]], [0, 1, 0], ["a", "b"], ["c", "d"])
    assert repr(data) == "Dataset(N=3, D=2, K=2: )"
    assert data.X.dtype == np.float64
    assert data.labels.tolist() == [0, 1, 0]
    assert (data.feature_names, data.class_names) == (("a", "b"), ("c", "d"))
    assert Dataset(np.ones((3, 2), np.float32), [0, 1, 0], ["a", "b"], ["c", "d"]).X.dtype == np.float32
    with pytest.raises(AttributeError):
        data.X = 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": np.ones(3)}, r"X: expected shape \(N, D\), got \(3,\)"),
        ({"X": [[1, 2], [3]]}, r"X: expected an array of numbers, got rows of different lengths"),
        ({"X": [[1, np.nan]] * 3}, r"X: expected finite numbers, got nan at index \[0, 1\]"),
        ({"labels": [0, 1]}, r"labels: expected 3, one per row of X, got 2"),
        ({"labels": [0, 1, 2]}, r"labels: expected labels from 0 to 1, got 2"),
        ({"labels": [0.0, 1.0, 0.0]}, r"labels: expected integer labels, got an array of float64"),
        ({"feature_names": ("a",)}, r"feature_names: expected 2, one per column of X, got 1"),
        ({"feature_names": "ab"}, r"feature_names: expected several strings, got 'ab'"),
        ({"feature_names": (1, 2)}, r"feature_names: expected only strings, got \(1, 2\)"),
        ({"class_names": "cd"}, r"class_names: expected several strings, got 'cd'"),
        ({"class_names": ("c",)}, r"class_names: expected at least 2, got \('c',\)"),
    ],
)
def test_a_data_set_that_does_not_fit_is_refused(change, message):
    fields = {"X": np.ones((3, 2)), "labels": [0, 1, 0], "feature_names": ("a", "b"), "class_names": ("c", "d")}
    with pytest.raises(ValueError, match=f"^{message}"):
        Dataset(**(fields | change))


# --- train_test_split ---


@given(st.integers(2, 40), st.integers(0, 1000), st.floats(1e-6, 1, exclude_max=True))
@example(5, 0, 0.99)  # all but one
@example(5, 0, 0.01)  # at least one
def test_a_split_parts_the_examples(N, seed, fraction):
    data = Dataset(np.arange(2.0 * N).reshape(N, 2), np.arange(N) % 3, ("a", "b"), ("x", "y", "z"))
    train, test = data.train_test_split(seed, fraction)
    rows = np.concatenate([train.X, test.X])
    order = np.argsort(rows[:, 0])
    np.testing.assert_array_equal(rows[order], data.X)  # every example once
    np.testing.assert_array_equal(np.concatenate([train.labels, test.labels])[order], data.labels)  # with its label
    assert len(test.X) == min(max(round(N * fraction), 1), N - 1)
    again, _ = data.train_test_split(seed, fraction)
    np.testing.assert_array_equal(again.X, train.X)


def test_a_split_shuffles_and_keeps_the_names():
    data = load_penguins()
    train, test = data.train_test_split(seed=0)
    assert (len(train.X), len(test.X)) == (256, 86)
    assert set(test.labels) == {0, 1, 2}  # the table is sorted by species
    assert (train.class_names, train.feature_names, train.source) == (data.class_names, data.feature_names, data.source)
    assert (train.X != data.train_test_split(seed=1)[0].X).any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1,), r"seed: expected a whole number of at least 0, got -1"),
        ((None,), r"seed: expected a whole number of at least 0, got None"),
        ((0, 0), r"test_fraction: expected a number greater than 0 and less than 1, got 0"),
        ((0, 1.0), r"test_fraction: expected a finite number of at least 0 and less than 1, got 1.0"),
        ((0, np.nan), r"test_fraction: expected a finite number of at least 0 and less than 1, got nan"),
    ],
)
def test_a_split_that_can_not_be_is_refused(arguments, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        small().train_test_split(*arguments)
    with pytest.raises(ValueError, match=r"^X: expected at least 2 examples to split, got 1"):
        small(N=1).train_test_split(0)


# --- standardize ---


def test_standardised_features_have_mean_0_and_deviation_1():
    data = load_penguins(ALL_FEATURES)
    before = data.X.tobytes()
    standard = data.standardize()
    np.testing.assert_allclose(standard.X.mean(axis=0), 0, atol=1e-13)
    np.testing.assert_allclose(np.sqrt((standard.X**2).mean(axis=0)), 1, rtol=1e-13)  # divisor N
    assert data.X.tobytes() == before
    assert standard.feature_names[3] == "body mass (standardised)"  # no longer grams


def test_a_test_set_is_standardised_with_the_numbers_of_its_training_set():
    train, test = load_penguins().train_test_split(seed=0)
    expected = (test.X - train.X.mean(axis=0)) / train.X.std(axis=0)
    np.testing.assert_allclose(test.standardize(fit_on=train).X, expected, rtol=1e-15)
    assert abs(test.standardize(fit_on=train).X.mean()) > 1e-3  # not its own


def test_a_test_set_never_decides_how_it_is_standardised():
    """With its own mean, a shift between training and test data, or a single odd example, would vanish unseen."""
    train, test = load_penguins().train_test_split(seed=0)
    assert (load_penguins().held_out, train.held_out, test.held_out) == (False, False, True)
    later, last = test.train_test_split(seed=0)
    prepared = test.standardize(fit_on=train)
    for held_out in (test, later, last, prepared):
        with pytest.raises(
            ValueError, match=r"^fit_on: .* got nothing for a test set; test\.standardize\(fit_on=train\)"
        ):
            held_out.standardize()
        with pytest.raises(ValueError, match=r"^fit_on: expected the training set, got a test set"):
            train.standardize(fit_on=held_out)
    inner, validation = train.train_test_split(seed=1)
    np.testing.assert_allclose(inner.standardize().X.mean(axis=0), 0, atol=1e-13)
    assert validation.standardize(fit_on=inner).held_out


def test_constant_features_are_only_shifted():
    """By rounding, 0.1 three times has a deviation that is not 0, and 0 and 1e-200 have one that is."""
    X = np.column_stack([[0.1, 0.1, 0.1], [5.0, 5.0, 5.0], [0.0, 1e-200, 0.0], [1.0, 2.0, 3.0]])
    standard = Dataset(X, [0, 1, 0], tuple("abcd"), ("x", "y")).standardize()
    np.testing.assert_allclose(standard.X[:, :3], 0, atol=1e-15)
    np.testing.assert_allclose(standard.X[:, 3], [-np.sqrt(1.5), 0, np.sqrt(1.5)])


def test_standardising_with_something_else_is_refused():
    with pytest.raises(ValueError, match=r"^fit_on: expected a Dataset, got ndarray"):
        small().standardize(fit_on=small().X)
    with pytest.raises(
        ValueError, match=r"^fit_on: expected a data set with the features \('a', 'b'\), got \('a', 'b', 'c'\)"
    ):
        small().standardize(fit_on=small(D=3))


# --- blobs ---


def test_blobs():
    data = make_blobs(np.random.default_rng(0), n_examples=1003, n_features=3, n_classes=5, spread=0.5)
    assert data.X.shape == (1003, 3)
    assert np.bincount(data.labels).tolist() == [201, 201, 201, 200, 200]
    for k in range(5):
        np.testing.assert_allclose(data.X[data.labels == k].std(axis=0), 0.5, rtol=0.2)
    np.testing.assert_array_equal(
        make_blobs(np.random.default_rng(7)).X, make_blobs(np.random.default_rng(7)).X
    )  # fmt: skip
    default = make_blobs(np.random.default_rng(7))
    assert repr(default) == "Dataset(N=300, D=2, K=4: made-up points in 4 round clouds)"
    assert default.X[default.labels == 0].std() == pytest.approx(1, rel=0.2)
    centres = make_blobs(np.random.default_rng(0), n_examples=3000, n_classes=3000, spread=0).X
    assert centres.std() == pytest.approx(3, rel=0.05)
    points = make_blobs(np.random.default_rng(0), n_examples=8, spread=0).X
    np.testing.assert_array_equal(points[:4], points[4:])  # without spread only the centres are left


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rng": -1}, r"rng: expected a seed \(.*\), a numpy.random.Generator or None, got -1"),
        ({"n_examples": 3}, r"n_examples: expected a whole number of at least 4, got 3"),
        ({"n_features": 0}, r"n_features: expected a whole number of at least 1, got 0"),
        ({"n_classes": 1}, r"n_classes: expected a whole number of at least 2, got 1"),
        ({"spread": -1.0}, r"spread: expected a finite number of at least 0, got -1.0"),
        ({"spread": np.inf}, r"spread: expected a finite number of at least 0, got inf"),
    ],
)
def test_blobs_that_can_not_be_are_refused(options, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        make_blobs(**({"rng": np.random.default_rng(0)} | options))


# --- MNIST: tiny files in the format of the real ones ---

TRAIN_IMAGES = np.arange(3 * 4 * 2, dtype=np.uint8).reshape(3, 4, 2) * 11
TEST_IMAGES = 255 - TRAIN_IMAGES[:2]
FILES = {
    "train-images-idx3-ubyte": TRAIN_IMAGES,
    "train-labels-idx1-ubyte": np.array([7, 0, 9], np.uint8),
    "t10k-images-idx3-ubyte": TEST_IMAGES,
    "t10k-labels-idx1-ubyte": np.array([1, 2], np.uint8),
}


def idx(array):
    """Return an array of bytes as an IDX file: 0 0 8 ndim, the shape in big-endian 4-byte numbers, the data."""
    shape = b"".join(n.to_bytes(4, "big") for n in array.shape)
    return bytes([0, 0, 8, array.ndim]) + shape + array.tobytes()


@pytest.fixture
def folder(tmp_path):
    for name, array in FILES.items():
        (tmp_path / name).write_bytes(idx(array))
    return tmp_path


def check_mnist(train, test):
    np.testing.assert_allclose(train.X, TRAIN_IMAGES.reshape(3, 8) / 255, rtol=1e-15)
    np.testing.assert_allclose(test.X, TEST_IMAGES.reshape(2, 8) / 255, rtol=1e-15)
    assert train.labels.tolist() == [7, 0, 9]
    assert test.labels.tolist() == [1, 2]
    assert (train.X.dtype, test.X.max()) == (np.float64, 1.0)
    assert train.feature_names[:3] == ("pixel 0,0", "pixel 0,1", "pixel 1,0")
    assert train.class_names == tuple("0123456789")
    assert repr(train) == "Dataset(N=3, D=8, K=10: MNIST, handwritten digits, 4 x 2 pixels of 0 to 1)"


def test_mnist_plain(folder):
    check_mnist(*load_mnist(folder))
    check_mnist(*load_mnist(str(folder)))


def test_mnist_gzipped_and_mixed(folder):
    for name in list(FILES)[::2]:
        (folder / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes()))
        (folder / name).unlink()
    check_mnist(*load_mnist(folder))
    for name in list(FILES)[1::2]:
        (folder / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes()))
        (folder / name).unlink()
    check_mnist(*load_mnist(folder))


SPELLINGS = [
    lambda name: name,
    lambda name: f"{name}.gz",
    lambda name: name.replace("-idx", ".idx"),
    lambda name: name.replace("-idx", ".idx") + ".gz",
    lambda name: name.upper(),
    lambda name: f"{name}.GZ",
]
PACKINGS = [bytes, gzip.compress, lambda content: gzip.compress(gzip.compress(content))]


@pytest.mark.parametrize("shift", range(len(SPELLINGS) * len(PACKINGS)))
def test_mnist_however_it_is_spelt_and_packed(folder, shift):
    """Every spelling with every packing for each of the files, beside another choice for the next."""
    ways = [(spell, pack) for spell in SPELLINGS for pack in PACKINGS]
    for number, name in enumerate(FILES):
        content = (folder / name).read_bytes()
        (folder / name).unlink()
        spell, pack = ways[(shift + 5 * number) % len(ways)]
        (folder / spell(name)).write_bytes(pack(content))
    (folder / "train-images-idx3-ubyte-old").mkdir()
    (folder / "notes.txt").write_text("not MNIST", encoding="utf-8")
    check_mnist(*load_mnist(folder))
    assert [part.held_out for part in load_mnist(folder)] == [False, True]


def test_mnist_beside_folders_of_the_same_names(folder):
    """As one archive unpacks: each file once more in a folder named after it."""
    for name in FILES:
        (folder / name).rename(folder / name.replace("-idx", ".idx"))
        (folder / name).mkdir()
    check_mnist(*load_mnist(folder))


def test_mnist_missing(folder):
    with pytest.raises(FileNotFoundError, match=r"^path: expected a folder with the four MNIST files, got '.*nowhere'"):
        load_mnist(folder / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"^path: expected a folder"):
        load_mnist(folder / "train-images-idx3-ubyte")
    for path in (None, 3, b"bytes"):
        with pytest.raises(ValueError, match=f"^path: expected a folder, got {path!r}"):
            load_mnist(path)


@pytest.mark.parametrize("name", FILES)
def test_mnist_with_a_file_missing(folder, name):
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=rf"^path: expected {name} or {name}\.gz in '.*', found neither"):
        load_mnist(folder)


IMAGES = idx(TRAIN_IMAGES)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"expected an IDX file of unsigned bytes with 3 dimensions, got one of 0 bytes that begins with $"),
        (IMAGES[:10], r"expected an IDX file .* with 3 dimensions, got one of 10 bytes that begins with 00 00 08 03"),
        (b"P5 some image", r"expected an IDX file .*, got one of 13 bytes that begins with 50 35 20 73$"),
        (b"\n<!DOCTYPE html>", r"expected an IDX file .* begins with 0a 3c 21 44 \(a web page\)$"),
        (gzip.compress(IMAGES)[:-9], r"expected a gzipped file, got a damaged one \("),
        (idx(FILES["train-labels-idx1-ubyte"]), r"expected an IDX file .* 3 dimensions, .* 00 00 08 01 \(labels\)$"),
        (bytes([0, 0, 9, 3]) + IMAGES[4:], r"expected an IDX file of unsigned bytes .* 00 00 09 03"),
        (idx(FILES["train-labels-idx1-ubyte"]) + bytes(9), r"expected an IDX file .* 3 dimensions, .* 00 00 08 01"),
        (IMAGES[:-1], r"expected 40 bytes for shape \(3, 4, 2\), got 39"),
        (IMAGES + b"\0", r"expected 40 bytes for shape \(3, 4, 2\), got 41"),
        (
            IMAGES[:4] + b"\xff" * 12 + IMAGES[16:],
            r"expected \d+ bytes for shape \(4294967295, 4294967295, 4294967295\)",
        ),
        (idx(TRAIN_IMAGES[:0]), r"expected at least one entry, got shape \(0, 4, 2\)"),
    ],
    ids=itertools.count(),  # gzip writes the time of day, and all workers have to see the same names
)
def test_mnist_with_damaged_images(folder, content, message):
    (folder / "train-images-idx3-ubyte").write_bytes(content)
    with pytest.raises(ValueError, match=f"^train-images-idx3-ubyte: {message}"):
        load_mnist(folder)


@pytest.mark.parametrize(
    "damage",
    [
        lambda zipped: zipped[: len(zipped) // 2],  # cut short
        lambda zipped: zipped[:-8] + bytes(8),  # wrong checksum
        lambda zipped: zipped[:12] + b"\xff" * 8 + zipped[20:],  # not deflate
        lambda zipped: zipped + b"more",
    ],
)
def test_mnist_with_a_damaged_gzip_file(folder, damage):
    (folder / "train-images-idx3-ubyte").unlink()
    (folder / "train-images-idx3-ubyte.gz").write_bytes(damage(gzip.compress(IMAGES)))
    with pytest.raises(
        ValueError, match=r"^train-images-idx3-ubyte\.gz: expected a gzipped file, got a damaged one \("
    ):
        load_mnist(folder)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("train-labels-idx1-ubyte", [7, 0], r"train-labels-idx1-ubyte: expected 3 labels, as many as .*, got 2"),
        ("t10k-labels-idx1-ubyte", [1, 2, 3], r"t10k-labels-idx1-ubyte: expected 2 labels, as many as .*, got 3"),
        ("t10k-labels-idx1-ubyte", [1, 10], r"t10k-labels-idx1-ubyte: expected labels from 0 to 9, got 10"),
        ("t10k-images-idx3-ubyte", np.ones((2, 2, 4)), r"t10k-images-idx3-ubyte: expected images of the size of the"),
    ],
)
def test_mnist_files_that_do_not_belong_together(folder, name, array, message):
    (folder / name).write_bytes(idx(np.asarray(array, np.uint8)))
    with pytest.raises(ValueError, match=f"^{message}"):
        load_mnist(folder)
