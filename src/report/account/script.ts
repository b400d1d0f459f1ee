/** All that the page does by itself: it unfolds everything for print. Without it everything can be unfolded and read. */
export const accountScript = `
'use strict';
let unfolded = [];
addEventListener('beforeprint', () => {
  unfolded = [...document.querySelectorAll('details:not([open])')];
  for (const one of unfolded) one.open = true;
});
addEventListener('afterprint', () => {
  for (const one of unfolded) one.open = false;
});
addEventListener('hashchange', () => {
  const aimed = document.getElementById(location.hash.slice(1));
  if (aimed instanceof HTMLDetailsElement) aimed.open = true;
});
`;
