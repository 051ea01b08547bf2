'use strict';
const pageData = JSON.parse(document.getElementById('data').textContent);

const bytesOf = base64 => Uint8Array.from(atob(base64), c => c.charCodeAt(0));
const doublesOf = base64 => new Float64Array(bytesOf(base64).buffer);
const escaped = text => text.replace(/[&<>"']/g, c => '&#' + c.charCodeAt(0) + ';');
const withUnit = (name, unit) => unit === '1' || !unit ? name : name + ' [' + unit + ']';
const superscript = n => String(n).replace(/[-0-9]/g, c => c === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[+c]);

function element(parent, tag, attributes = {}, text = '') {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  parent.append(made);
  return made;
}

// A number for reading, to `digits` significant digits.
function readable(value, digits = 6) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'none' : value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) {
    const [mantissa, exponent] = value.toExponential(Math.min(digits, 4) - 1).split('e');
    return mantissa.replace('-', '−') + '×10' + superscript(+exponent);
  }
  return String(+value.toPrecision(digits)).replace('-', '−');
}

// Ticks at 1, 2 or 5 times a power of ten; very large or small ones share a power of ten, shown with the label.
function linearTicks(least, greatest, wanted) {
  const rough = (greatest - least) / wanted, power = 10 ** Math.floor(Math.log10(rough));
  const distance = m => Math.abs(Math.log(m * power / rough));
  const step = power * [1, 2, 5, 10].reduce((best, m) => distance(m) < distance(best) ? m : best);
  const exponent = Math.floor(Math.log10(Math.max(Math.abs(least), Math.abs(greatest))) + 1e-9);
  const shared = exponent < -2 || exponent > 4 ? exponent : 0;
  const decimals = Math.max(0, Math.min(12, shared - Math.floor(Math.log10(step) + 1e-9)));
  const ticks = [];
  for (let k = Math.ceil(least / step - 1e-9); k * step <= greatest + 1e-9 * step; ++k)
    ticks.push({value: k * step, text: (k * step / 10 ** shared).toFixed(decimals).replace('-', '−')});
  return {ticks, shared};
}

function logarithmicTicks(least, greatest) {
  const ticks = [], first = Math.floor(Math.log10(least)), last = Math.ceil(Math.log10(greatest));
  const every = Math.max(1, Math.round((last - first) / 6)), factors = last - first <= 2 ? [1, 2, 5] : [1];
  for (let k = first; k <= last; k += every)
    for (const factor of factors) {
      const value = factor * 10 ** k;
      if (value < least * 0.999 || value > greatest * 1.001) continue;
      ticks.push({value, text: Math.abs(k) < 4 ? String(+value.toPrecision(1)) : (factor > 1 ? factor + '×' : '') + '10' + superscript(k)});
    }
  return {ticks, shared: 0};
}

// The index of the entry that is nearest to x: quickly where the array is increasing.
function nearestIndex(array, x, increasing = true) {
  if (!increasing) return array.reduce((best, value, i) => Math.abs(value - x) < Math.abs(array[best] - x) ? i : best, 0);
  let low = 0, high = array.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (array[middle] < x) low = middle; else high = middle;
  }
  return x - array[low] < array[high] - x ? low : high;
}

function extremes(curves, range) {
  let least = Infinity, greatest = -Infinity, positive = Infinity;
  for (const {x, y} of curves)
    for (let i = 0; i < x.length; ++i) {
      if (x[i] < range[0] || x[i] > range[1] || !Number.isFinite(y[i])) continue;
      least = Math.min(least, y[i]);
      greatest = Math.max(greatest, y[i]);
      if (y[i] > 0) positive = Math.min(positive, y[i]);
    }
  return {least, greatest, positive};
}

// One set of axes with curves: {name, unit, colour, x, y, increasing, marks}; marks ({x, y}) are points to be seen on
// a curve, `unstable` counts at its points what grows there, and a curve of `scatter` is its marks alone. `fixed` is a range
// of values to keep; `zero` draws the lines of zero.
class Panel {
  constructor(host, {curves, label, xLabel, height, fixed, zero, onCursor, onZoom}) {
    this.dots = curves.some(curve => curve.dots);
    Object.assign(this, {curves, label, xLabel, height, fixed, zero, onCursor, onZoom, logarithmic: false, hidden: new Set()});
    this.box = element(host, 'div', {class: 'panel'});
    this.drawing = element(this.box, 'div');
    this.tools = element(this.box, 'div', {class: 'tools'});
    if (!fixed && extremes(curves, [-Infinity, Infinity]).least > 0) {
      const button = element(this.tools, 'button', {class: 'tool', type: 'button'}, 'log axis');
      button.onclick = () => {
        this.logarithmic = !this.logarithmic;
        button.textContent = this.logarithmic ? 'linear axis' : 'log axis';
        this.draw(this.range);
      };
    }
    this.legend();
    this.pointer();
  }

