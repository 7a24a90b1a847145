/* Runs after require.js, on pages with controls: charts and anywidgets come from
   this site. Vega itself was loaded before require.js. */
define("vega-embed", [], function () {
  return window.vegaEmbed;
});
(function () {
  var here = document.currentScript.src.replace(/book-require\.js.*$/, "");
  requirejs.config({
    paths: {
      anywidget: here + "vendor/anywidget",
      // Where ipywidgets' script, all of whose modules are loaded, finds its icons.
      "@jupyter-widgets": here + "vendor/icons",
      "@jupyter-widgets/html-manager/dist": here + "vendor/icons",
    },
  });
})();
