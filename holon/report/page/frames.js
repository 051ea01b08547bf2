'use strict';
// Fields over time: a line (with its history as an image) in one dimension, an image in two, three slices in three.

const lengthScale = (unit, extent) => {
  if (unit !== 'm') return {factor: 1, unit};
  const scales = [[1, 'm'], [1e3, 'mm'], [1e6, 'µm'], [1e9, 'nm']];
  const [factor, name] = scales.find(([f]) => extent * f >= 0.5) || scales[3];
  return {factor, unit: name};
};

// All frames of one column; level 65535 is no number.
class Frames {
  constructor(set, column) {
    const bytes = bytesOf(column.frames);
    this.levels = new Uint16Array(bytes.buffer);
    this.sites = set.count[0] * set.count[1] * set.count[2];
    this.least = column.least;
    this.greatest = column.greatest;
  }
  level(frame, site) { return this.levels[frame * this.sites + site]; }
  value(frame, site) {
    const level = this.level(frame, site);
    return level === 65535 ? NaN : this.least + (this.greatest - this.least) * level / 65534;
  }
}

// The pieces of the line where value(i, j) passes `at`, in units of sites: along the edges of each square of four sites the
// value is taken as linear (marching squares). A saddle is cut so that its lower corners stay apart.
function isoline(nx, ny, value, at) {
  const pieces = [];
  for (let j = 0; j + 1 < ny; ++j)
    for (let i = 0; i + 1 < nx; ++i) {
      const corners = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]];
      const v = corners.map(([a, b]) => value(a, b) - at);
      if (v.some(Number.isNaN)) continue;
      const crossings = [];
      for (let k = 0; k < 4; ++k) {
        const n = (k + 1) % 4;
        if (v[k] < 0 === v[n] < 0) continue;
        const t = v[k] / (v[k] - v[n]);
        crossings.push([corners[k][0] + t * (corners[n][0] - corners[k][0]), corners[k][1] + t * (corners[n][1] - corners[k][1])]);
      }
      if (crossings.length === 4 && v[0] >= 0) crossings.push(crossings.shift());
      for (let k = 0; k + 1 < crossings.length; k += 2) pieces.push([crossings[k], crossings[k + 1]]);
    }
  return pieces;
}

// An image with axes: across and up are {count, first, step, label}; level(i, j) from 0 to 65535. Without `up` a strip.
// `lines`: {values: [{value, text}], value(i, j)} to be drawn where the field takes them.
function drawImageWithAxes(canvas, {across, up, level, height, mark, lines}) {
  const ratio = window.devicePixelRatio || 1, width = Math.max(200, canvas.clientWidth);
  const left = 58, right = 12, top = up ? 24 : 6, bottom = 38, rows = up ? up.count : 1;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  canvas.style.height = height + 'px';
  const pen = canvas.getContext('2d');
  pen.scale(ratio, ratio);
  const raster = document.createElement('canvas');
  raster.width = across.count;
  raster.height = rows;
  const image = new ImageData(across.count, rows);
  for (let j = 0; j < rows; ++j)
    for (let i = 0; i < across.count; ++i) {
      const value = level(i, rows - 1 - j), at = 4 * (i + across.count * j);
      const index = 3 * Math.round(value / 65534 * 255);
      for (let c = 0; c < 3; ++c) image.data[at + c] = value === 65535 ? missingColour[c] : colourMap[index + c];
      image.data[at + 3] = 255;
    }
  raster.getContext('2d').putImageData(image, 0, 0);
  const w = width - left - right, h = height - top - bottom;
  pen.imageSmoothingEnabled = across.count > w || rows > h;
  pen.drawImage(raster, left, top, w, h);
  if (lines) {
    const place = ([i, j]) => [left + (i + 0.5) / across.count * w, top + h - (j + 0.5) / rows * h];
    pen.font = '10.5px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
    pen.textAlign = 'center';
    const labels = [];
    for (const {value, text} of lines.values) {
      const pieces = isoline(across.count, rows, lines.value, value);
      if (!pieces.length) continue;
      pen.strokeStyle = 'rgba(255, 255, 255, 0.75)';
      pen.beginPath();
      for (const [a, b] of pieces) {
        pen.moveTo(...place(a));
        pen.lineTo(...place(b));
      }
      pen.stroke();
      const [x, y] = place(pieces[pieces.length >> 1][0]);
      const room = x > left + 12 && x < left + w - 12 && y > top + 9 && y < top + h - 9;
      if (room && labels.every(([a, b]) => Math.hypot(a - x, b - y) > 22)) labels.push([x, y, text]);
    }
    pen.lineWidth = 3;
    pen.strokeStyle = 'rgba(20, 24, 32, 0.6)';
    pen.fillStyle = '#ffffff';
    for (const [x, y, text] of labels) {
      pen.strokeText(text, x, y + 4);
      pen.fillText(text, x, y + 4);
    }
    pen.lineWidth = 1;
  }
  pen.font = '11.5px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
  pen.fillStyle = '#5c6675';
  pen.strokeStyle = '#b9c1cb';
  pen.strokeRect(left - 0.5, top - 0.5, w + 1, h + 1);
  // Sites are centres of their pixels.
  const ends = axis => [axis.first - axis.step / 2, axis.first + (axis.count - 0.5) * axis.step];
  const power = n => n === 0 ? '' : '  ×10' + superscript(n);
  const [x0, x1] = ends(across), xTicks = linearTicks(x0, x1, Math.max(2, w / 80));
  pen.textAlign = 'center';
  for (const {value, text} of xTicks.ticks) pen.fillText(text, left + (value - x0) / (x1 - x0) * w, height - bottom + 16);
  pen.textAlign = 'right';
  pen.fillText(across.label + power(xTicks.shared), width - right, height - 6);
  if (!up) return;
  const [y0, y1] = ends(up), yTicks = linearTicks(y0, y1, Math.max(2, h / 45));
  for (const {value, text} of yTicks.ticks) pen.fillText(text, left - 7, top + h - (value - y0) / (y1 - y0) * h + 4);
  pen.textAlign = 'left';
  pen.fillStyle = '#1d2430';
  pen.fillText(up.label + power(yTicks.shared), left, 13);
  if (mark !== undefined) {
    const y = top + h - (mark - y0) / (y1 - y0) * h;
    pen.strokeStyle = '#ffffff';
    pen.setLineDash([5, 4]);
    pen.beginPath();
    pen.moveTo(left, y);
    pen.lineTo(left + w, y);
    pen.stroke();
  }
}

