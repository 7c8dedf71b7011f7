import type { Facts } from './lock-facts.js';

/**
 * For the script: when each run started and how long it took, for each lock, in seconds. The rest is in the tables, so nothing that others have written is
 * in a script.
 */
export function timesOf(locks: readonly Facts[]): string {
  return JSON.stringify(
    locks.map(({ runs }) =>
      runs.flatMap(({ startedAt, duration }) => [inSeconds(startedAt.getTime()), inSeconds(duration)]),
    ),
  );
}

function inSeconds(milliseconds: number): number {
  return Math.round(milliseconds / 1000);
}

/**
 * Shows the run under the pointer, or the one that the keyboard has chosen. Each plot becomes a slider (WAI-ARIA), whose value is one run: screen
 * readers know how to announce it. Without the script, the page has everything but that.
 */
export const SCRIPT = `'use strict';
const times = JSON.parse(document.getElementById('times').textContent);
const card = document.getElementById('card');
const line = document.createElement('div');
line.id = 'line';
const NEAR = 14;

for (const plot of document.querySelectorAll('.plot')) {
  const lock = Number(plot.dataset.lock), from = Number(plot.dataset.from), to = Number(plot.dataset.to);
  const isLane = plot.parentElement.className === 'row';
  const runs = [];
  for (let index = 0; index * 2 < times[lock].length; index++) {
    const start = times[lock][2 * index] * 1000, end = start + times[lock][2 * index + 1] * 1000;
    if ((isLane ? end : start) >= from && start <= to) runs.push({ index, start, end: isLane ? end : start });
  }
  if (runs.length === 0) continue;
  let chosen = runs.length - 1;
  plot.setAttribute('role', 'slider');
  plot.tabIndex = isLane && plot.parentElement.previousElementSibling?.className === 'row' ? -1 : 0;
  plot.setAttribute('aria-valuemin', 1);
  plot.setAttribute('aria-valuemax', runs.length);
  describe();

  plot.addEventListener('focus', () => show(chosen));
  plot.addEventListener('blur', hide);
  plot.addEventListener('pointermove', (event) => {
    const { left, width } = plot.getBoundingClientRect();
    const found = nearest(from + ((event.clientX - left) / width) * (to - from));
    if (found.distance * width > NEAR * (to - from)) return hide();
    show(found.at);
  });
  plot.addEventListener('pointerleave', () => (document.activeElement === plot ? show(chosen) : hide()));
  plot.addEventListener('click', (event) => {
    const { left, width } = plot.getBoundingClientRect();
    choose(nearest(from + ((event.clientX - left) / width) * (to - from)).at);
  });
  plot.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const moves = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity };
    if (event.key in moves) choose(chosen + moves[event.key]);
    else if (isLane && event.key === 'ArrowUp') beside('previousElementSibling');
    else if (isLane && event.key === 'ArrowDown') beside('nextElementSibling');
    else if (event.key === 'Enter') openRow();
    else if (event.key === 'Escape') hide();
    else return;
    event.preventDefault();
  });
  plot.chooseTime = (time) => {
    chosen = nearest(time).at;
    describe();
    plot.focus();
  };

  function nearest(time) {
    let at = 0, distance = Infinity;
    runs.forEach(({ start, end }, index) => {
      const away = Math.max(start - time, time - end, 0);
      if (away <= distance) [at, distance] = [index, away];
    });
    return { at, distance };
  }

  function choose(at) {
    chosen = Math.min(Math.max(at, 0), runs.length - 1);
    describe();
    show(chosen);
  }

  function beside(direction) {
    for (let row = plot.parentElement[direction]; row; row = row[direction]) {
      const other = row.querySelector('.plot');
      if (!other?.chooseTime) continue;
      plot.tabIndex = -1;
      other.tabIndex = 0;
      return other.chooseTime(runs[chosen].start);
    }
  }

  function describe() {
    plot.setAttribute('aria-valuenow', chosen + 1);
    plot.setAttribute('aria-valuetext', details(chosen).map(([name, value]) => (name === 'Started' ? value : name + ' ' + value)).join(', '));
  }

  /** The newest run is in the first row. */
  function rowOf(at) {
    const { rows } = document.querySelector('#lock-' + lock + ' tbody');
    return rows[rows.length - 1 - runs[at].index];
  }

  function details(at) {
    const titles = document.querySelector('#lock-' + lock + ' thead').rows[0].cells;
    return [...rowOf(at).cells].map((cell, index) => [titles[index].textContent, cell.textContent.trim()]).filter(([, value]) => value !== '');
  }

  function show(at) {
    const { start, end } = runs[at];
    const middle = (Math.max(start, from) + Math.min(end, to)) / 2;
    const share = to === from ? 0.5 : (middle - from) / (to - from);
    const name = document.createElement('b');
    name.textContent = document.querySelector('#lock-' + lock + ' h3').textContent;
    card.replaceChildren(name, ...details(at).map(entry));
    card.hidden = false;
    const { left, width, bottom } = plot.getBoundingClientRect();
    const x = left + share * width;
    const room = document.documentElement.clientWidth - card.offsetWidth - 8;
    card.style.left = Math.max(8, Math.min(x - card.offsetWidth / 2, room)) + scrollX + 'px';
    card.style.top = bottom + 6 + scrollY + 'px';
    const around = isLane ? plot.closest('.lanes') : plot;
    around.append(line);
    line.style.left = x - around.getBoundingClientRect().left + 'px';
  }

  function openRow() {
    const row = rowOf(chosen);
    hide();
    row.closest('details').open = true;
    row.tabIndex = -1;
    row.focus();
  }
}

function entry([name, value]) {
  const part = document.createElement('div'), title = document.createElement('span');
  title.textContent = name + ' ';
  part.append(title, value);
  return part;
}

function hide() {
  card.hidden = true;
  line.remove();
}

document.addEventListener('keydown', ({ key }) => key === 'Escape' && hide());
`;
