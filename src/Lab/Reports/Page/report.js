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

  // A figure as wide as its place: on a narrow screen panels lie under one another and the legend takes more rows; the largest bubble has the room of a category, at most 60 pixels.
  const narrow = 600;
  const fitted = (figure, width) => {
    const { data, layout } = structuredClone(figure.plot);
    const axes = Object.keys(layout).filter(key => key.startsWith("xaxis"));
    const { l, r, t, b } = layout.margin;
    let inner = layout.height - t - b;
    if (width < narrow) {
      inner *= axes.length / layout.grid.rows;
      Object.assign(layout.grid, { rows: axes.length, columns: 1 });
      Object.keys(layout).filter(key => key.startsWith("yaxis")).forEach(key => { layout[key].showticklabels = true; });
      const names = [...new Set(data.filter(trace => trace.showlegend !== false).map(trace => trace.name))];
      const across = Math.max(1, Math.floor(width / (45 + 7 * Math.max(0, ...names.map(name => name.length)))));
      if (layout.showlegend) layout.margin.b = Math.max(b, 62 + 22 * Math.ceil(names.length / across));
      Object.assign(layout.margin, { l: 55, r: 12 });
      layout.height = inner + t + layout.margin.b;
    }
    const room = (available, axis) => available / ((axis.categoryarray || [0]).length + 0.5);
    const height = inner / layout.grid.rows * (layout.grid.rows > 1 ? 1 - layout.grid.ygap : 1);
    for (const trace of data.filter(trace => trace.meta === "bubbles")) {
      const [x, y] = [layout["xaxis" + trace.xaxis.slice(1)], layout["yaxis" + trace.yaxis.slice(1)]];
      const largest = 0.9 * Math.min(room(0.85 * (width - l - r) / layout.grid.columns, x), room(height, y), 66);
      trace.marker.size = trace.marker.size.map(share => share * largest);
    }
    return { data, layout };
  };
  const refit = [];
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
    let width = plot.clientWidth;
    const { data, layout } = fitted(figure, width);
    plot.style.height = `${layout.height}px`;
    refit.push(async () => {
      if (plot.clientWidth === width || (plot.clientWidth < narrow === width < narrow && !data.some(trace => trace.meta === "bubbles"))) return;
      width = plot.clientWidth;
      const again = fitted(figure, width);
      plot.style.height = `${again.layout.height}px`;
      await Plotly.react(plot, again.data, again.layout);
    });
    await Plotly.newPlot(plot, data, layout, {
      responsive: true, displaylogo: false, modeBarButtonsToRemove: ["select2d", "lasso2d"],
      toImageButtonOptions: { format: "png", filename: id, scale: 2 }
    });
    document.body.dataset.drawn = ++drawn;
  }
  let waiting;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => { for (const again of refit) await again(); }, 200);
  });
  document.body.dataset.state = "complete";
})();
