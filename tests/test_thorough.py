"""Which tests are in the usual run, and which in the thorough one."""

from types import SimpleNamespace

import pytest


@pytest.fixture
def mark(pytestconfig):
    """What marks the tests that are collected."""
    (own,) = [each for each in pytestconfig.pluginmanager.get_plugins() if hasattr(each, "WHOLE")]
    return own.pytest_collection_modifyitems


def item(function, count, marked):
    markers = {"one_in": pytest.mark.one_in(count)} if count else {}
    return SimpleNamespace(function=function, get_closest_marker=markers.get, add_marker=marked.append)


@pytest.mark.parametrize(("count", "thorough"), [(None, []), (1, []), (2, [1, 3]), (3, [1, 2, 4]), (9, [1, 2, 3, 4])])
def test_one_of_so_many_is_usual_and_the_first_is(mark, count, thorough):
    marked = [[] for _ in range(5)]
    mark([item("a test", count, each) for each in marked])
    assert [number for number, each in enumerate(marked) if each == ["thorough"]] == thorough
    assert all(each in ([], ["thorough"]) for each in marked)


def test_each_test_has_a_sample_of_its_own(mark):
    first, second = [], []
    mark([item("one", 4, first), item("another", 4, second)])
    assert (first, second) == ([], [])
