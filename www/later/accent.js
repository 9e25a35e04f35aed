// The colours that go with an accent. sdk.js loads it where the owner has chosen one.

// What text needs by WCAG 2.2 AA, and what it may stand on.
const CONTRAST = 4.5;
const WHITE = [255, 255, 255];
const INK = [16, 26, 32];
const LIGHT = [238, 242, 244];
const DARK = [34, 46, 53];

// The dark panel, and what can hardly be told from a panel, by WCAG's measure.
const NIGHT = [19, 27, 32];
const FAINT = 1.2;

// A colour as CSS knows it, in red, green and blue; nothing for a word that is none.
const colour = (text) => {
  if (!CSS.supports("color", text)) return;
  const pen = document.createElement("canvas").getContext("2d");
  pen.fillStyle = text;
  // A colour that is seen through comes in another form, and can't be judged.
  const hex = /^#(..)(..)(..)$/.exec(pen.fillStyle);
  return hex?.slice(1).map((part) => parseInt(part, 16));
};

const luminance = (rgb) => {
  const [r, g, b] = rgb.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};

const contrast = (one, other) => {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
};

// The colour itself where it stands out from `ground`, or the nearest on its way to `end` that does.
const against = (rgb, ground, end) => {
  for (let step = 0; step <= 20; step++) {
    const mixed = rgb.map((part, at) => Math.round(part + ((end[at] - part) * step) / 20));
    if (contrast(mixed, ground) >= CONTRAST) return mixed;
  }
  return end;
};

// The sheet's variables for an accent; none for what is no colour, which is said to the page's maker. Light accents get dark words; only what carries
// neither is changed.
export const palette = (accent, warn) => {
  const rgb = colour(accent);
  if (!rgb) return void warn("accent is a colour without transparency, such as #0a7d4f, not " + JSON.stringify(accent) + ".");
  const isLight = contrast(rgb, WHITE) < CONTRAST && contrast(rgb, INK) >= CONTRAST;
  const ground = isLight ? rgb : against(rgb, WHITE, INK);
  const css = (rgb) => "rgb(" + rgb.join(" ") + ")";
  return {
    "--accent": css(ground),
    "--accent-fg": css(isLight ? INK : WHITE),
    "--head": css(ground),
    "--hint-light": css(against(rgb, LIGHT, INK)),
    "--hint-dark": css(against(rgb, DARK, WHITE)),
    // Where the visitor's messages are nearly of the panel's colour, an edge shows where they end.
    "--rim-light": contrast(ground, WHITE) < FAINT ? "rgb(0 0 0 / 20%)" : "",
    "--rim-dark": contrast(ground, NIGHT) < FAINT ? "rgb(255 255 255 / 25%)" : "",
    // On what is nearly white already, only what is darker is seen.
    "--veil": !isLight ? "rgb(0 0 0 / 20%)" : luminance(rgb) < 0.6 ? "rgb(255 255 255 / 40%)" : "rgb(0 0 0 / 10%)",
  };
};
