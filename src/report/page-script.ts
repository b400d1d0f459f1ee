/**
 * All that the page does by itself: it finds sets by what stands in them, and unfolds them all for print. Without it
 * everything is still there to be unfolded and read.
 */
export const script = `
'use strict';
const sets = [...document.querySelectorAll('.set')];
const texts = sets.map((set) => set.textContent.toLowerCase());
const search = document.getElementById('search');
const found = document.getElementById('found');
const show = () => {
  const wanted = search.value.trim().toLowerCase();
  let count = 0;
  sets.forEach((set, at) => {
    const shown = wanted === '' || texts[at].includes(wanted);
    set.hidden = !shown;
    if (shown) count++;
  });
  if (wanted !== '' && count === 1) sets.find((set) => !set.hidden).open = true;
  found.textContent = wanted === '' ? sets.length + ' sets' : count + ' of ' + sets.length + ' sets';
};
document.querySelector('.search').hidden = false;
search.addEventListener('input', show);
document.addEventListener('keydown', (event) => {
  if (event.key === '/' && event.target !== search) {
    event.preventDefault();
    search.focus();
  }
  if (event.key === 'Escape' && event.target === search) {
    search.value = '';
    show();
  }
});
let unfolded = [];
addEventListener('beforeprint', () => {
  unfolded = [...document.querySelectorAll('details:not([open])')].filter((one) => !one.closest('[hidden]'));
  for (const one of unfolded) one.open = true;
});
addEventListener('afterprint', () => {
  for (const one of unfolded) one.open = false;
});
show();
`;
