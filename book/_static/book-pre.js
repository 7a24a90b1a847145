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

/* A table wider than the page scrolls on its own, and by keyboard. */
window.addEventListener("DOMContentLoaded", function () {
  document
    .querySelectorAll(".pst-scrollable-table-container, .cell_output, .cell_input pre")
    .forEach(function (box) {
      if (box.scrollWidth > box.clientWidth + 1) box.setAttribute("tabindex", "0");
    });
});
