"""The site: it is built without a warning, has a page for everything, and asks nothing of a network."""

import html
import re
import runpy
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gaugeblock import reference, spec

ROOT = Path(__file__).parent.parent
HOOK, MATHEMATICS = (runpy.run_path(str(ROOT / f"docs/{name}.py")) for name in ("formula_pages", "mathematics"))
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


class Page(HTMLParser):
    """The ids, the links, and what is fetched to show a page."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.fetched = set(), set(), set()
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self.ids.add(named.get("id"))
        if tag == "a":
            self.links.add(named.get("href"))
        self.fetched |= {named[key] for key in ("src", "srcset", "poster", "data") if named.get(key)}
        if tag == "link" or tag == "use":
            self.fetched.add(named.get("href"))
        self.fetched |= set(re.findall(r"url\(([^)]+)\)", named.get("style") or ""))


def is_remote(address):
    return re.match(r"""['"]?(https?:)?//""", address or "") is not None


def test_nothing_is_fetched_from_elsewhere(site):
    pages = [Page(path) for path in site.rglob("*.html")]
    assert len(pages) > 20
    assert not [address for page in pages for address in page.fetched if is_remote(address)]
    for style in site.rglob("*.css"):
        found = re.findall(r"(?:url\(|@import\s+)['\"]?([^'\")\s]+)", style.read_text())
        assert not [address for address in found if is_remote(address)], style.name
    assert not [
        path.name for path in site.rglob("*.svg") if re.search(r"(href=\"|url\(['\"]?)https?:", path.read_text())
    ]


def test_every_requirement_has_its_address(site):
    for formula in spec.formulas():
        assert set(spec.all_requirements(formula)) <= Page(site / f"spec/{formula}.html").ids
    assert "softmax.html#softmax.nan" in Page(site / "spec/index.html").links


def test_every_link_between_pages_leads_to_a_page_and_a_place_on_it(site):
    pages = {path: Page(path) for path in site.rglob("*.html") if path.name != "404.html"}  # whose links are the root's
    for path, page in pages.items():
        for link in filter(None, page.links):
            if is_remote(link) or re.match(r"\w+:", link):
                continue
            target, _, anchor = link.partition("#")
            there = (path.parent / target).resolve() if target else path
            there = there / "index.html" if there.is_dir() else there
            assert there.exists(), (path.name, link)
            assert not anchor or there not in pages or anchor in pages[there].ids, (path.name, link)


def test_the_page_of_a_formula_has_its_signature_gauge_and_rivals(site):
    for formula in spec.formulas():
        page = Page(site / f"spec/{formula}.html")
        assert {"signature", "requirements", "rivals", "definition-over-the-reals"} <= page.ids, formula
        text = (site / f"spec/{formula}.html").read_text()
        assert f"{formula}_step(" in text or f"{formula}(" in text
        assert any(str(link).startswith("../api/reference.html#gaugeblock.reference.formulas.") for link in page.links)
        judged = HOOK["judged"](formula)
        assert "gauge" in page.ids
        assert ("No library was judged" in text) == (not judged)
        assert text.count("<circle") == sum(each.conforms for each in judged)
        assert text.count("class='beyond'") == sum(not each.conforms for each in judged)
    assert {each.library for each in HOOK["judged"]("softmax")} >= {"PyTorch", "JAX and optax", "onnxruntime"}


def test_a_dot_of_a_gauge_stands_where_its_ratio_is():
    shown = HOOK["strip"]([HOOK["Judged"]("a", "float32", 0.5, True), HOOK["Judged"]("a", "float64", 2.0, False)])
    start, end = (float(each) for each in re.search(r"d='M(\d+) 10H(\d+)'", shown).groups())
    assert float(re.search(r"cx='([\d.]+)'", shown)[1]) == (start + end) / 2
    assert float(re.search(r"beyond' d='M([\d.]+)", shown)[1]) > end


def test_formulas_are_typeset(site):
    """At the head of each page that has one; what is read there is what the text says, in the same order."""
    names = MATHEMATICS["GREEK"] | {"sum": "\u2211", "-": "\u2212", "'": "\u2032", "sqrt": "", "hat": "^"}
    words = re.compile(r"learning_rate|log_softmax|[A-Za-z]+|[^\s_{}^/()]")  # some brackets are not shown
    typeset = 0
    for formula in spec.formulas():
        head = MATHEMATICS["HEAD"].match(spec.page(formula))[0]
        found = MATHEMATICS["INLINE"].findall(head)
        for code in found:
            shown = html.unescape(re.sub(r"<[^>]*>|&#x2061;|[()]", "", MATHEMATICS["mathml"](code)))
            assert shown == "".join(names.get(word, word) for word in words.findall(code)), code
        shown = (site / f"spec/{formula}.html").read_text().partition("<table>")[0]
        assert shown.count("<math ") == len(found) or '<table class="formulas"' in shown, formula
        typeset += shown.count("<math ")
    assert typeset > 40


def test_a_quotient_is_one_over_another():
    shown = MATHEMATICS["mathml"]("y = a b / (c + d)")
    assert re.search(
        r"<mfrac><mrow><mi>a</mi>.*<mi>b</mi></mrow><mrow><mi>c</mi><mo>\+</mo><mi>d</mi></mrow></mfrac>", shown
    )
    assert "<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac><mspace" in MATHEMATICS["mathml"]("y = a/b c")
    assert re.search(r"</msqrt></mrow></mfrac>.*<mi>w</mi></math>", MATHEMATICS["mathml"]("y = x / sqrt(v) w"))
    assert "<munder><mo>mean</mo><mi>j</mi></munder>" in MATHEMATICS["mathml"]("m = mean_j x_j")
    assert "<msqrt><mi>v</mi></msqrt>" in MATHEMATICS["mathml"]("y = sqrt(v)")


@pytest.mark.parametrize("text", ["y = (a", "y = a)", "y = a b]", "x.dtype = 1", "y = 'a'", "y = a / / b", "y = sum"])
def test_what_is_no_formula_stays_code(text):
    with pytest.raises(ValueError, match=r"^no formula: "):
        MATHEMATICS["mathml"](text)


def test_verdicts_are_coloured_and_no_head_is_empty(site):
    page = (site / "libraries.html").read_text()
    cells = re.findall(r'<td(?: class="(\w+)")?[^>]*>(?:<strong>)?(\d of \d|fails|conforms)', page)
    assert len(cells) > 100
    for kind, words in cells:
        some, every = words[0], words[-1]
        wanted = {"fails": "bad", "conforms": "good"}.get(
            words, "good" if some == every else "bad" if some == "0" else "mixed"
        )
        assert kind == wanted, words
    assert '<table class="wide">' in page
    assert not [path.name for path in site.rglob("*.html") if re.search(r"<th[^>]*>\s*</th>", path.read_text())]


def test_every_function_is_in_the_reference(site):
    wanted = {f"{getattr(reference, name).__module__}.{name}" for name in reference.FORMULAS}
    assert wanted <= Page(site / "api/reference.html").ids
    assert "gaugeblock.conformance.judging.check.check" in Page(site / "api/conformance.html").ids


def test_every_page_is_in_the_navigation(site):
    linked = Page(site / "index.html").links
    for page in (ROOT / "docs").glob("*.md"):
        tab = Page(site / page.with_suffix(".html").name).links  # the pages of its tab are beside it
        assert {page.with_suffix(".html").name, "./"} & tab, page.name
    assert {"spec/index.html", "api/reference.html", "contributing.html"} <= linked


@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(site, scheme):
    """Contrast, names, heads of tables, the keyboard: what axe knows to be a barrier. And no table is cut."""
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_page(color_scheme=scheme, viewport={"width": 1280, "height": 900})
        for name in ("index", "spec/softmax", *(["libraries"] if scheme == "light" else [])):  # of many tables
            page.goto((site / f"{name}.html").as_uri())
            page.wait_for_selector(".md-typeset__scrollwrap[tabindex], body:not(:has(table))", state="attached")
            # Rows are alike, and of thousands it takes a minute.
            page.evaluate("document.querySelectorAll('tr:nth-child(n + 9)').forEach(row => row.remove())")
            found = Axe().run(page).response["violations"]
            assert not [(name, each["id"], each["nodes"][0]["html"][:200]) for each in found]
        page.goto((site / "libraries.html").as_uri())
        wide = page.locator("table.wide").first
        assert wide.evaluate("table => table.getBoundingClientRect().right") <= page.locator(".md-content").evaluate(
            "content => content.getBoundingClientRect().right"
        )
        browser.close()


@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
def test_it_is_read_and_searched_from_a_folder_without_a_network(site):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page, requests = browser.new_page(), []
        page.on("request", lambda request: requests.append(request.url))
        page.goto((site / "spec/softmax.html").as_uri() + "#softmax.nan")
        for label in ("softmax.nan", "dense.value", "adam.epsilon", "log_softmax_vjp.shift"):
            page.fill("input[name=query]", "")
            page.type("input[name=query]", label)
            own = f"[href*='spec/{label.partition('.')[0]}.html'][href$='#{label}']"
            page.wait_for_selector(
                f".md-search-result__item:first-child .md-search-result__link{own}", state="attached"
            )
        browser.close()
    assert len(requests) > 3
    assert not [url for url in requests if not url.startswith(("file:", "data:", "blob:"))]
