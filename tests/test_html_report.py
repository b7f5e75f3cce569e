"""The HTML report: what it says, that its snippets reproduce, and how it behaves in a browser without a network."""

import copy
import re
import shlex
import shutil
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from gaugeblock import spec
from gaugeblock.conformance import check, reproduce
from gaugeblock.conformance.formulas.requirements import requirements
from gaugeblock.conformance.reporting import strips
from gaugeblock.conformance.reporting.failures import sentence
from gaugeblock.conformance.reporting.html import to_html
from gaugeblock.conformance.reporting.report import to_document
from gaugeblock.conformance.reporting.snippets import snippet

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")

WRONG = """
import numpy as np

def relu(x):
    x[x < 0] = 0
    return x

def log_softmax(x, *, axis=-1):
    raise RuntimeError("no <kernel> & no 'hope'")

def softmax(x, *, axis=-1):
    e = np.exp(x - np.max(x))  # one shift for all rows
    return e / e.sum(axis, keepdims=True) * (1 + (x.shape == (2, 64)) * 2.0**-23)

def adam_step(theta, grad, state, **options):
    import gaugeblock as gb
    theta, new = gb.adam_step(theta, grad, state, **options)
    return theta, new._replace(step=state.step)
"""


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    path = tmp_path_factory.mktemp("subjects") / "wrong.py"
    path.write_text(WRONG)
    formulas = ["relu", "softmax", "log_softmax", "adam"]
    found = [check(name, formulas=formulas) for name in ("numpy", str(path))]
    return to_document(found, "gaugeblock check numpy wrong.py torhc", ["subject: got 'torhc'; wanted <another>"])


@pytest.fixture(scope="module")
def html(document):
    return to_html(document)


class Elements(HTMLParser):
    """Every start tag with its attributes, and all text outside of style sheets."""

    def __init__(self, html):
        super().__init__()
        self.found, self.words, self.styled = [], [], False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        self.styled = tag == "style"

    def handle_data(self, data):
        if not self.styled:
            self.words.append(data)

    def handle_endtag(self, tag):
        self.styled = False

    @property
    def text(self):
        return " ".join("".join(self.words).split())


def test_the_page_says_what_failed_and_with_what(html, document):
    text = Elements(html).text
    assert text.index("1 of 3 subjects conform") < text.index("The gauge") < text.index("What fails")
    for result in document["reports"][1]["results"]:
        if result["status"] == "fail":
            assert result["requirement"] in text
            assert spec.requirement(result["requirement"]).text.replace("`", "") in text
            assert result["worst"]["case"] in text
            assert (": ".join(sentence(result["diagnosis"])) if result["diagnosis"] else "raised") in text
            assert f"{result['failing']} of {result['cases']} cases" in text
    for words in ("wanted <another>", "no <kernel> & no 'hope'", "gaugeblock check numpy wrong.py torhc", "seed"):
        assert words in text
    for result in document["reports"][1]["results"]:
        assert result["status"] != "not offered" or result["reason"] in text
    for name, version in document["reports"][0]["versions"].items():
        assert f"{name} {version}" in text
    assert f"specification {spec.VERSION}" in text
    assert document["reports"][0]["claim"] in text
    assert text.rstrip().endswith(f"Cite: {document['citation']}")


def test_the_page_needs_nothing_else_and_is_small(html):
    elements = Elements(html).found
    assert {tag for tag, _ in elements}.isdisjoint({"script", "img", "iframe", "object"})
    for _, attributes in elements:
        for name in ("href", "src", "xlink:href"):
            assert attributes.get(name, "#").startswith(("#", "data:,"))
    assert "url(http" not in html
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert len(html) < 500_000


