"""Style and script of the class report: inline, so that the page is one file and asks the network for nothing."""

CSS = """
:root { color-scheme: light dark; --bg: #fff; --fg: #1c2024; --soft: #5c6670; --line: #d5dae0; --card: #f6f8fa;
  --low: 213 94 0; --high: 0 114 178; --link: #0b63b0; --warn: #a04100; }
@media (prefers-color-scheme: dark) { :root { --bg: #14171a; --fg: #e4e8ec; --soft: #9aa5b1; --line: #363d45;
  --card: #1d2226; --low: 240 140 60; --high: 80 170 240; --link: #7cc0ff; --warn: #ffb074; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--fg); font: 15px/1.5 system-ui, sans-serif; }
main, header { max-width: 78rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 1.25rem; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.25rem; margin: 2.2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .4rem; }
p { margin: .4rem 0; } .soft { color: var(--soft); } .warn { color: var(--warn); font-weight: 600; }
nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1rem; padding: 0; list-style: none; }
a { color: var(--link); }
.bar { position: sticky; top: 0; z-index: 3; background: var(--bg); border-bottom: 1px solid var(--line);
  padding: .6rem 1.25rem; display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center;
  justify-content: center; }
input, select, button { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line);
  border-radius: .35rem; padding: .25rem .55rem; }
input[type=search] { width: 17rem; max-width: 60vw; }
button { cursor: pointer; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 1px; }
.facts { display: flex; flex-wrap: wrap; gap: .6rem; margin: .8rem 0; padding: 0; list-style: none; }
.facts li { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .45rem .9rem; }
.facts b { display: block; font-size: 1.25rem; }
.scroll { overflow: auto; max-height: 34rem; border: 1px solid var(--line); border-radius: .4rem; }
table { border-collapse: separate; border-spacing: 0; font-variant-numeric: tabular-nums; }
th, td { padding: .22rem .55rem; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap; }
td.wrap { white-space: normal; min-width: 16rem; }
thead th { position: sticky; top: 0; background: var(--card); z-index: 2; vertical-align: bottom; }
.heat tbody th { position: sticky; left: 0; background: var(--bg); font-weight: 500; z-index: 1; max-width: 16rem;
  overflow: hidden; text-overflow: ellipsis; }
.heat thead th:first-child { left: 0; z-index: 3; }
thead button { border: 0; background: none; padding: 0; font-weight: 600; text-align: left; }
thead button::after { content: " ↕"; opacity: .35; }
th[aria-sort=ascending] button::after { content: " ↑"; opacity: 1; }
th[aria-sort=descending] button::after { content: " ↓"; opacity: 1; }
td.n { text-align: right; } td.c { text-align: center; min-width: 3.2rem; }
.bins { display: flex; align-items: flex-end; gap: .25rem; height: 9rem; padding: 0; margin: .5rem 0; list-style: none;
  max-width: 46rem; }
.bins li { flex: 1; display: flex; flex-direction: column; justify-content: flex-end; text-align: center;
  font-size: .78rem; height: 100%; min-width: 0; }
.bins i { background: rgb(var(--high) / .75); border-radius: .2rem .2rem 0 0; display: block; }
.meter { display: inline-block; width: 7rem; height: .7rem; background: rgb(var(--low) / .3); border-radius: .2rem;
  vertical-align: middle; overflow: hidden; } .meter i { display: block; height: 100%; background: rgb(var(--high)); }
.mistakes { padding-left: 1.4rem; } .mistakes li { margin: .5rem 0; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: .8rem; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: .4rem; padding: .6rem; overflow: auto;
  max-height: 26rem; font-size: .82rem; margin: .3rem 0; }
mark { background: rgb(var(--low) / .3); color: inherit; }
details { border: 1px solid var(--line); border-radius: .4rem; padding: .35rem .7rem; margin: .4rem 0; }
summary { cursor: pointer; }
code { font-size: .92em; }
.hidden { display: none; }
@media print { .bar { display: none; } .scroll { max-height: none; } }
""" + "".join(
    f".h{i} {{ background: rgb(var(--{'low' if i < 5 else 'high'}) / {abs(i - 5) * 0.09 + 0.06:.2f}); }}\n"
    for i in range(11)
)

JS = """
'use strict';
const value = cell => { const v = cell.dataset.v ?? cell.textContent; const n = parseFloat(v);
  return v !== '' && !Number.isNaN(n) && String(v).trim().match(/^-?[\\d.]+$/) ? n : String(v).toLowerCase(); };
for (const button of document.querySelectorAll('thead button')) {
  button.addEventListener('click', () => {
    const th = button.parentElement, table = th.closest('table'), body = table.tBodies[0];
    const at = [...th.parentElement.children].indexOf(th);
    const down = th.getAttribute('aria-sort') !== 'descending';
    for (const other of th.parentElement.children) other.removeAttribute('aria-sort');
    th.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    const sign = down ? -1 : 1;
    const rows = [...body.rows].map(row => [value(row.cells[at]), row]);
    rows.sort(([a], [b]) => typeof a === typeof b ? sign * (a < b ? -1 : a > b ? 1 : 0)
      : typeof a === 'number' ? -1 : 1);
    body.append(...rows.map(([, row]) => row));
  });
}
const words = document.getElementById('filter'), state = document.getElementById('state');
const count = document.getElementById('count');
const rows = [...document.querySelectorAll('tr[data-who]')];
function sift() {
  const wanted = words.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let shown = new Set();
  for (const row of rows) {
    const text = (row.dataset.who + ' ' + (row.dataset.more ?? '')).toLowerCase();
    const fits = wanted.every(w => text.includes(w)) && (!state.value || !row.dataset.state
      || row.dataset.state.split(' ').includes(state.value));
    row.classList.toggle('hidden', !fits);
    if (fits) shown.add(row.dataset.who);
  }
  count.textContent = `${shown.size} of ${new Set(rows.map(r => r.dataset.who)).size} students`;
}
words.addEventListener('input', sift);
state.addEventListener('change', sift);
document.addEventListener('keydown', event => {
  if (event.key === '/' && !['INPUT', 'SELECT'].includes(document.activeElement.tagName)) {
    event.preventDefault(); words.focus();
  }
  if (event.key === 'Escape') { words.value = ''; state.value = ''; sift(); }
});
for (const button of document.querySelectorAll('button[data-find]')) {
  button.addEventListener('click', () => { words.value = button.dataset.find; sift();
    document.getElementById(button.dataset.at).scrollIntoView(); });
}
sift();
"""
