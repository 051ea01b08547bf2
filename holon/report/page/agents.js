'use strict';
// The last frame of a population: every agent a circle of its radius, coloured by a field. Of three axes x and y are
// drawn, what is in front (large z) over what is behind.

function drawAgents(canvas, set, values, range) {
  const ratio = window.devicePixelRatio || 1, width = Math.max(200, canvas.clientWidth);
  const left = 58, right = 12, top = 24, bottom = 38;
  const flat = set.dimensions === 1;
  const spans = [0, 1].map(a => set.high[a] - set.low[a]);
  const aspect = flat ? 0.12 : spans[1] / spans[0];
  const height = Math.min(620, Math.max(130, (width - left - right) * aspect + top + bottom));
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  canvas.style.height = height + 'px';
  const pen = canvas.getContext('2d');
  pen.scale(ratio, ratio);
  // One scale for both axes, so that circles are circles.
  const w0 = width - left - right, h0 = height - top - bottom;
  const scale = flat ? w0 / spans[0] : Math.min(w0 / spans[0], h0 / spans[1]);
  const w = spans[0] * scale, h = flat ? h0 : spans[1] * scale;
  const across = k => left + (set.at[0][k] - set.low[0]) * scale;
  const up = k => flat ? top + h / 2 : top + h - (set.at[1][k] - set.low[1]) * scale;
  pen.save();
  pen.beginPath();
  pen.rect(left, top, w, h);
  pen.clip();
  const least = range[0], extent = range[1] - range[0] || 1;
  // So large that few agents can be seen, and many do not hide each other.
  const crowd = flat ? 0.3 * w / set.order.length : 0.25 * Math.sqrt(w * h / set.order.length);
  const smallest = Math.min(6, Math.max(1.2, crowd));
  const enlarged = set.order.some(k => set.radius[k] * scale < smallest);
  for (const k of set.order) {
    const radius = Math.max(smallest, set.radius[k] * scale);
    const index = 3 * Math.round(Math.min(1, Math.max(0, (values[k] - least) / extent)) * 255);
    const colour = Number.isNaN(values[k]) ? missingColour : [0, 1, 2].map(c => colourMap[index + c]);
    pen.fillStyle = 'rgb(' + colour.slice(0, 3).join(',') + ')';
    pen.beginPath();
    pen.arc(across(k), up(k), radius, 0, 2 * Math.PI);
    pen.fill();
    if (radius < 2.5) continue;
    pen.strokeStyle = 'rgba(20, 24, 32, 0.35)';
    pen.stroke();
  }
  pen.restore();
  pen.font = '11.5px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
  pen.fillStyle = '#5c6675';
  pen.strokeStyle = '#b9c1cb';
  pen.strokeRect(left - 0.5, top - 0.5, w + 1, h + 1);
  const {factor, unit} = lengthScale(set.length_unit, Math.max(...spans.slice(0, Math.min(2, set.dimensions))));
  const power = n => n === 0 ? '' : '  ×10' + superscript(n);
  const ticks = (a, pixels) => linearTicks(set.low[a] * factor, set.high[a] * factor, pixels);
  const xTicks = ticks(0, Math.max(2, w / 80));
  pen.textAlign = 'center';
  for (const {value, text} of xTicks.ticks) pen.fillText(text, left + (value / factor - set.low[0]) * scale, top + h + 16);
  pen.textAlign = 'right';
  pen.fillText(withUnit('x', unit) + power(xTicks.shared), left + w, top + h + 32);
  if (enlarged) pen.fillText('agents are drawn larger than they are', left + w, 13);
  if (flat) return;
  const yTicks = ticks(1, Math.max(2, h / 45));
  for (const {value, text} of yTicks.ticks) pen.fillText(text, left - 7, top + h - (value / factor - set.low[1]) * scale + 4);
  pen.textAlign = 'left';
  pen.fillStyle = '#1d2430';
  pen.fillText(withUnit('y', unit) + power(yTicks.shared), left, 13);
}

function showAgents(host, set) {
  element(host, 'h3', {}, set.name);
  const number = set.agents + (set.agents === 1 ? ' agent' : ' agents');
  const time = 'at time ' + readable(set.time) + (set.time_unit === '1' ? '' : ' ' + set.time_unit);
  element(host, 'p', {class: 'note'}, number + ' ' + time + (set.note ? '; drawn: ' + set.note : ''));
  const columns = set.columns.map(column => ({...column, values: doublesOf(column.values)}));
  set.at = set.places.map(doublesOf);
  set.radius = columns.find(column => column.name === 'radius').values;
  set.order = Array.from(set.radius.keys());
  if (set.dimensions === 3) set.order.sort((a, b) => set.at[2][a] - set.at[2][b]);
  const player = element(host, 'div', {class: 'player'});
  const choice = element(player, 'select', {'aria-label': 'field'});
  columns.forEach((column, c) => element(choice, 'option', {value: c}, withUnit(column.name, column.unit)));
  // What was asked for stands behind id and radius.
  choice.value = columns.length > 2 ? 2 : 0;
  const canvas = element(element(host, 'div', {class: 'stage'}), 'canvas');
  const bar = element(element(host, 'div', {class: 'stage'}), 'canvas');
  const draw = () => {
    const column = columns[+choice.value];
    let least = Infinity, greatest = -Infinity;
    for (const value of column.values) {
      if (!Number.isFinite(value)) continue;
      least = Math.min(least, value);
      greatest = Math.max(greatest, value);
    }
    if (!(least <= greatest)) least = greatest = 0;
    drawAgents(canvas, set, column.values, [least, greatest]);
    drawColourBar(bar, {least, greatest}, withUnit(column.name, column.unit));
  };
  choice.onchange = draw;
  draw();
  new ResizeObserver(draw).observe(host);
}

{
  const host = document.getElementById('agents');
  if (host) for (const set of pageData.agents) showAgents(host, set);
}
