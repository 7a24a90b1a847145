/* ipywidgets' page script calls version 2 of MathJax; the pages carry version 3. */
window.addEventListener("DOMContentLoaded", function () {
  var mathjax = (window.MathJax = window.MathJax || {});
  mathjax.Hub = mathjax.Hub || {
    Queue: function () {
      var nodes = [];
      for (var i = 0; i < arguments.length; i++) {
        var call = arguments[i];
        if (Array.isArray(call) && call[2]) nodes.push(call[2]);
      }
      if (mathjax.typesetPromise && nodes.length) mathjax.typesetPromise(nodes);
    },
  };
});

/* What a button is called holds the words that stand on it. */
window.addEventListener("DOMContentLoaded", function () {
  document.querySelectorAll("details > summary[aria-label]").forEach(function (fold) {
    if (fold.textContent.trim()) fold.removeAttribute("aria-label");
  });
  document.querySelectorAll(".theme-switch-button").forEach(function (button) {
    button.removeAttribute("aria-label"); // its icon says which mode is on
  });
});

/* What a table's empty corner and a list of sources are to those who hear the page. */
window.addEventListener("DOMContentLoaded", function () {
  document.querySelectorAll("th").forEach(function (corner) {
    if (!corner.textContent.trim()) corner.setAttribute("role", "presentation");
  });
  document
    .querySelectorAll("[role=doc-biblioentry], .citation-list[role=list]")
    .forEach(function (part) { part.removeAttribute("role"); });
});

/* A table wider than the page scrolls on its own, and by keyboard. */
window.addEventListener("DOMContentLoaded", function () {
  document
    .querySelectorAll(".pst-scrollable-table-container, .cell_output, .cell_input pre")
    .forEach(function (box) {
      if (box.scrollWidth > box.clientWidth + 1) box.setAttribute("tabindex", "0");
    });
});

/* A chart is drawn when it comes near the view, or when the page is printed. */
(function () {
  var embed = window.vegaEmbed;
  if (!embed || !window.IntersectionObserver) return;
  function draw(place, spec, options) {
    var node = typeof place === "string" ? document.querySelector(place) : place;
    return new Promise(function (done) {
      var watch = new IntersectionObserver(
        function (seen) {
          if (seen.some(function (entry) { return entry.isIntersecting; })) now();
        },
        { rootMargin: "600px" }
      );
      function now() {
        watch.disconnect();
        window.removeEventListener("beforeprint", now);
        var drawn = embed(node, spec, options);
        drawn.then(function () {
          node.querySelectorAll("summary:not([aria-label])").forEach(function (menu) {
            menu.setAttribute("aria-label", "What to do with this chart");
          });
          node.querySelectorAll("[role=graphics-symbol]:not([aria-label])").forEach(
            function (marks) { marks.setAttribute("aria-hidden", "true"); }
          );
        });
        done(drawn);
      }
      window.addEventListener("beforeprint", now);
      watch.observe(node);
    });
  }
  window.vegaEmbed = Object.assign(draw, embed);
})();