def test_every_table_has_a_caption_and_scopes_and_headings_are_in_order(html):
    elements = Elements(html).found
    tags = [tag for tag, _ in elements]
    assert tags.count("table") == tags.count("caption") == 2
    assert all("scope" in attributes for tag, attributes in elements if tag == "th")
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_each_snippet_reproduces_its_failure(html, document):
    snippets = re.findall(r'aria-label="Code that reproduces (\S+) in (\w+) of [^"]*"><code>(.*?)</code>', html, re.S)
    failed = [(r["requirement"], r["dtype"]) for r in document["reports"][1]["results"] if r["status"] == "fail"]
    assert sorted((label, dtype) for label, dtype, _ in snippets) == sorted(failed)
    assert {"relu.pure", "softmax.shift", "softmax.exact", "log_softmax.value", "adam.step"} <= {f[0] for f in failed}
    for label, _, code in snippets:
        code = code.replace("&#39;", "'").replace("&amp;", "&").replace("&gt;", ">").replace("&lt;", "<")
        if label == "relu.pure":
            exec(code, {})
            assert "# passes: it sees values only, but" in code
        elif label in ("adam.trajectory", "adam.resumed", "adam.donate"):
            assert code.startswith("# many steps: gaugeblock check ")
        else:
            with pytest.raises((AssertionError, RuntimeError, ValueError)):
                exec(code, {})


def test_the_gauge_has_a_strip_for_each_formula_and_each_requirement(document, html):
    reports = document["reports"]
    signs = strips.signs_of(reports)
    for report in reports:
        rows = strips.gauge(report, signs)
        results = {r["formula"]: [] for r in report["results"] if r["status"] != "not offered"}
        assert [row.name for row in rows] == list(results)
        for row in rows:
            for dot in row.dots:
                own = [r for r in report["results"] if (r["formula"], r["dtype"]) == (row.name, dot.dtype)]
                fails = any(r["status"] == "fail" for r in own)
                assert dot.fails == fails == (dot.place > strips.LIMIT) == ("✗" in dot.words)
                worst = max(float(r["ratio"]) for r in own)
                assert fails or dot.place == pytest.approx(strips.LIMIT * worst)
    every = [strip for report in reports for _, some in strips.by_requirement(report, signs) for strip in some]
    assert html.count('class="strip" ') == len(every) + sum(len(strips.gauge(report, signs)) for report in reports)
    assert any(strip.ticks.count("M") > 10 for strip in every)
    assert len({sign for sign, _ in signs.values()}) == len(signs)


def test_the_place_on_a_strip_grows_with_the_ratio_and_1_is_the_line():
    ratios = [0.0, 0.5, 1.0, 1.01, 10.0, 1e6, 1e9, float("inf")]
    places = [strips.place(ratio) for ratio in ratios]
    assert places == sorted(places)
    assert (places[0], places[2]) == (0.0, strips.LIMIT)
    assert places[3] > strips.LIMIT
    assert places[-1] < 100


def test_a_program_is_reproduced_by_its_command_and_by_the_request_alone(document):
    changed = copy.deepcopy(document)
    report = changed["reports"][1]
    report["command"], report["subject"] = ["./my program", "-q"], "'./my program' -q"
    failed = [result for result in report["results"] if result["status"] == "fail"]
    for result in failed:
        result["worst"]["request"] = '{"id": 1, "x": "it\'s"}'
    text = Elements(to_html(changed)).text
    assert (
        text.count("with Program(['./my program', '-q']) as program: function, arguments, case = reproduce(program") > 5
    )
    assert text.count("from gaugeblock.conformance.exchange.program import Program") > 5
    (line,) = set(re.findall(r"printf .*? -q(?= )", text))
    words = shlex.split(line)
    assert words == ["printf", "%s\\n", '{"id": 1, "x": "it\'s"}', "|", "./my program", "-q"]
    for result in failed:
        compile(snippet(report, result), "snippet", "exec")


def test_a_case_that_there_is_not_is_one_line():
    words = r"case: got 'softmax\.axis/nowhere'; wanted the id of a case that numpy.*; did you mean 'softmax\."
    with pytest.raises(ValueError, match=words):
        reproduce("numpy", "softmax.axis/nowhere", "float32")