  legend() {
    // A curve alone is named by the axis: its legend shows readings only.
    const legend = element(this.box, 'div', {class: this.curves.length > 1 ? 'legend' : 'legend alone'});
    this.readings = this.curves.map(curve => {
      const button = element(legend, 'button', {type: 'button', 'aria-pressed': 'true'});
      const mark = element(button, 'i');
      mark.style.background = curve.colour;
      button.append(curve.name);
      const reading = element(button, 'output');
      button.onclick = () => {
        if (!this.hidden.delete(curve)) this.hidden.add(curve);
        button.setAttribute('aria-pressed', String(!this.hidden.has(curve)));
        this.draw(this.range);
      };
      return reading;
    });
  }

  pointer() {
    let start = null;
    const place = event => {
      const bounds = this.drawing.getBoundingClientRect();
      const fraction = (event.clientX - bounds.left - this.left) / (this.width - this.left - this.right);
      return this.range[0] + Math.min(1, Math.max(0, fraction)) * (this.range[1] - this.range[0]);
    };
    this.drawing.addEventListener('pointermove', event => {
      const x = place(event);
      if (this.onCursor) this.onCursor(x);
      if (start !== null) this.select(start, x);
    });
    this.drawing.addEventListener('pointerleave', () => { if (this.onCursor) this.onCursor(null); });
    if (!this.onZoom) return;
    this.drawing.style.cursor = 'crosshair';
    this.drawing.addEventListener('pointerdown', event => {
      start = place(event);
      this.drawing.setPointerCapture(event.pointerId);
    });
    this.drawing.addEventListener('pointerup', event => {
      const end = place(event), begin = start;
      start = null;
      this.select(0, 0);
      if (begin !== null && Math.abs(end - begin) > 0.01 * (this.range[1] - this.range[0]))
        this.onZoom([Math.min(begin, end), Math.max(begin, end)]);
    });
    this.drawing.addEventListener('dblclick', () => this.onZoom(null));
  }

  select(a, b) {
    const mark = this.drawing.querySelector('.selection');
    mark.setAttribute('x', this.toX(Math.min(a, b)));
    mark.setAttribute('width', a === b ? 0 : this.toX(Math.max(a, b)) - this.toX(Math.min(a, b)));
  }

  cursor(x) {
    const line = this.drawing.querySelector('.cursor');
    if (!line) return;
    line.setAttribute('visibility', x === null ? 'hidden' : 'visible');
    if (x !== null) {
      line.setAttribute('x1', this.toX(x));
      line.setAttribute('x2', this.toX(x));
    }
    this.curves.forEach((curve, c) => {
      this.readings[c].textContent = x === null || !curve.x.length ? '' : readable(curve.y[nearestIndex(curve.x, x, curve.increasing)]);
    });
  }

  valueRange(shown, range) {
    if (this.fixed) return this.fixed;
    if (this.dots) {
      const {least, greatest} = extremes(this.curves, [-Infinity, Infinity]);
      return [least - 0.6, greatest + 0.6];
    }
    let {least, greatest, positive} = extremes(shown, range);
    if (!(least <= greatest)) return [0, 1];
    if (this.logarithmic) return [positive * 0.8, greatest * 1.25];
    const margin = greatest > least ? 0.05 * (greatest - least) : Math.abs(greatest) * 0.05 || 1;
    return [least - margin, greatest + margin];
  }

