// On paper a link is its address: those within the portal, which are written short, get theirs whole.
export function printAddresses(prose) {
  for (const link of prose.querySelectorAll("a[href^='/']")) link.dataset.address = link.href;
}
