// Passwords: shows what is typed, and ticks the rules of a new password off. The server judges; here it is only told early.
//   button[data-show="ID"]     shows what stands in the password field ID while it is pressed
//   [data-policy="ID"]         a list of rules for the field ID. Each has data-rule, the kind, and data-n, its number.
//                              Kinds that are not known here, or that only the server can check, stay as they are.
//                              data-kept and data-wrong say to those who don't see the mark what it says
//   [data-same="ID ID"]        says data-yes or data-no: whether the two fields are the same
//   [data-policy-status]       says, once typing pauses, data-all or what is left to do after data-left

const field = (id) => document.getElementById(id);

for (const button of document.querySelectorAll("button[data-show]")) {
  const input = field(button.dataset.show);
  const show = (shown) => {
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", shown);
  };
  button.hidden = false;
  button.addEventListener("click", () => show(input.type === "password"));
  // Browsers know, keep and forget a password by its kind of field.
  input.form.addEventListener("submit", () => show(false));
  window.addEventListener("pagehide", () => show(false));
}

// Whether a password keeps a rule. Those under `wrong` are broken by what is there, the others by what is still missing.
const missing = {
  "min-length": (letters, n) => letters.length >= n,
  "needs-lower": (letters) => letters.some((letter) => /^[a-z]$/.test(letter)),
  "needs-upper": (letters) => letters.some((letter) => /^[A-Z]$/.test(letter)),
  "needs-digit": (letters) => letters.some((letter) => /^[0-9]$/.test(letter)),
  "needs-symbol": (letters) => letters.some((letter) => /^[!-/:-@[-`{-~]$/.test(letter)),
};
const wrong = {
  "max-length": (letters, n) => letters.length <= n,
  "allowed-characters": (letters) => letters.every((letter) => /^[!-~]$/.test(letter)),
  "not-user-id": (letters, n, userId) => plain(letters.join("")) !== plain(userId),
};
const plain = (text) => text.normalize("NFKC").toLowerCase();

for (const list of document.querySelectorAll("[data-policy]")) {
  const input = field(list.dataset.policy);
  const form = input.form;
  const same = form.querySelector("[data-same]");
  const fields = same.dataset.same.split(" ").map(field);
  const status = form.querySelector("[data-policy-status]");
  const rules = [...list.children].map((line) => {
    const words = line.textContent;
    const said = line.appendChild(document.createElement("span"));
    said.className = "visually-hidden";
    return { line, said, words, kind: line.dataset.rule, n: Number(line.dataset.n) };
  });
  let pause;

  const check = () => {
    // The yen sign is what a Japanese keyboard types for a backslash: the server takes it as one, too.
    const letters = [...input.value.replaceAll("¥", "\\")];
    const left = [];
    for (const { line, said, words, kind, n } of rules) {
      const kept = (missing[kind] ?? wrong[kind])?.(letters, n, form.elements.username.value);
      const known = letters.length > 0 && kept !== undefined;
      const isWrong = known && !kept && kind in wrong;
      line.classList.toggle("kept", known && kept);
      line.classList.toggle("wrong", isWrong);
      said.textContent = known && kept ? list.dataset.kept : isWrong ? list.dataset.wrong : "";
      if (known && !kept) left.push(words);
    }
    const [first, second] = fields.map((one) => one.value);
    same.hidden = second === "";
    const are = first === second;
    same.classList.toggle("kept", are);
    same.textContent = are ? same.dataset.yes : same.dataset.no;

    clearTimeout(pause);
    pause = setTimeout(() => {
      const rest = left.length > 0 ? [status.dataset.left, ...left].join(" ") : status.dataset.all;
      const said = [letters.length > 0 ? rest : "", same.hidden ? "" : same.textContent].join(" ").trim();
      // The same again is not said again.
      if (status.textContent !== said) status.textContent = said;
    }, 1000);
  };
  for (const one of fields) one.addEventListener("input", check);
  // What the browser kept over a reload is checked, too.
  if (fields.some((one) => one.value)) check();
}
