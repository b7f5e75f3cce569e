// What the theme makes in the browser gets what readers of the page without eyes or a mouse need.
new MutationObserver(() => {
  document.querySelectorAll(".md-code__nav:not([aria-label])").forEach((nav, i) => nav.setAttribute("aria-label", `Code ${nav.parentElement.id || i}`))
  document.querySelectorAll(".md-typeset__scrollwrap:not([tabindex])").forEach(table => (table.tabIndex = 0))
}).observe(document.documentElement, { childList: true, subtree: true })
