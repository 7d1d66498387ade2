// Buttons that a page can do without. They stand hidden in the page and are shown here:
//   data-copy="ID" data-copied="TEXT"   copies what the element ID says; TEXT goes into the [role=status] beside it
//   data-print                          prints the page

for (const button of document.querySelectorAll("[data-copy]")) {
  // Only where the page is served by https or from this machine.
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const status = button.parentElement.querySelector("[role=status]");
    try {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
      status.textContent = button.dataset.copied;
    } catch {
      button.hidden = true;
    }
  });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