function drawColourBar(canvas, frames, label) {
  const strip = {count: 256, first: frames.least, step: (frames.greatest - frames.least || 1) / 255, label};
  drawImageWithAxes(canvas, {across: strip, up: null, level: i => i * 65534 / 255, height: 58});
}

function fieldAxes(set) {
  const extent = Math.max(...set.count.map((n, a) => (n - 1) * set.spacing[a]));
  const {factor, unit} = lengthScale(set.length_unit, extent);
  return ['x', 'y', 'z'].map((name, a) => ({
    count: set.count[a], first: set.origin[a] * factor, step: set.spacing[a] * factor, label: withUnit(name, unit),
  }));
}

// Isochrones for a map of times.
function isochrones(set, frames, frame, unit, site) {
  if (set.times.length > 1 || unit === '1' || unit !== set.time_unit) return undefined;
  const values = linearTicks(frames.least, frames.greatest, 10).ticks;
  return {values, value: (i, j) => frames.value(frame, site(i, j))};
}

// Of a radial grid: the axis along r at even distances, and the shell at each; along log r where the radii span decades.
function radialAxis(set) {
  const last = set.radii.length - 1, wide = set.radii[0] > 0 && set.radii[last] / set.radii[0] > 30;
  const {factor, unit} = lengthScale(set.length_unit, wide ? Math.sqrt(set.radii[0] * set.radii[last]) : set.radii[last]);
  const places = set.radii.map(r => wide ? Math.log10(r * factor) : r * factor);
  const count = 400, first = places[0], step = (places[last] - first) / (count - 1) || 1;
  const shells = Array.from({length: count}, (_, i) => nearestIndex(places, first + i * step));
  return {count, first, step, places, shells, label: wide ? 'log₁₀ of ' + withUnit('r', unit) : withUnit('r', unit)};
}

// Views: each has draw(frame).
function lineView(host, set, frames, label) {
  const radial = set.radii && set.radii.length ? radialAxis(set) : null;
  const axis = radial || fieldAxes(set)[0];
  const siteCount = radial ? radial.places.length : axis.count, siteAt = i => radial ? radial.shells[i] : i;
  const curve = {name: label, colour: curveColours[0], x: new Float64Array(siteCount), y: new Float64Array(siteCount)};
  for (let i = 0; i < siteCount; ++i) curve.x[i] = radial ? radial.places[i] : axis.first + i * axis.step;
  const margin = 0.05 * (frames.greatest - frames.least) || 1;
  const box = element(host, 'div', {class: set.times.length > 1 ? 'panels' : 'panels single'});
  const panel = new Panel(box, {
    curves: [curve], label, xLabel: axis.label, height: 300, fixed: [frames.least - margin, frames.greatest + margin],
    onCursor: x => panel.cursor(x),
  });
  const times = set.times, last = times.length - 1;
  const history = last > 0 ? element(element(box, 'div', {class: 'stage'}), 'canvas') : null;
  const even = last > 0 ? (times[last] - times[0]) / last : 1;
  const rows = Math.max(2, Math.min(times.length, 400));
  const clock = {count: rows, first: times[0], step: even * last / (rows - 1) || 1, label: withUnit('time', set.time_unit)};
  const frameAt = Array.from({length: rows}, (_, j) => nearestIndex(times, clock.first + j * clock.step));
  return {draw(frame) {
    for (let i = 0; i < siteCount; ++i) curve.y[i] = frames.value(frame, i);
    panel.draw(siteCount > 1 ? [curve.x[0], curve.x[siteCount - 1]] : [curve.x[0] - axis.step, curve.x[0] + axis.step]);
    if (history)
      drawImageWithAxes(history, {across: axis, up: clock, level: (i, j) => frames.level(frameAt[j], siteAt(i)), height: 300, mark: times[frame]});
  }};
}