  draw(range) {
    this.range = range;
    this.width = Math.max(260, this.drawing.clientWidth || 500);
    this.left = 58;
    this.right = 12;
    const top = 26, bottom = 40, height = this.height, inner = this.width - this.left - this.right;
    const shown = this.curves.filter(curve => !this.hidden.has(curve));
    const [low, high] = this.valueRange(shown, range);
    const scale = this.logarithmic ? Math.log10 : v => v;
    this.toX = x => this.left + (x - range[0]) / (range[1] - range[0]) * inner;
    const toY = y => height - bottom - (scale(y) - scale(low)) / (scale(high) - scale(low)) * (height - top - bottom);
    const across = linearTicks(range[0], range[1], Math.max(3, Math.min(9, inner / 80)));
    const rough = (height - top - bottom) / 34;
    const up = this.logarithmic ? logarithmicTicks(low, high) : linearTicks(low, high, this.dots ? Math.min(rough, high - low) : rough);
    const power = n => n === 0 ? '' : '  ×10' + superscript(n);
    let svg = `<svg viewBox="0 0 ${this.width} ${height}" height="${height}" role="img" aria-label="${escaped(this.label)}">`;
    for (const {value, text} of up.ticks)
      svg += `<line class="grid" x1="${this.left}" x2="${this.width - this.right}" y1="${toY(value)}" y2="${toY(value)}"/>` +
        `<text x="${this.left - 7}" y="${toY(value) + 4}" text-anchor="end">${text}</text>`;
    for (const {value, text} of across.ticks)
      svg += `<line class="axis" x1="${this.toX(value)}" x2="${this.toX(value)}" y1="${height - bottom}" y2="${height - bottom + 4}"/>` +
        `<text x="${this.toX(value)}" y="${height - bottom + 18}" text-anchor="middle">${text}</text>`;
    svg += `<line class="axis" x1="${this.left}" x2="${this.width - this.right}" y1="${height - bottom}" y2="${height - bottom}"/>` +
      `<text class="label" x="${this.left}" y="13">${escaped(this.label)}${power(up.shared)}</text>` +
      `<text x="${this.width - this.right}" y="${height - 6}" text-anchor="end">${escaped(this.xLabel)}${power(across.shared)}</text>`;
    if (this.zero)
      svg += `<line class="axis" x1="${this.toX(0)}" x2="${this.toX(0)}" y1="${top}" y2="${height - bottom}"/>` +
        `<line class="axis" x1="${this.left}" x2="${this.width - this.right}" y1="${toY(0)}" y2="${toY(0)}"/>`;
    const clip = 'clip' + Panel.made++;
    svg += `<clipPath id="${clip}"><rect x="${this.left - (this.dots ? 3 : 0)}" y="${top - 3}" width="${inner + (this.dots ? 6 : 0)}" height="${height - top - bottom + 6}"/></clipPath>`;
    for (const curve of shown) {
      const styled = (style, part) => `<path class="curve" stroke="${curve.colour}" ${style} clip-path="url(#${clip})" d="${this.path(curve, range, toY, part)}"/>`;
      if (curve.scatter) continue;
      if (curve.unstable) svg += styled('', false) + styled('stroke-dasharray="5 4"', true);
      else svg += styled(curve.dots ? 'style="stroke-width: 4; stroke-linecap: round"' : '');
    }
    for (const curve of shown)
      for (const [i, x] of (curve.marks ? curve.marks.x : []).entries())
        if (Number.isFinite(scale(curve.marks.y[i])))
          svg += `<circle class="mark" stroke="${curve.colour}" r="4" cx="${this.toX(x)}" cy="${toY(curve.marks.y[i])}" clip-path="url(#${clip})"/>`;
    svg += `<line class="cursor" y1="${top}" y2="${height - bottom}" visibility="hidden"/>` +
      `<rect class="selection" y="${top}" width="0" height="${height - top - bottom}"/></svg>`;
    this.drawing.innerHTML = svg;
  }

  // `unstable`: of a branch that part alone whose states are unstable, or stable; else all of the curve.
  path(curve, range, toY, unstable) {
    let text = '', pen = false;
    const margin = range[1] - range[0];
    for (let i = 0; i < curve.x.length; ++i) {
      const x = curve.x[i], y = curve.y[i];
      if (x < range[0] - margin || x > range[1] + margin) continue;
      if (!Number.isFinite(y) || (this.logarithmic && y <= 0)) { pen = false; continue; }
      if (unstable !== undefined && pen) pen = unstable === (curve.unstable[i] > 0 && curve.unstable[i - 1] > 0);
      text += (pen && !curve.dots ? 'L' : 'M') + this.toX(x).toFixed(1) + ' ' + toY(y).toFixed(1) + (curve.dots ? 'h0' : '');
      pen = true;
    }
    return text;
  }
}
Panel.made = 0;

