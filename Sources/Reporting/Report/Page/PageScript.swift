/// The script of the page: zooming and highlighting in the map, and opened lists on paper. Nothing needs it to be read.
enum PageScript {
  static let text = """
    (function () {
      "use strict";
      var svg = document.querySelector(".map svg"), controls = document.querySelector(".controls");
      addEventListener("beforeprint", function () {
        document.querySelectorAll("details").forEach(function (d) { d.open = true; });
      });
      if (!svg || !controls) { return; }
      controls.hidden = false;
      var whole = svg.getAttribute("viewBox").split(" ").map(Number), view = whole.slice();
      function show() { svg.setAttribute("viewBox", view.join(" ")); }
      function zoom(factor, x, y) {
        var width = Math.min(whole[2], Math.max(whole[2] / 12, view[2] * factor)), share = width / view[2];
        view[0] = x - (x - view[0]) * share;
        view[1] = y - (y - view[1]) * share;
        view[2] = width;
        view[3] = whole[3] * width / whole[2];
        move(0, 0);
      }
      function move(x, y) {
        view[0] = Math.min(whole[2] - view[2], Math.max(0, view[0] + x));
        view[1] = Math.min(whole[3] - view[3], Math.max(0, view[1] + y));
        show();
      }
      function middle(factor) { zoom(factor, view[0] + view[2] / 2, view[1] + view[3] / 2); }
      controls.addEventListener("click", function (event) {
        var what = event.target.getAttribute("data-zoom");
        if (what === "in") { middle(0.7); }
        if (what === "out") { middle(1 / 0.7); }
        if (what === "all") { view = whole.slice(); show(); }
      });
      function scale() { return view[2] / svg.clientWidth; }
      svg.addEventListener("wheel", function (event) {
        if (!event.ctrlKey && !event.metaKey) { return; }
        event.preventDefault();
        var box = svg.getBoundingClientRect();
        zoom(event.deltaY > 0 ? 1.2 : 1 / 1.2, view[0] + (event.clientX - box.left) * scale(),
          view[1] + (event.clientY - box.top) * scale());
      }, { passive: false });
      var held = null;
      svg.addEventListener("pointerdown", function (event) {
        if (view[2] < whole[2]) { held = [event.clientX, event.clientY]; svg.setPointerCapture(event.pointerId); }
      });
      svg.addEventListener("pointermove", function (event) {
        if (!held) { return; }
        move((held[0] - event.clientX) * scale(), (held[1] - event.clientY) * scale());
        held = [event.clientX, event.clientY];
      });
      ["pointerup", "pointercancel"].forEach(function (name) {
        svg.addEventListener(name, function () { held = null; });
      });
      var focus = document.getElementById("focus");
      focus.addEventListener("change", function () {
        svg.querySelectorAll("[data-column]").forEach(function (chip) {
          chip.classList.toggle("dim", focus.value !== "" && chip.getAttribute("data-column") !== focus.value);
        });
        svg.querySelectorAll("[data-columns]").forEach(function (cell) {
          var columns = cell.getAttribute("data-columns").split(" ");
          cell.classList.toggle("dim", focus.value !== "" && columns.indexOf(focus.value) < 0);
        });
      });
    })();

    """
}
