"use strict";
// Draws each figure from the data beside it, and hands out its numbers as CSV and its picture as PNG. Nothing is asked of any server.
(async () => {
  const save = (name, blob) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
  let drawn = 0;
  for (const script of document.querySelectorAll("script[data-figure]")) {
    const id = script.dataset.figure;
    const figure = JSON.parse(script.textContent);
    const files = document.querySelector(`#${id} .files`);
    files.querySelector(".csv").addEventListener("click", event => {
      event.preventDefault();
      save(`${id}.csv`, new Blob([figure.csv], { type: "text/csv" }));
    });
    const plot = document.querySelector(`#${id} .plot`);
    if (!plot) continue;
    files.querySelector(".png").addEventListener("click", event => {
      event.preventDefault();
      Plotly.downloadImage(plot, { format: "png", filename: id, scale: 2, width: plot.clientWidth, height: plot.clientHeight });
    });
    await Plotly.newPlot(plot, figure.plot.data, figure.plot.layout, {
      responsive: true, displaylogo: false, modeBarButtonsToRemove: ["select2d", "lasso2d"],
      toImageButtonOptions: { format: "png", filename: id, scale: 2 }
    });
    document.body.dataset.drawn = ++drawn;
  }
  document.body.dataset.state = "complete";
})();
