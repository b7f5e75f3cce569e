"""Expectations on disk: the same bits, trusted only under the same key."""

import numpy as np
import pytest
import typer

from gaugeblock import spec
from gaugeblock.conformance.cli import cache
from gaugeblock.conformance.formulas import cases
from gaugeblock.conformance.judging import judge, kept_expectations, made_expectations, oracle

ASKED = "relu", "float32", 0, "gradual", "full"


def asked(function):
    """The expectations of a formula, computed or read, with no memory of the last time."""
    for known in (judge.judged_cases, made_expectations.sorted_out):
        known.__wrapped__.cache_clear()  # under the lock
    return [found for _, found in function(*ASKED)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(kept_expectations.FOLDER, str(tmp_path))
    return tmp_path


@pytest.fixture
def computed(monkeypatch):
    """What was computed and not read."""
    calls, sound = [], oracle.expect
    monkeypatch.setattr(oracle, "expect", lambda call, *rest, **more: calls.append(call) or sound(call, *rest, **more))
    return calls


@pytest.mark.parametrize("function", [judge.judged_cases, made_expectations.compact_cases])
def test_the_second_time_reads_the_same_bits(function, folder, computed):
    first = asked(function)
    assert computed
    computed.clear()
    second = asked(function)
    assert not computed
    assert len(first) == len(second) > 10
    for one, other in zip(first, second, strict=True):
        assert one.keys() == other.keys()
        for a, b in ((one[name], other[name]) for name in one):
            assert a[3:] == b[3:]
            for x, y in zip(a[:3], b[:3], strict=True):
                assert (x.dtype, x.shape, x.tobytes()) == (y.dtype, y.shape, y.tobytes())
                assert y.flags.writeable


def bits(value):
    """The bits of an argument."""
    return [bits(part) for part in value] if isinstance(value, tuple) else np.asarray(value).tobytes()


@pytest.mark.parametrize("formula", spec.formulas())
def test_another_seed_has_other_random_cases_alone_and_only_these_are_computed(formula, computed):
    dtype, known = np.dtype("float32"), judge.judged_cases(formula, *ASKED[1:])
    same = {case.id: case for case, _ in known}
    found = {case.id: case for case in cases(formula, dtype, 5)}
    new = found.keys() - same.keys()
    assert all("/random_seed_5_" in name for name in new)
    for name in found.keys() - new:
        assert bits(found[name].arguments) == bits(same[name].arguments)
        assert found[name]._replace(arguments=()) == same[name]._replace(arguments=())
    computed.clear()
    judge.judged_cases(formula, "float32", 5, *ASKED[3:])
    assert {each.id for each in computed} <= new


@pytest.mark.parametrize("part", range(6))
def test_under_another_key_it_is_computed_anew(part, folder, computed, monkeypatch):
    identity = list(kept_expectations.identity())
    asked(judge.judged_cases)
    computed.clear()
    identity[part] += "x"
    monkeypatch.setattr(kept_expectations, "identity", lambda: tuple(identity))
    asked(judge.judged_cases)
    assert computed
    identity[part] += "x"
    asked(judge.judged_cases)
    assert len(list(folder.rglob("*.bin"))) == 2  # those of the first sources are gone


def test_what_cannot_be_put_in_its_place_leaves_nothing(folder, computed, monkeypatch):
    asked(judge.judged_cases)
    (file,) = folder.rglob("*.bin")
    file.unlink()
    monkeypatch.setattr(kept_expectations.os, "replace", refuse)
    asked(judge.judged_cases)
    assert [each for each in folder.rglob("*") if each.is_file()] == []


def refuse(*_):
    raise OSError(28, "No space left on device")


def test_a_file_is_not_trusted_by_its_name(folder, computed):
    asked(judge.judged_cases)
    (file,) = folder.rglob("*.bin")
    sound = file.read_bytes()
    for damage in (b"", sound[:-1], sound[:-1] + b"x", sound.replace(b"relu", b"nelu", 1), b"{}\n", b"[]\n"):
        file.write_bytes(damage)
        computed.clear()
        asked(judge.judged_cases)
        assert computed
        assert file.read_bytes() == sound


@pytest.mark.parametrize("value", ["", "0", "off"])
def test_nothing_is_kept_unless_a_folder_is_named(value, tmp_path, computed, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(kept_expectations.FOLDER, value)
    cache.use_cache(True)
    for _ in range(2):
        computed.clear()
        asked(judge.judged_cases)
        assert computed
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_to_changes_no_verdict(tmp_path, computed, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(kept_expectations.FOLDER, str(tmp_path / "file/below"))
    assert len(asked(judge.judged_cases)) > 10
    with pytest.raises(typer.TyperException, match=r"GAUGEBLOCK_CACHE: got .*; wanted a folder that can be written to"):
        cache.use_cache(True)


def test_the_command_keeps_in_a_folder_of_its_own(tmp_path, monkeypatch):
    names = kept_expectations.FOLDER, "JAX_COMPILATION_CACHE_DIR", "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"
    for name in names:
        monkeypatch.setenv(name, "")  # so that it is put back
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(cache.sys, "platform", "linux")
    cache.use_cache(True)
    own = tmp_path / "gaugeblock"
    assert [cache.os.environ[name] for name in names] == [str(own), str(own / "jax"), "0"]
    cache.use_cache(False)
    assert cache.os.environ[kept_expectations.FOLDER] == ""


def test_anybodys_formula_is_not_kept(folder):
    def double(x):
        return x * 2

    kept_expectations.kept((double, "float32"), lambda: [None])
    assert not list(folder.rglob("*.bin"))
    assert kept_expectations.kept(("double", "float32"), lambda: [None, {}]) == [None, {}]
    assert kept_expectations.kept(("double", "float32"), lambda: []) == [None, {}]
    np.testing.assert_equal(len(list(folder.rglob("*.bin"))), 1)


def test_a_folder_below_the_home_is_not_one_of_the_name_of_a_tilde(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(kept_expectations.FOLDER, "~/kept")
    assert kept_expectations.named_folder() == str(tmp_path / "kept")
