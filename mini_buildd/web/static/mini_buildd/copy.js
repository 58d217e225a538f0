// Gives every box of text to copy a button. Without scripts the text is selected by hand.
const copied = async (button, text) => {
  try {
    await navigator.clipboard.writeText(text.textContent);
    button.textContent = "Copied";
  } catch {
    // No clipboard outside a secure context: select the text, so that one key copies it.
    getSelection().selectAllChildren(text);
    button.textContent = "Press Ctrl+C";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
};

for (const box of document.querySelectorAll(".copy")) {
  const text = box.querySelector("pre");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", () => copied(button, text));
  box.append(button);
}