def test_a_run_in_which_nothing_was_judged_is_a_page_too():
    text = Elements(to_html(to_document([], "gaugeblock check torhc", ["subject: got 'torhc'"]))).text
    assert "0 of 1 subjects conform" in text
    assert "not judged: subject: got 'torhc'" in text


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def visit(browser, tmp_path):
    """A function that opens a page from a file, offline; what the page complains about or asks for is an error."""
    complaints, contexts = [], []

    def opened(html, **settings):
        path = tmp_path / "report.html"
        path.write_text(html, encoding="utf-8")
        contexts.append(browser.new_context(offline=True, **settings))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", lambda request: complaints.append(request.url))
        page.goto(path.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not complaints


@needs_browser
def test_it_opens_without_a_network_and_shows_the_verdict_first(visit, html):
    page = visit(html, viewport={"width": 1200, "height": 800})
    assert page.locator("h1").inner_text() == "1 of 3 subjects conform"
    assert page.evaluate("document.body.innerText").startswith("1 of 3 subjects conform")
    assert page.locator("h1").bounding_box()["y"] < 100


@needs_browser
def test_the_keyboard_reaches_and_opens_every_detail(visit, html):
    page = visit(html)
    reached = set()
    summaries = page.locator("summary").count()
    assert summaries > 10
    focused = "[...document.querySelectorAll('summary')].indexOf(document.activeElement)"
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    for _ in range(10 * summaries):
        page.keyboard.press("Tab")
        number = page.evaluate(focused)
        if number >= 0 and number not in reached:
            assert page.evaluate(outline) == "solid"
            reached.add(number)
            before = page.evaluate("document.activeElement.parentElement.open")
            page.keyboard.press("Enter")
            assert page.evaluate("document.activeElement.parentElement.open") != before
        if len(reached) == summaries:
            return
    pytest.fail(f"reached {len(reached)} of {summaries}")


def violations(page):
    """What axe finds wrong with a page, all details open."""
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    found = Axe().run(page).response["violations"]
    return {each["id"]: each["nodes"][0]["html"][:200] for each in found}


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible_in_both_colour_schemes(visit, html, scheme):
    page = visit(html, color_scheme=scheme)
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 28)"}[scheme]
    assert violations(page) == {}


@needs_browser
def test_the_accessibility_check_sees_a_spoiled_page(visit, html):
    pale = html.replace("--soft: #565e67", "--soft: #a0a0a0").replace('<h2 id="run">', "<h6>")
    assert {"color-contrast", "heading-order"} <= set(violations(visit(pale)))


@needs_browser
def test_a_narrow_screen_does_not_scroll_sideways(visit, html):
    page = visit(html, viewport={"width": 360, "height": 740})
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") == 360


@needs_browser
def test_a_report_on_all_formulas_prints_on_at_most_eight_pages_and_no_card_is_broken(visit, document):
    changed = copy.deepcopy(document)
    report, one = changed["reports"][0], changed["reports"][0]["results"][0]
    pages = {name: [each for each in requirements(name).values() if not each.own] for name in spec.formulas()}
    report["results"] = [
        {**one, "formula": name, "dtype": dtype, "requirement": each.label, "text": each.text, "ratio": 0.987}
        for name, labels in pages.items()
        for each in labels
        for dtype in ("float32", "float64")
    ]
    page = visit(to_html({**changed, "reports": [report], "errors": []}))
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", page.pdf())) <= 8
    page = visit(to_html(document))
    page.emulate_media(media="print")
    broken = "[...document.querySelectorAll('.failure')].map(each => getComputedStyle(each).breakInside)"
    assert set(page.evaluate(broken)) == {"avoid"}


@pytest.mark.thorough
@needs_browser
def test_print_shows_what_the_screen_folds(visit, html):
    page = visit(html, color_scheme="dark")
    hidden = page.locator("details:not([open]) pre").first
    assert not hidden.is_visible()
    page.emulate_media(media="print")
    assert hidden.is_visible()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert not page.locator("nav").is_visible()
    assert page.pdf().startswith(b"%PDF")
