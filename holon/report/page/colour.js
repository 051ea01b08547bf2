'use strict';
// Colours of the fields: lightness rises in equal steps in OKLab (Ottosson 2020), so that equal differences of a
// value look equally large, also in grey and to colour-blind eyes; the hue runs from violet over green to yellow.
const colourMap = (() => {
  const steps = 256, table = new Uint8ClampedArray(3 * steps);
  const linear = (L, a, b) => {
    const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
    const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
    const s = (L - 0.0894841775 * a - 1.2914855480 * b) ** 3;
    return [4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
            -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
            -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s];
  };
  const encoded = v => 255 * (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055);
  const at = Array.from({length: steps}, (_, k) => {
    const t = k / (steps - 1), hue = (298 - 192 * t ** 1.1) * Math.PI / 180;
    return {L: 0.24 + 0.69 * t, x: Math.cos(hue), y: Math.sin(hue)};
  });
  // The strongest colour that a screen shows, smoothed so that no kink draws a line into the picture.
  const strongest = at.map(({L, x, y}) => {
    let chroma = 0.17;
    while (chroma > 0 && linear(L, chroma * x, chroma * y).some(v => v < 0 || v > 1)) chroma -= 0.001;
    return chroma;
  });
  const around = (values, k) => values.slice(Math.max(0, k - 20), k + 21);
  const least = strongest.map((_, k) => Math.min(...around(strongest, k)));
  const chroma = least.map((_, k) => around(least, k).reduce((a, b) => a + b) / around(least, k).length);
  at.forEach(({L, x, y}, k) => linear(L, chroma[k] * x, chroma[k] * y).forEach((v, c) => {
    table[3 * k + c] = encoded(Math.min(1, Math.max(0, v)));
  }));
  return table;
})();

// Colours of curves, told apart also in grey.
const curveColours = ['#2b5fb3', '#d1672b', '#2f8f5b', '#a23b72', '#7a6bd1', '#a98200', '#1296a8', '#5c6675'];

const missingColour = [205, 205, 205];
