"""A model saved and loaded is the same to the last bit; anything else that claims to be one is refused."""

import io
import pickle
import zipfile

import numpy as np
import pytest

from linclf_helpers.model import LinearClassifier

REFUSAL = r"path: expected a file written by LinearClassifier\.save"


@pytest.fixture
def model():
    return LinearClassifier(3, 4, np.random.default_rng(0))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", ["model.npz", "model", "ein modell"])
def test_comes_back_as_it_was(model, tmp_path, name, dtype):
    model.W, model.b = model.W.astype(dtype), model.b.astype(dtype)
    model.save(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    again = LinearClassifier.load(str(tmp_path / name))
    assert again.W.dtype == again.b.dtype == dtype
    np.testing.assert_array_equal(again.W, model.W)
    np.testing.assert_array_equal(again.b, model.b)


def test_saving_again_replaces_and_a_failure_leaves_the_old_file(model, tmp_path, monkeypatch):
    path = tmp_path / "model.npz"
    model.save(path)
    model.W = model.W + 1
    model.save(path)
    np.testing.assert_array_equal(LinearClassifier.load(path).W, model.W)

    def full_disk(*arguments, **arrays):
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    before = path.read_bytes()
    with pytest.raises(OSError, match="No space left"):
        LinearClassifier(3, 4).save(path)
    assert path.read_bytes() == before


def test_every_cut_is_refused(model, tmp_path):
    path = tmp_path / "model.npz"
    model.save(path)
    content = path.read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match=REFUSAL):
            LinearClassifier.load(path)


def test_no_flipped_bit_gives_another_model(model, tmp_path):
    """Most are refused; some bits of a zip archive (dates, for one) mean nothing, and then all is as it was."""
    path = tmp_path / "model.npz"
    model.save(path)
    content = path.read_bytes()
    refused = 0
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 1 << (place % 8)
        path.write_bytes(damaged)
        try:
            again = LinearClassifier.load(path)
        except ValueError:
            refused += 1
        else:
            np.testing.assert_array_equal(again.W, model.W)
            np.testing.assert_array_equal(again.b, model.b)
    assert refused > len(content) / 2


def foreign(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


FORMAT = np.array("linclf_helpers.LinearClassifier 1")
W, B = np.ones((3, 4)), np.zeros(4)


def zip_without_arrays():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("notes.txt", "hello")
    return file.getvalue()


def npy():
    file = io.BytesIO()
    np.save(file, W)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"hello", id="text"),
        pytest.param(pickle.dumps({"W": W, "b": B}), id="a pickle"),
        pytest.param(npy(), id="a single array"),
        pytest.param(zip_without_arrays(), id="another zip"),
        pytest.param(foreign(), id="nothing in it"),
        pytest.param(foreign(W=W, b=B), id="no format"),
        pytest.param(foreign(format=np.array("another 1"), W=W, b=B), id="another format"),
        pytest.param(foreign(format=np.array(["a", "b"]), W=W, b=B), id="two formats"),
        pytest.param(foreign(format=FORMAT, W=W, b=B, more=B), id="more than a model"),
        pytest.param(foreign(format=FORMAT, W=W), id="no bias"),
        pytest.param(foreign(format=FORMAT, W=W, b=B[:3]), id="a bias of another length"),
        pytest.param(foreign(format=FORMAT, W=W[0], b=B), id="one row of weights"),
        pytest.param(foreign(format=FORMAT, W=W[:, :1], b=B[:1]), id="one class"),
        pytest.param(foreign(format=FORMAT, W=W * np.nan, b=B), id="not numbers"),
        pytest.param(foreign(format=FORMAT, W=W.astype(int), b=B), id="integers"),
        pytest.param(foreign(format=FORMAT, W=W, b=B.astype(np.float32)), id="two precisions"),
        pytest.param(foreign(format=FORMAT, W=W.astype(object), b=B), id="objects, which would be unpickled"),
    ],
)
def test_foreign_files_are_refused(tmp_path, content):
    path = tmp_path / "model.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=REFUSAL + ", got 'model.npz'"):
        LinearClassifier.load(path)


def test_a_folder_and_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        LinearClassifier.load(tmp_path / "nothing.npz")
    with pytest.raises(OSError):
        LinearClassifier.load(tmp_path)