// Whether two quantities without a unit are of one kind, as far as their names tell: one field at several places, or
// variables of a paper (u, v; m, h, n).
function alike(one, other) {
  const stem = name => name.replace(/[\s(@[].*$/, '').replace(/[0-9_]+$/, '').split('.').pop();
  return stem(one) === stem(other) || (stem(one).length <= 2 && stem(other).length <= 2);
}

// Curves share a panel if they have one unit and each is large enough in it to be seen.
function grouped(curves) {
  const groups = [];
  for (const curve of curves) {
    const {least, greatest} = extremes([curve], [-Infinity, Infinity]);
    const fits = group => {
      if (group.unit !== curve.unit || group.curves.length >= curveColours.length) return false;
      if ((!curve.unit || curve.unit === '1') && !alike(group.curves[0].name, curve.name)) return false;
      if (curve.alone || group.curves[0].alone) return false;
      const span = Math.max(group.greatest, greatest) - Math.min(group.least, least);
      return span <= 8 * Math.min(group.narrowest, greatest - least) || span === 0;
    };
    let group = groups.find(fits);
    if (!group) groups.push(group = {unit: curve.unit, curves: [], least, greatest, narrowest: greatest - least});
    curve.colour = curveColours[group.curves.length];
    group.curves.push(curve);
    group.least = Math.min(group.least, least);
    group.greatest = Math.max(group.greatest, greatest);
    group.narrowest = Math.min(group.narrowest, greatest - least);
  }
  return groups;
}

// Whether a series has these columns behind the first one, which has this name.
const hasColumns = (series, first, names) => series.x.name === first && names.every((name, i) => series.columns[i] && series.columns[i].name === name);

// Eigenvalues (studies `stability` and `steady_state`): points in the complex plane, and a table.
function showEigenvalues(host, series) {
  element(host, 'h3', {}, series.name);
  element(host, 'p', {class: 'note'}, 'Eigenvalues of the model beside its steady state; what lies right of zero grows.');
  const columns = series.columns.map(c => doublesOf(c.y)), [real, imaginary] = columns, unit = series.columns[0].unit;
  const around = values => {
    const least = Math.min(0, ...values), greatest = Math.max(0, ...values), margin = 0.08 * (greatest - least) || 1;
    return [least - margin, greatest + margin];
  };
  const curve = {name: 'eigenvalue', unit, x: real, y: imaginary, colour: curveColours[0], scatter: true, increasing: false, marks: {x: real, y: imaginary}};
  const box = element(host, 'div', {class: 'panels single'});
  const panel = new Panel(box, {curves: [curve], label: withUnit('imaginary', unit), xLabel: withUnit('real', unit), height: 340,
    fixed: around(imaginary), zero: true});
  const redraw = () => panel.draw(around(real));
  redraw();
  new ResizeObserver(redraw).observe(box);
  const table = element(element(host, 'div', {class: 'wide'}), 'table');
  const head = element(element(table, 'thead'), 'tr'), body = element(table, 'tbody');
  for (const title of ['Eigenvalue', ...series.columns.map(c => withUnit(c.name, c.unit))])
    element(head, 'th', title === 'Eigenvalue' ? {} : {class: 'number'}, title);
  for (let i = 0; i < real.length; ++i) {
    const row = element(body, 'tr');
    element(row, 'th', {scope: 'row'}, String(i + 1));
    for (const values of columns) element(row, 'td', {class: 'number'}, readable(values[i]));
  }
}

// Waves that do not swing have frequencies of round-off: left out, and said.
function withoutRoundOff(series, curves) {
  if (!hasColumns(series, 'wavenumber', ['growth_rate', 'frequency'])) return [curves, []];
  const size = curve => curve.y.reduce((most, y) => Number.isFinite(y) ? Math.max(most, Math.abs(y)) : most, 0);
  const [growth, frequency] = curves;
  return size(frequency) > 1e-9 * size(growth) ? [curves, []] : [[growth], ['frequency']];
}

function showSeries(host, series) {
  if (hasColumns(series, 'number', ['real', 'imaginary'])) return showEigenvalues(host, series);
  element(host, 'h3', {}, series.name);
  if (series.note) element(host, 'p', {class: 'note'}, series.note);
  // Sites at which something happened at a time are no curve.
  const dots = series.columns.length === 1 && series.columns[0].name === 'site';
  const points = (series.points || []).map(c => ({name: c.name, unit: c.unit, values: doublesOf(c.values)}));
  const curves = series.columns.map(c => {
    const x = doublesOf(c.x), there = points.find(column => column.name === c.name);
    return {name: c.name, unit: c.unit, dots, x, y: doublesOf(c.y), increasing: x.every((value, i) => i === 0 || value >= x[i - 1]),
      marks: there && {x: points[0].values, y: there.values}};
  });
  // A branch shows by dashes where its states are unstable.
  const unstable = curves.find(curve => curve.name === 'unstable_modes'), leading = curves.find(curve => curve.name === 'leading_eigenvalue');
  const branch = unstable && leading;
  if (branch) {
    leading.alone = true;
    for (const curve of curves) if (curve.y.length === unstable.y.length) curve.unstable = unstable.y;
    if (unstable.y.some(count => count > 0)) element(host, 'p', {class: 'note'}, 'Dashed: unstable states.');
  }
  const [seen, hidden] = withoutRoundOff(series, branch ? curves.filter(curve => curve !== unstable) : curves);
  if (hidden.length) element(host, 'p', {class: 'note'}, hidden.join(', ') + ': zero but for round-off.');
  const groups = grouped(seen);
  const box = element(host, 'div', {class: groups.length === 1 ? 'panels single' : 'panels'});
  const {least, greatest} = extremes(curves.map(c => ({x: c.x, y: c.x})), [-Infinity, Infinity]);
  const whole = dots ? rasterRange(series, least, greatest) : greatest > least ? [least, greatest] : [least - 0.5, least + 0.5];
  let range = whole;
  const panels = groups.map(group => new Panel(box, {
    curves: group.curves,
    label: group.curves.length === 1 ? withUnit(group.curves[0].name, group.unit) : group.unit === '1' ? 'no unit' : '[' + group.unit + ']',
    xLabel: withUnit(series.x.name, series.x.unit),
    height: groups.length === 1 ? 340 : 230,
    onCursor: x => panels.forEach(panel => panel.cursor(x)),
    onZoom: wanted => { range = wanted || whole; redraw(); },
  }));
  const redraw = () => panels.forEach(panel => panel.draw(range));
  redraw();
  new ResizeObserver(redraw).observe(box);
  if (points.length) showPoints(host, points);
}

// Events are drawn over the time of the run's curves, so that they line up.
function rasterRange(series, least, greatest) {
  for (const other of pageData.series)
    if (other !== series && other.x.name === series.x.name && other.x.unit === series.x.unit)
      for (const column of other.columns) {
        const x = doublesOf(column.x);
        least = Math.min(least, x[0]);
        greatest = Math.max(greatest, x[x.length - 1]);
      }
  return greatest > least ? [least, greatest] : [least - 0.5, least + 0.5];
}

// Folds and Hopf points of a branch (continuation): where they are, what was collected there, and their certificates.
function showPoints(host, points) {
  const certificates = ['uncertainty', 'transversality', 'curvature'];
  const omega = points.find(column => column.name === 'omega').values;
  const hopf = omega.some(value => value !== 0);
  const [parameter, ...others] = points.filter(column => !certificates.includes(column.name) && (hopf || column.name !== 'omega'));
  const columns = [[parameter, 10], ...others.map(column => [column, 6]),
    ...points.filter(column => certificates.includes(column.name)).map(column => [column, 3])];
  const table = element(element(host, 'div', {class: 'wide'}), 'table');
  const head = element(element(table, 'thead'), 'tr'), body = element(table, 'tbody');
  element(head, 'th', {}, 'Special point');
  for (const [{name, unit}] of columns) element(head, 'th', {class: 'number'}, withUnit(name, unit));
  for (let i = 0; i < omega.length; ++i) {
    const row = element(body, 'tr');
    element(row, 'th', {scope: 'row'}, omega[i] === 0 ? 'fold' : 'Hopf point');
    for (const [{values}, digits] of columns) element(row, 'td', {class: 'number'}, readable(values[i], digits));
  }
}

{
  const host = document.getElementById('curves');
  if (host) {
    element(host, 'p', {class: 'note'}, 'Point at a curve to read it; drag to zoom, double-click for the whole; click a name to hide its curve.');
    for (const series of pageData.series) showSeries(host, series);
  }
}
