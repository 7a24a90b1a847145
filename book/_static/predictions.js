/* A reader's predictions, kept in this browser only: one record for each, under its
   page and name, with question, options, chapter and choice, so that a page can list
   and compare them; `found` is what the run found, where a cell says so. */
window.addEventListener("DOMContentLoaded", function () {
  var KEY = "emotion-vectors-predictions";
  var memory = {}; // for browsers that keep nothing

  function read() {
    try {
      return JSON.parse(localStorage.getItem(KEY)) || {};
    } catch (_) {
      return memory;
    }
  }
  function write(records) {
    memory = records;
    try {
      localStorage.setItem(KEY, JSON.stringify(records));
    } catch (_) {
      /* kept until the page is left */
    }
  }
  function text(element) {
    return element.textContent.replace(/\s+/g, " ").trim();
  }
  function id(box) {
    return box.dataset.page + "#" + box.dataset.name;
  }
  function again(box) {
    return Array.from(
      document.querySelectorAll(".predicted[data-name='" + box.dataset.name + "']"));
  }
  function same(a, b) {
    return plain(a) === plain(b);
  }
  function plain(words) {
    return words.replace(/[\u2018\u2019]/g, "'").replace(/[\u201c\u201d]/g, '"');
  }
  function options(box) {
    return Array.from(box.querySelectorAll("label"), text);
  }
  function chosen(box) {
    var record = read()[id(box)];
    return record ? options(box).indexOf(record.choice) : -1;
  }
  function keep(box, choice) {
    var records = read();
    var answer = again(box).find((element) => element.dataset.found);
    records[id(box)] = {
      page: box.dataset.page,
      chapter: box.dataset.chapter,
      question: text(box.querySelector("legend")),
      options: options(box),
      choice: choice,
      found: answer ? answer.dataset.found : null,
    };
    write(records);
  }
  function strong(words) {
    return Object.assign(document.createElement("strong"), { textContent: words });
  }
  function show(box) {
    var place = chosen(box);
    var choice = place < 0 ? "" : options(box)[place];
    if (choice) box.querySelectorAll("input")[place].checked = true;
    var told = choice
      ? "Kept in this browser. You can still change it."
      : "Choose one. It is kept in this browser only.";
    box.querySelector(".kept").textContent = told;
    again(box).forEach(function (element) {
      var found = element.dataset.found;
      if (found && !options(box).some((option) => same(option, found)))
        console.error("found " + found + ", which " + box.id + " does not offer");
      var start = found ? "Found: " + found + ". " : "";
      if (choice) {
        var end = same(found || "", choice) ? ", as found." : ".";
        element.replaceChildren(start + "You predicted: ", strong(choice), end);
      } else {
        var link = document.createElement("a");
        link.href = "#" + box.id;
        link.textContent = "choose one above";
        element.replaceChildren(start + "You have not predicted it: ", link, ".");
      }
    });
  }

  /* The page that gathers them all. */
  function cell(kind, content) {
    var made = document.createElement(kind);
    made.append(content);
    return made;
  }
  function line(record, root) {
    var link = document.createElement("a");
    link.href = root + record.page + ".html";
    link.textContent = record.chapter;
    var found = record.found || "read it there";
    var right = record.found && same(record.found, record.choice);
    var row = document.createElement("tr");
    row.append(
      cell("th", link), cell("td", record.question), cell("td", strong(record.choice)),
      cell("td", right ? found + " (as you said)" : found));
    row.firstChild.scope = "row";
    return row;
  }
  function gather(box) {
    var records = Object.values(read());
    records.sort((a, b) => a.page.localeCompare(b.page, "en"));
    var told = records.filter((record) => record.found);
    var right = told.filter((record) => same(record.found, record.choice));
    var head = document.createElement("tr");
    ["chapter", "question", "you said", "found"].forEach(function (word) {
      head.append(Object.assign(cell("th", word), { scope: "col" }));
    });
    var table = document.createElement("table");
    table.append(document.createElement("thead"), document.createElement("tbody"));
    table.tHead.append(head);
    records.forEach((record) => table.tBodies[0].append(line(record, box.dataset.root)));
    var count = records.length
      ? "You have predicted " + records.length + " results; of " + told.length +
        " that a run could judge, " + right.length + " came out as you said."
      : "You have predicted nothing yet, in this browser. Every chapter asks.";
    box.replaceChildren(cell("p", count));
    if (!records.length) return;
    box.append(table);
    [["Print", () => window.print()],
     ["Forget them all", function () {
       if (window.confirm("Forget all predictions in this browser?")) {
         write({});
         gather(box);
       }
     }]].forEach(function (button) {
      var made = Object.assign(document.createElement("button"),
        { type: "button", textContent: button[0], onclick: button[1] });
      box.append(made, " ");
    });
  }
  document.querySelectorAll("#all-predictions").forEach(gather);

  document.querySelectorAll("fieldset.prediction").forEach(function (box) {
    if (chosen(box) >= 0) keep(box, options(box)[chosen(box)]); // `found` anew
    show(box);
    box.addEventListener("change", function (event) {
      keep(box, options(box)[Number(event.target.value)]);
      show(box);
    });
  });
});
