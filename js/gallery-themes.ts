/** JupyterLab 4's own values for the variables that the cards use. */
const FONT = 'system-ui, -apple-system, blinkmacsystemfont, "Segoe UI", helvetica, arial, sans-serif';
const MONO = 'menlo, consolas, "DejaVu Sans Mono", monospace';

export const themes: Record<string, Record<string, string>> = {
  light: {
    "--jp-layout-color0": "white",
    "--jp-ui-font-color0": "#000",
    "--jp-ui-font-color1": "rgba(0,0,0,.87)",
    "--jp-ui-font-color2": "rgba(0,0,0,.54)",
    "--jp-ui-font-family": FONT,
    "--jp-code-font-family": MONO,
    "--jp-brand-color1": "#1976d2",
    "--jp-success-color1": "#388e3c",
    "--jp-warn-color1": "#f57c00",
    "--jp-error-color1": "#d32f2f",
  },
  dark: {
    "--jp-layout-color0": "#111",
    "--jp-ui-font-color0": "#fff",
    "--jp-ui-font-color1": "rgba(255,255,255,.87)",
    "--jp-ui-font-color2": "rgba(255,255,255,.54)",
    "--jp-ui-font-family": FONT,
    "--jp-code-font-family": MONO,
    "--jp-brand-color1": "#2196f3",
    "--jp-success-color1": "#4caf50",
    "--jp-warn-color1": "#ff9800",
    "--jp-error-color1": "#f44336",
  },
};
