// What tests of the gallery ask a page, beside axe-core. Each function returns what is wrong, in words.

const looking = {
  named(element) {
    const id = element.id ? `#${element.id}` : element.className ? `.${element.className}` : "";
    return `${element.localName}${id} "${(element.innerText || element.value || "").trim().slice(0, 20)}"`;
  },

  shown(element) {
    const { width, height } = element.getBoundingClientRect();
    return width > 1 && height > 1 && element.checkVisibility({ visibilityProperty: true });
  },

  // Everything that a page may show, at once: what is folded up, and what its script would tell.
  unfold() {
    for (const part of document.querySelectorAll("details")) part.open = true;
    for (const part of document.querySelectorAll("[data-passkey-error]")) part.hidden = false;
  },

  sideways(width) {
    const wide = document.documentElement.scrollWidth;
    if (wide <= width) return [];
    const out = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > width);
    return [`scrolls sideways at ${width} px: ${wide} px, such as ${out.slice(-1).map(looking.named)}`];
  },

  // 44 px for fingers. A link within a sentence has the line's height (WCAG 2.2, 2.5.8).
  targets() {
    const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary")];
    const area = (one) => {
      // A choice is pressed on its label, too.
      const choice = ["radio", "checkbox"].includes(one.type) && one.closest(".choice");
      return (choice || one).getBoundingClientRect();
    };
    const inSentence = (one) =>
      one.localName === "a" &&
      getComputedStyle(one).display === "inline" &&
      [...one.parentNode.childNodes].some((beside) => beside.nodeType === Node.TEXT_NODE && beside.data.trim());
    return all
      .filter((one) => looking.shown(one) && !one.matches(".skip") && !inSentence(one))
      .filter((one) => area(one).height < 44 || area(one).width < 44)
      .map((one) => `too small to press: ${looking.named(one)} ${area(one).width} x ${area(one).height}`);
  },

  letters() {
    const small = new Map();
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const of = texts.currentNode.parentElement;
      const size = parseFloat(getComputedStyle(of).fontSize);
      if (texts.currentNode.data.trim() && size < 16 && looking.shown(of)) small.set(looking.named(of), size);
    }
    return [...small].map(([what, size]) => `letters of ${size} px: ${what}`);
  },

  focus() {
    const all = document.querySelectorAll("a[href], button, input, select, textarea, summary");
    const unseen = [...all].filter((one) => {
      if (!looking.shown(one)) return false;
      one.focus();
      const { outlineStyle, outlineWidth } = getComputedStyle(one);
      return document.activeElement === one && (outlineStyle === "none" || parseFloat(outlineWidth) < 2);
    });
    return unseen.map((one) => `nobody sees that it has the focus: ${looking.named(one)}`);
  },

  // Where the reader's own colours replace ours, edges must say what backgrounds said.
  edges() {
    const boxes = document.querySelectorAll(".button, input:not([type=radio], [type=checkbox]), select, .note, .error-summary");
    return [...boxes]
      .filter((one) => looking.shown(one) && parseFloat(getComputedStyle(one).borderBottomWidth) < 1)
      .map((one) => `without an edge in forced colours: ${looking.named(one)}`);
  },
};
