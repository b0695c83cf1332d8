"use strict";
(function () {
  var root = document.documentElement;
  var all = function (query, from) { return Array.prototype.slice.call((from || document).querySelectorAll(query)); };
  all("[hidden]").forEach(function (part) { part.hidden = false; });

  document.getElementById("theme").addEventListener("click", function () {
    var dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });

  all("button.copy").forEach(function (button) {
    button.addEventListener("click", function () {
      var code = button.previousElementSibling, range = document.createRange(), said = button.textContent;
      range.selectNodeContents(code);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      try { document.execCommand("copy"); button.textContent = button.dataset.done; } catch (e) { return; }
      setTimeout(function () { button.textContent = said; }, 1500);
    });
  });

  var worth = function (row, at) {
    var cell = row.cells[at], kept = cell.dataset.v;
    return kept === undefined ? cell.textContent.trim().toLowerCase() : parseFloat(kept);
  };
  var order = function (a, b) {
    if (typeof a === "number" && typeof b === "number") { return (isNaN(a) - isNaN(b)) || a - b; }
    return String(a).localeCompare(String(b));
  };
  all("table.sortable").forEach(function (table) {
    all("thead th", table).forEach(function (head, at) {
      var button = document.createElement("button"), up = false;
      button.type = "button";
      while (head.firstChild) { button.appendChild(head.firstChild); }
      head.appendChild(button);
      button.addEventListener("click", function () {
        var body = table.tBodies[0], rows = all("tr", body);
        up = !up;
        rows.sort(function (a, b) { return (up ? 1 : -1) * order(worth(a, at), worth(b, at)); });
        rows.forEach(function (row) { body.appendChild(row); });
        all("thead th", table).forEach(function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
      });
    });
  });

  var filter = document.getElementById("filter");
  if (filter) {
    filter.addEventListener("input", function () {
      var wanted = filter.value.trim().toLowerCase();
      all("#columns tbody tr").forEach(function (row) {
        row.hidden = row.textContent.toLowerCase().indexOf(wanted) < 0;
      });
    });
  }
})();
