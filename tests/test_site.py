"""The site: it is built without a warning, has a page for everything, and asks nothing of a network."""

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gaugeblock import reference, spec

ROOT = Path(__file__).parent.parent
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


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
def test_it_is_read_and_searched_from_a_folder_without_a_network(site):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page, requests = browser.new_page(), []
        page.on("request", lambda request: requests.append(request.url))
        page.goto((site / "spec/softmax.html").as_uri() + "#softmax.nan")
        page.type("input[name=query]", "softmax.empty_axis")
        page.wait_for_selector(".md-search-result__link[href*='spec/softmax']", state="attached")
        browser.close()
    assert len(requests) > 3
    assert not [url for url in requests if not url.startswith(("file:", "data:", "blob:"))]
