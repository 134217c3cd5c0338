/* What scripting adds to a page that is complete without it: tables that sort, commands that copy, curves
 * that say whose they are. */
(function () {
  "use strict";

  /* ---- sorting: a head's button; #sort=TABLE,COLUMN,descending says and restores it ---- */

  function key(cell) {
    if (!cell) return null;
    var value = cell.getAttribute("data-value");
    if (value !== null && value !== "") return Number(value);
    if (cell.classList.contains("none") || cell.classList.contains("failed") || cell.classList.contains("waiting")) return null;
    return cell.textContent.trim();
  }

  function cellAt(row, column) {
    for (var i = 0, at = 0; i < row.cells.length; i++) {
      if (at === column) return row.cells[i];
      at += row.cells[i].colSpan;
      if (at > column) return null;
    }
    return null;
  }

  function compare(a, b) {
    if (a === null || b === null) return (a === null) - (b === null);
    if (typeof a === "number" && typeof b === "number") return a - b;
    return String(a).localeCompare(String(b), "en", { numeric: true });
  }

  function sort(table, column, descending) {
    var body = table.tBodies[0];
    var rows = Array.prototype.map.call(body.rows, function (row, index) {
      return { row: row, key: key(cellAt(row, column)), index: index };
    });
    rows.sort(function (a, b) {
      var order = compare(a.key, b.key);
      if (descending && a.key !== null && b.key !== null) order = -order;
      return order || a.index - b.index;
    });
    rows.forEach(function (entry) { body.appendChild(entry.row); });
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (head, index) {
      if (index === column) head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
  }

  function makeSortable(table) {
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (head, column) {
      var button = document.createElement("button");
      button.type = "button";
      while (head.firstChild) button.appendChild(head.firstChild);
      head.appendChild(button);
      button.addEventListener("click", function () {
        var descending = head.getAttribute("aria-sort") === "ascending";
        sort(table, column, descending);
        try {
          history.replaceState(null, "", "#sort=" + table.id + "," + column + (descending ? ",descending" : ""));
        } catch (refused) { /* a page without an address of its own */ }
      });
    });
  }

  function followAddress() {
    var words = /^#sort=([^,]+),(\d+)(,descending)?$/.exec(decodeURIComponent(location.hash));
    var table = words && document.getElementById(words[1]);
    if (table && table.tHead && Number(words[2]) < table.tHead.rows[0].cells.length) {
      sort(table, Number(words[2]), Boolean(words[3]));
      openAround(table);
      table.scrollIntoView();
      return;
    }
    var target = !words && location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && openAround(target)) target.scrollIntoView({ block: "center" });
  }

  function openAround(element) {
    var opened = false;
    for (var at = element; at; at = at.parentElement)
      if (at.tagName === "DETAILS" && !at.open) opened = at.open = true;
    return opened;
  }

  /* ---- commands ---- */

  function addCopy(code) {
    var button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "copy";
    button.addEventListener("click", function () {
      navigator.clipboard.writeText(code.textContent).then(
        function () { button.textContent = "copied"; },
        function () { getSelection().selectAllChildren(code); button.textContent = "selected"; });
    });
    code.parentElement.appendChild(button);
  }

  /* ---- curves: gnuplot puts each into a group with a title ---- */

  function watchPicture(picture, tip) {
    var groups = Array.prototype.filter.call(picture.querySelectorAll("g"), function (group) {
      return group.firstElementChild && group.firstElementChild.tagName === "title";
    });
    if (groups.length === 0) return;
    groups.forEach(function (group) {
      group.setAttribute("data-title", group.firstElementChild.textContent);
      group.removeChild(group.firstElementChild); /* the browser's own tooltip */
    });
    function nearest(x, y) {
      var place = [0, 0, 3, 3, 6, 6, 9];
      for (var i = 0; i < place.length; i++) {
        for (var turn = 0; turn < 8; turn++) {
          var angle = turn * Math.PI / 4;
          var found = document.elementFromPoint(x + place[i] * Math.cos(angle), y + place[i] * Math.sin(angle));
          var group = found && found.closest && found.closest("g[data-title]");
          if (group && picture.contains(group)) return group;
          if (place[i] === 0) break;
        }
      }
      return null;
    }
    function show(title, x, y) {
      groups.forEach(function (group) {
        group.classList.toggle("dim", title !== null && group.getAttribute("data-title") !== title);
      });
      tip.hidden = title === null;
      if (title === null) return;
      tip.textContent = title;
      tip.style.left = Math.min(x + 14, innerWidth - tip.offsetWidth - 8) + "px";
      tip.style.top = y + 14 + "px";
    }
    picture.addEventListener("pointermove", function (event) {
      var group = nearest(event.clientX, event.clientY);
      show(group ? group.getAttribute("data-title") : null, event.clientX, event.clientY);
    });
    picture.addEventListener("pointerleave", function () { show(null); });
  }

  Array.prototype.forEach.call(document.querySelectorAll("table.sortable"), makeSortable);
  if (navigator.clipboard)
    Array.prototype.forEach.call(document.querySelectorAll("pre > code, table.commands td > code"), addCopy);
  var tip = document.createElement("div");
  tip.id = "tip";
  tip.hidden = true;
  tip.setAttribute("aria-hidden", "true");
  document.body.appendChild(tip);
  Array.prototype.forEach.call(document.querySelectorAll(".picture"), function (picture) { watchPicture(picture, tip); });
  addEventListener("hashchange", followAddress);
  followAddress();
})();
