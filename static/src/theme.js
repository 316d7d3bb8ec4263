// Runs before the first paint (a blocking script in <head>), so the chosen theme never flashes.
const root = document.documentElement;
root.classList.add("js");
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
} catch {
  // Storage can be blocked; the system's theme serves then.
}