function imageView(host, set, frames, label, unit) {
  const [x, y] = fieldAxes(set);
  const canvas = element(element(host, 'div', {class: 'stage'}), 'canvas');
  return {draw(frame) {
    const aspect = (y.count * y.step) / (x.count * x.step);
    const height = Math.min(620, Math.max(130, (canvas.clientWidth - 70) * aspect + 62));
    canvas.style.maxWidth = aspect > 0.5 ? Math.round((height - 62) / aspect + 70) + 'px' : '';
    const site = (i, j) => i + x.count * j;
    const lines = isochrones(set, frames, frame, unit, site);
    drawImageWithAxes(canvas, {across: x, up: y, level: (i, j) => frames.level(frame, site(i, j)), height, lines});
  }};
}

function sliceView(host, set, frames, label, unit) {
  const axes = fieldAxes(set), [nx, ny] = set.count;
  const at = axes.map(axis => Math.floor(axis.count / 2));
  const box = element(host, 'div', {class: 'panels'});
  let current = 0;
  const slices = [[0, 1, 2], [0, 2, 1], [1, 2, 0]].map(([a, b, fixed]) => {
    const panel = element(box, 'div', {class: 'panel'});
    const canvas = element(element(panel, 'div', {class: 'stage'}), 'canvas');
    const player = element(panel, 'div', {class: 'player'});
    const name = 'xyz'[fixed];
    const slider = element(player, 'input', {type: 'range', min: 0, max: axes[fixed].count - 1, value: at[fixed], 'aria-label': 'place of the slice along ' + name});
    const reading = element(player, 'output');
    const draw = frame => {
      const index = [0, 0, 0];
      index[fixed] = at[fixed];
      const site = (i, j) => {
        index[a] = i;
        index[b] = j;
        return index[0] + nx * (index[1] + ny * index[2]);
      };
      const level = (i, j) => frames.level(frame, site(i, j));
      const lines = isochrones(set, frames, frame, unit, site);
      const aspect = (axes[b].count * axes[b].step) / (axes[a].count * axes[a].step);
      drawImageWithAxes(canvas, {across: axes[a], up: axes[b], level, lines, height: Math.min(420, Math.max(120, (canvas.clientWidth - 70) * aspect + 62))});
      reading.textContent = name + ' = ' + readable(axes[fixed].first + at[fixed] * axes[fixed].step, 4);
    };
    slider.oninput = () => { at[fixed] = +slider.value; draw(current); };
    return draw;
  });
  return {draw(frame) { current = frame; slices.forEach(draw => draw(frame)); }};
}

function showFrames(host, set) {
  element(host, 'h3', {}, set.name);
  if (set.note) element(host, 'p', {class: 'note'}, set.note);
  const player = element(host, 'div', {class: set.times.length > 1 ? 'player' : 'player still'});
  const play = element(player, 'button', {type: 'button'}, 'Play');
  const slider = element(player, 'input', {type: 'range', min: 0, max: set.times.length - 1, value: Math.floor(set.times.length / 2), 'aria-label': 'time'});
  const reading = element(player, 'output');
  const choice = set.columns.length > 1 ? element(player, 'select', {'aria-label': 'field'}) : null;
  if (choice) set.columns.forEach((column, c) => element(choice, 'option', {value: c}, withUnit(column.name, column.unit)));
  const stage = element(host, 'div');
  let view, bar, frames, label;
  const draw = () => {
    const frame = +slider.value;
    view.draw(frame);
    drawColourBar(bar, frames, label);
    reading.textContent = withUnit('time ' + readable(set.times[frame]), '') + (set.time_unit === '1' ? '' : ' ' + set.time_unit);
  };
  const build = () => {
    const column = set.columns[choice ? +choice.value : 0];
    frames = new Frames(set, column);
    label = withUnit(column.name, column.unit);
    stage.textContent = '';
    view = (set.dimensions === 1 ? lineView : set.dimensions === 2 ? imageView : sliceView)(stage, set, frames, label, column.unit);
    bar = element(element(stage, 'div', {class: 'stage'}), 'canvas');
    draw();
  };
  const whole = Math.max(4, Math.min(12, set.times.length / 15));  // seconds for one pass
  let playing = false, started = 0;
  const advance = now => {
    if (!playing) return;
    slider.value = Math.floor((now - started) / 1000 / whole * set.times.length) % set.times.length;
    draw();
    requestAnimationFrame(advance);
  };
  play.onclick = () => {
    playing = !playing;
    play.textContent = playing ? 'Pause' : 'Play';
    if (!playing) return;
    started = performance.now() - slider.value / set.times.length * whole * 1000;
    requestAnimationFrame(advance);
  };
  slider.oninput = draw;
  if (choice) choice.onchange = build;
  build();
  new ResizeObserver(() => { if (!playing) draw(); }).observe(host);
}

{
  const host = document.getElementById('frames');
  if (host) for (const set of pageData.frames) showFrames(host, set);
}
