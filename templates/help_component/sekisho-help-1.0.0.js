// <sekisho-help>: the menu 「ヘルプ・サポート」 of a portal, drawn from the provider that this script comes from.
//
//   <script src="https://login.example.jp/help/component/1.0.0/sekisho-help.js" integrity="sha384-…"
//           crossorigin="anonymous" defer></script>
//   <sekisho-help><a href="https://login.example.jp/help">ヘルプ</a></sekisho-help>
//
// What stands inside the element is shown where the script can't run or the provider can't be reached. The attribute
// `locale` chooses a language, else that of the page counts. `element.show("faq/ID")`, also "faq" and "guide", opens the
// help, and so does a page's address that ends in `#sekisho-help/faq/ID`. `sekisho-help-shown` tells what is shown.
//
// The provider's answers are taken apart and put together again from a short list of elements, so a page's own rules for
// scripts, styles and trusted types hold; for those a page needs, of this provider, script-src, connect-src and img-src,
// and `trusted-types sekisho-help` where it requires them. Colours, font and corners: the properties in STYLE's first rule.
"use strict";
(() => {
  const PROVIDER = new URL(document.currentScript.src).origin;
  const HASH = "#sekisho-help/";

  const STYLE = `
    :host { --_accent: var(--sekisho-accent, light-dark(#0b5f7a, #7cc8e0));
      --_on-accent: var(--sekisho-on-accent, light-dark(#ffffff, #04222c));
      --_text: var(--sekisho-text, light-dark(#1b2226, #eaf0f2));
      --_quiet: var(--sekisho-quiet-text, light-dark(#4a565c, #b4c0c5));
      --_ground: var(--sekisho-background, light-dark(#ffffff, #1b2124));
      --_line: var(--sekisho-border, light-dark(#768389, #818e94));
      --_mark: var(--sekisho-highlight, light-dark(#fff0a8, #5d5100));
      --_corner: var(--sekisho-radius, 10px);
      display: inline-block; position: relative; color-scheme: var(--sekisho-color-scheme, light dark);
      font: var(--sekisho-font, 1rem/1.75 system-ui, "Hiragino Sans", "Noto Sans JP", "Noto Sans CJK JP", sans-serif); }
    [hidden] { display: none !important; }
    * { box-sizing: border-box; }
    button, input { font: inherit; color: inherit; }
    button { min-height: 44px; padding: .25rem 1rem; border: 1px solid var(--_line); border-radius: var(--_corner);
      background: var(--_ground); color: var(--_text); cursor: pointer; text-align: start; }
    :focus-visible { outline: 3px solid var(--_accent); outline-offset: 2px; }
    a { color: var(--_accent); }
    nav { position: absolute; inset-inline-end: 0; z-index: 1000; margin-top: .25rem; padding: .75rem 1rem;
      inline-size: max-content; max-inline-size: calc(100vw - 2rem); background: var(--_ground); color: var(--_text);
      border: 1px solid var(--_line); border-radius: var(--_corner); box-shadow: 0 8px 24px rgb(0 0 0 / .2); }
    nav p { margin: 0; color: var(--_quiet); }
    nav button { border: 0; inline-size: 100%; padding-inline: .5rem; color: var(--_accent); text-decoration: underline; }
    dialog { inline-size: min(46rem, 100vw); max-inline-size: none; block-size: 100dvh; max-block-size: none; padding: 0;
      margin: 0 0 0 auto; border: 0; background: var(--_ground); color: var(--_text); overflow: auto; }
    dialog::backdrop { background: rgb(0 0 0 / .5); }
    .bar { position: sticky; inset-block-start: 0; display: flex; gap: .5rem; padding: .5rem 1rem; background: var(--_ground);
      border-block-end: 1px solid var(--_line); }
    .close { margin-inline-start: auto; }
    .sheet { padding: 1rem clamp(1rem, 4vw, 2rem) 3rem; overflow-wrap: anywhere; }
    h2 { margin: 0 0 1rem; font-size: 1.4rem; line-height: 1.4; } h2:focus { outline: none; }
    h3 { margin: 1.5rem 0 .5rem; font-size: 1.15rem; line-height: 1.5; }
    ul.choices { margin: 0 0 1rem; padding: 0; list-style: none; display: grid; gap: .5rem; }
    ul.choices button { inline-size: 100%; padding-block: .5rem; }
    ul.choices .snippet { display: block; color: var(--_quiet); }
    mark { background: var(--_mark); color: var(--_text); }
    form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: end; margin-block-end: 1rem; }
    label { flex-basis: 100%; }
    input { flex: 1 1 12rem; min-width: 0; min-height: 44px; padding: .25rem .75rem; border: 1px solid var(--_line);
      border-radius: var(--_corner); background: var(--_ground); }
    .main { background: var(--_accent); border-color: var(--_accent); color: var(--_on-accent); }
    .body { overflow-x: auto; } .body img { max-inline-size: 100%; block-size: auto; }
    table { border-collapse: collapse; } th, td { padding: .4rem .6rem; border: 1px solid var(--_line); text-align: start;
      vertical-align: top; }
    .vote { margin-block-start: 2rem; padding-block-start: 1rem; border-block-start: 1px solid var(--_line); }
    .vote p { margin: 0 0 .5rem; } .vote button { margin-inline-end: .5rem; min-inline-size: 6rem; text-align: center; }
    @media (forced-colors: active) { button { border-color: ButtonText; } }
    @media print { dialog { position: static; block-size: auto; inline-size: auto; overflow: visible; }
      #menu-button, nav, .bar, .vote, form { display: none; } .body { overflow: visible; } }`;

  // What an answer may be made of. Everything else is left out, with the words inside kept.
  const ELEMENTS = new Set(["A", "BLOCKQUOTE", "BR", "CODE", "EM", "FIGCAPTION", "FIGURE", "H3", "H4", "H5", "H6", "HR", "IMG",
    "KBD", "LI", "MARK", "OL", "P", "PRE", "STRONG", "SUB", "SUP", "TABLE", "TBODY", "TD", "TH", "THEAD", "TR", "UL"]);
  const WITHOUT_WORDS = new Set(["SCRIPT", "STYLE", "TEMPLATE", "IFRAME", "OBJECT", "NOSCRIPT"]);

  // What this page's reader has said; nothing is kept beyond the page.
  const voted = new Set();

  const trusted = globalThis.trustedTypes?.createPolicy("sekisho-help", { createHTML: (text) => text });

  const element = (name, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };

  /** The nodes that an HTML text of the provider stands for. */
  const safe = (html) => {
    const text = trusted ? trusted.createHTML(html) : html;
    return copies(new DOMParser().parseFromString(text, "text/html").body);
  };

  const copies = (from) => {
    const made = document.createDocumentFragment();
    for (const node of from.childNodes) {
      if (node.nodeType === Node.TEXT_NODE) made.append(node.data);
      if (node.nodeType !== Node.ELEMENT_NODE || WITHOUT_WORDS.has(node.tagName)) continue;
      const inner = copies(node);
      if (!ELEMENTS.has(node.tagName)) {
        made.append(inner);
        continue;
      }
      const copy = element(node.tagName.toLowerCase());
      copy.append(inner);
      if (node.tagName === "A") link(copy, node.getAttribute("href"));
      if (node.tagName === "IMG") picture(copy, node);
      if (node.tagName === "OL" && node.start !== 1) copy.start = node.start;
      if (node.tagName === "TH") copy.scope = node.closest("thead") ? "col" : "row";
      made.append(copy);
    }
    return made;
  };

  const link = (made, to) => {
    if (!to) return;
    const url = URL.canParse(to, PROVIDER) && new URL(to, PROVIDER);
    if (!url || !["https:", "http:", "mailto:"].includes(url.protocol)) return;
    Object.assign(made, { href: url.href, target: "_blank", rel: "noopener noreferrer" });
    const question = url.origin === PROVIDER && /^\/help\/faq\/([a-z0-9-]+)$/.exec(url.pathname);
    if (question) made.dataset.shows = `faq/${question[1]}`;
  };

  const picture = (made, from) => {
    const url = URL.canParse(from.getAttribute("src"), PROVIDER) && new URL(from.getAttribute("src"), PROVIDER);
    if (!url || url.origin !== PROVIDER) return;
    made.alt = from.alt;
    for (const side of ["width", "height"]) if (from.getAttribute(side)) made[side] = from[side];
    made.loading = "lazy";
    made.src = url.href;
  };

  class SekishoHelp extends HTMLElement {
    #root = this.attachShadow({ mode: "open" });
    #words = null;
    #shown = [];
    #asked = 0;
    #opener = null;

    constructor() {
      super();
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      this.#root.adoptedStyleSheets = [sheet];
      this.#root.append(element("slot"));
    }

    async connectedCallback() {
      addEventListener("hashchange", this.#byAddress);
      document.addEventListener("pointerdown", this.#elsewhere);
      if (this.#words) return;
      try {
        this.#words = (await this.#get("component")).words;
      } catch {
        return; // What the page itself has put inside stays.
      }
      this.#draw();
      this.#byAddress();
    }

    disconnectedCallback() {
      removeEventListener("hashchange", this.#byAddress);
      document.removeEventListener("pointerdown", this.#elsewhere);
    }

    /** Opens the help at "faq", "faq/ID" or "guide". */
    show(what) {
      const [kind, id] = what.split("/");
      if (kind === "faq" && id) this.#open({ kind: "question", id });
      else if (kind === "faq" || kind === "guide") this.#open({ kind });
    }

    #byAddress = () => {
      if (this.#words && location.hash.startsWith(HASH)) this.show(location.hash.slice(HASH.length));
    };

    #elsewhere = (event) => {
      if (!event.composedPath().includes(this)) this.#menu(false);
    };

    get #locale() {
      const page = this.closest("[lang]")?.lang;
      return this.getAttribute("locale") || page || navigator.language;
    }

    async #ask(path, parameters, request) {
      const url = new URL(`/help/v1/${path}`, PROVIDER);
      url.search = new URLSearchParams({ ...parameters, locale: this.#locale });
      const answer = await fetch(url, { credentials: "omit", referrerPolicy: "no-referrer", ...request });
      if (!answer.ok) throw new Error(`${answer.status} ${url}`);
      return answer;
    }

    async #get(path, parameters = {}) {
      return (await this.#ask(path, parameters)).json();
    }

    #part(id) {
      return this.#root.getElementById(id);
    }

    #draw() {
      const words = this.#words;
      const item = (kind, text) => element("li", {},
        element("button", { type: "button", id: `show-${kind}`, textContent: text, onclick: () => this.#open({ kind }) }));
      const toggle = element("button", { type: "button", id: "menu-button", onclick: () => this.#menu(this.#part("menu").hidden) },
        element("span", { textContent: "☰ ", ariaHidden: "true" }), words.menu);
      toggle.setAttribute("part", "button");
      toggle.setAttribute("aria-controls", "menu");
      toggle.setAttribute("aria-expanded", "false");
      const menu = element("nav", { id: "menu", hidden: true, ariaLabel: words.help },
        element("p", { textContent: words.help, ariaHidden: "true" }),
        element("ul", { className: "choices" }, item("guide", words.guide), item("faq", words.faq)));
      menu.setAttribute("part", "menu");
      const back = element("button", { type: "button", id: "back", textContent: words.back, hidden: true, onclick: () => this.#back() });
      const close = element("button", { type: "button", id: "close", className: "close", textContent: words.close,
        onclick: () => this.#part("dialog").close() });
      const dialog = element("dialog", { id: "dialog", onclose: () => this.#closed() },
        element("div", { className: "bar" }, back, close),
        element("div", { className: "sheet" }, element("h2", { id: "title", tabIndex: -1 }), element("div", { id: "content" })));
      dialog.setAttribute("part", "dialog");
      dialog.setAttribute("aria-labelledby", "title");
      this.#root.append(toggle, menu, dialog);
      this.#root.querySelector("slot").hidden = true;
      this.#root.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && !menu.hidden) {
          this.#menu(false);
          toggle.focus();
        }
      });
      this.#root.addEventListener("click", (event) => {
        const shows = event.target.closest?.("[data-shows]")?.dataset.shows;
        if (!shows || event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        this.show(shows);
      });
    }

    #menu(open) {
      if (!this.#words || this.#part("menu").hidden !== open) return;
      this.#part("menu").hidden = !open;
      this.#part("menu-button").setAttribute("aria-expanded", String(open));
    }

    #open(view) {
      const dialog = this.#part("dialog");
      if (!dialog) return;
      if (!dialog.open) {
        this.#opener = this.#part("menu").hidden ? document.activeElement : this.#part("menu-button");
        this.#shown = [];
        this.#menu(false);
        dialog.showModal();
      }
      this.#shown.push(view);
      this.#show();
    }

    #back() {
      this.#shown.pop();
      this.#show();
    }

    #closed() {
      if (location.hash.startsWith(HASH)) history.replaceState(history.state, "", location.pathname + location.search);
      this.#opener?.focus();
    }

    async #show() {
      const view = this.#shown.at(-1);
      const asked = ++this.#asked;
      const [title, content] = [this.#part("title"), this.#part("content")];
      this.#part("back").hidden = this.#shown.length < 2;
      title.textContent = this.#words.loading;
      content.replaceChildren();
      title.focus();
      let drawn;
      try {
        drawn = await this.#view(view);
      } catch {
        drawn = this.#failed();
      }
      // Somebody who is quicker than the answer has gone on.
      if (asked !== this.#asked) return;
      title.textContent = drawn.title;
      title.lang = drawn.language ?? "";
      content.replaceChildren(...drawn.content);
      this.#part("dialog").scrollTop = 0;
      title.focus();
      this.dispatchEvent(new CustomEvent("sekisho-help-shown", { detail: { ...view }, bubbles: true, composed: true }));
    }

    #view(view) {
      switch (view.kind) {
        case "faq": return this.#categories();
        case "category": return this.#category(view.id);
        case "question": return this.#question(view.id);
        case "search": return this.#results(view.query);
        case "section": return this.#section(view.id);
        default: return this.#guide();
      }
    }

    async #categories() {
      const { categories } = await this.#get("categories");
      return { title: this.#words.faq, content: [this.#search(""),
        this.#choices(categories, (category) => ({ kind: "category", id: category.id }), (category) => category.title)] };
    }

    async #category(id) {
      const category = await this.#get(`categories/${encodeURIComponent(id)}`);
      return { title: category.title, language: category.language, content: [this.#questions(category.questions)] };
    }

    async #question(id) {
      const question = await this.#get(`questions/${encodeURIComponent(id)}`);
      const content = [element("div", { className: "body", lang: question.language }, safe(question.answer.html))];
      if (question.related.length > 0) {
        content.push(element("h3", { textContent: this.#words.related }), this.#questions(question.related));
      }
      content.push(this.#vote(id));
      return { title: question.title, language: question.language, content };
    }

    async #results(query) {
      const { hits, guide } = await this.#get("search", { q: query });
      const count = hits.length + guide.length;
      const found = element("p", { textContent: count > 0 ? `${this.#words.found}: ${count}` : this.#words.nothing });
      const line = (hit) => element("span", { lang: hit.language }, element("strong", {}, safe(hit.title_html)),
        element("span", { className: "snippet" }, safe(hit.snippet.html)));
      return { title: this.#words.search, content: [this.#search(query), found,
        this.#choices(hits, (hit) => ({ kind: "question", id: hit.id }), line),
        this.#choices(guide, (hit) => ({ kind: "section", id: hit.id }), line)] };
    }

    async #section(id) {
      const section = await this.#get(`guide/${encodeURIComponent(id)}`);
      return { title: section.title, language: section.language,
        content: [element("div", { className: "body", lang: section.language }, safe(section.body.html))] };
    }

    async #guide() {
      const { title, sections } = await this.#get("guide");
      return { title, content: sections.map((section) => element("section", { lang: section.language },
        element("h3", { textContent: section.title }), element("div", { className: "body" }, safe(section.body.html)))) };
    }

    #failed() {
      const again = element("button", { type: "button", className: "main", textContent: this.#words.again, onclick: () => this.#show() });
      const page = element("a", { href: `${PROVIDER}/help`, target: "_blank", rel: "noopener", textContent: this.#words.page });
      return { title: this.#words.failed, content: [element("p", {}, again), element("p", {}, page)] };
    }

    #questions(questions) {
      return this.#choices(questions, (question) => ({ kind: "question", id: question.id }), (question) => question.title);
    }

    #choices(things, view, label) {
      return element("ul", { className: "choices" }, ...things.map((thing) => element("li", {},
        element("button", { type: "button", onclick: () => this.#open(view(thing)) }, label(thing)))));
    }

    #search(query) {
      const field = element("input", { type: "search", id: "query", value: query, maxLength: 100, enterKeyHint: "search" });
      return element("form", { role: "search", onsubmit: (event) => {
        event.preventDefault();
        const query = field.value.trim();
        if (query) this.#open({ kind: "search", query });
      } }, element("label", { htmlFor: "query", textContent: this.#words.search }), field,
        element("button", { className: "main", textContent: this.#words["search-button"] }));
    }

    #vote(id) {
      if (voted.has(id)) return element("p", { textContent: this.#words.thanks });
      const box = element("div", { className: "vote", role: "group", ariaLabel: this.#words.helpful });
      const said = element("p", { role: "status" });
      const choice = (helpful, text) => element("button", { type: "button", textContent: text, onclick: async () => {
        for (const button of box.querySelectorAll("button")) button.disabled = true;
        const vote = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ helpful }) };
        const counted = await this.#ask(`questions/${encodeURIComponent(id)}/votes`, {}, vote).then(() => true, () => false);
        if (counted) voted.add(id);
        said.textContent = counted ? this.#words.thanks : this.#words["not-counted"];
      } });
      box.append(element("p", { textContent: this.#words.helpful }), choice(true, this.#words.yes), choice(false, this.#words.no), said);
      return box;
    }
  }

  if (!customElements.get("sekisho-help")) customElements.define("sekisho-help", SekishoHelp);
})();
